import Testing

@testable import Statistics

/// Made with scipy 1.17; each table says by which call.
@Suite struct DistributionTests {
    // MARK: Binomial

    ///     for k, n, p in [...]: print((k, n, p, st.binom.cdf(k, n, p)))
    static let binomials: [(k: Int, trials: Int, probability: Double, cumulative: Double)] = [
        (0, 1, 0.5, 0.5), (0, 6, 0.5, 0.015625), (2, 9, 0.5, 0.08984375), (3, 10, 0.3, 0.6496107184000002),
        (7, 20, 0.35, 0.6010266046031639), (49, 100, 0.5, 0.46020538130641103),
        (999, 1000, 0.999, 0.6323045752290363), (2, 5, 0, 1), (4, 5, 1, 0), (5, 5, 0.7, 1), (-1, 5, 0.5, 0),
        (450, 1000, 0.5, 0.0008652680424881513),
    ]

    @Test(arguments: binomials)
    func theBinomialDistributionIsThatOfScipy(_ k: Int, _ trials: Int, _ probability: Double, _ cumulative: Double) {
        let found = Binomial.cumulative(k, trials: trials, probability: probability)
        expectClose(found, cumulative, relative: 1e-11, "P(X <= \(k)) of \(trials) with \(probability)")
    }

    ///     for k, n, c in [...]: print((k, n, c, *st.binomtest(k, n).proportion_ci(c, "exact")))
    static let intervals: [(successes: Int, trials: Int, confidence: Double, range: ClosedRange<Double>)] = [
        (0, 20, 0.95, 0...0.16843347098308548), (20, 20, 0.95, 0.8315665290169145...1),
        (1, 20, 0.95, 0.0012650894979560339...0.24873276277202772),
        (10, 20, 0.95, 0.27195784956079133...0.7280421504392086), (0, 100, 0.95, 0...0.03621669264519054),
        (3, 100, 0.99, 0.0034070701031797593...0.10548125372507822),
        (999, 1000, 0.95, 0.9944410757201502...0.9999746825125083), (1, 1, 0.95, 0.025000000000000022...1),
        (2, 3, 0.9, 0.13535036217158378...0.9830475724915568),
    ]

    @Test(arguments: intervals)
    func theIntervalOfAShareIsThatOfClopperAndPearson(
        _ successes: Int, _ trials: Int, _ confidence: Double, _ range: ClosedRange<Double>
    ) {
        let found = Binomial.interval(successes: successes, trials: trials, confidence: confidence)
        expectClose(found.lowerBound, range.lowerBound, relative: 1e-10, "low of \(successes) in \(trials)")
        expectClose(found.upperBound, range.upperBound, relative: 1e-10, "high of \(successes) in \(trials)")
    }

    // MARK: Normal

    ///     for z in [...]: print((z, st.norm.cdf(z)))
    @Test(arguments: [
        (-8, 6.22096057427174e-16), (-3, 0.0013498980316300933), (-1.5, 0.06680720126885807), (0, 0.5),
        (0.3, 0.6179114221889526), (1.959963984540054, 0.975), (5, 0.9999997133484281),
    ])
    func theNormalDistributionIsThatOfScipy(_ z: Double, _ cumulative: Double) {
        expectClose(Normal.cumulative(z), cumulative, "\(z)")
    }

    ///     for p in [...]: print((p, st.norm.ppf(p)))
    @Test(arguments: [
        (1e-300, -37.0470962993612), (1e-12, -7.034483825301131), (0.005, -2.575829303548901),
        (0.025, -1.9599639845400545), (0.3, -0.5244005127080409), (0.5, 0), (0.9, 1.2815515655446004),
        (0.975, 1.959963984540054), (0.995, 2.5758293035489004), (0.9999999999, 6.361340889697422),
    ])
    func normalQuantilesAreThoseOfScipy(_ p: Double, _ quantile: Double) {
        #expect(isClose(Normal.quantile(p), quantile, absolute: 1e-15), "\(p): \(Normal.quantile(p)), not \(quantile)")
    }

    // MARK: Student's t

    ///     for t, d in [...]: print((t, d, st.t.cdf(t, d)))
    static let studentValues: [(t: Double, degrees: Double, cumulative: Double)] = [
        (0, 3, 0.5), (1, 1, 0.75), (-1, 1, 0.25), (2.5, 2, 0.9351941398892446), (-2.5, 2, 0.06480586011075541),
        (-12.706, 1, 0.025000401179066593), (-40, 4, 1.1670081613006339e-06), (2.776, 4, 0.9749886108400118),
        (1.96, 1000, 0.9748634075221256), (-0.01, 9, 0.49611972276816263), (-3.3, 2.5, 0.029701064389722066),
    ]

    @Test(arguments: studentValues)
    func studentsDistributionIsThatOfScipy(_ t: Double, _ degrees: Double, _ cumulative: Double) {
        expectClose(StudentT.cumulative(t, degrees: degrees), cumulative, relative: 1e-11, "\(t), \(degrees) degrees")
    }

    ///     for p, d in [...]: print((p, d, st.t.ppf(p, d)))
    static let studentQuantiles: [(p: Double, degrees: Double, quantile: Double)] = [
        (0.975, 1, 12.706204736174694), (0.975, 2, 4.302652729749462), (0.975, 4, 2.7764451051977934),
        (0.995, 4, 4.604094871349992), (0.025, 9, -2.2621571627982053), (0.001, 1, -318.30883898555044),
        (0.95, 30, 1.697260886593957), (0.9, 1000, 1.2823987214609247), (0.7, 2.5, 0.5973077382523173), (0.5, 3, 0),
    ]

    @Test(arguments: studentQuantiles)
    func studentsQuantilesAreThoseOfScipy(_ p: Double, _ degrees: Double, _ quantile: Double) {
        let found = StudentT.quantile(p, degrees: degrees)
        #expect(
            isClose(found, quantile, relative: 1e-10, absolute: 1e-12), "\(p), \(degrees): \(found), not \(quantile)")
    }

    ///     for x, a, b in [...]: print((x, a, b, scipy.special.betainc(a, b, x)))
    static let betas: [(x: Double, a: Double, b: Double, value: Double)] = [
        (0.2, 2, 3, 0.18080000000000004), (0.9, 0.5, 0.5, 0.7951672353008665), (0.5, 10, 20, 0.9692858271300793),
        (0.99, 5, 0.5, 0.7571581091015623), (0, 1, 1, 0), (1, 1, 1, 1),
    ]

    @Test(arguments: betas)
    func theIncompleteBetaFunctionIsThatOfScipy(_ x: Double, _ a: Double, _ b: Double, _ value: Double) {
        expectClose(StudentT.incompleteBeta(x, a, b), value, "I_\(x)(\(a), \(b))")
    }

    @Test func quantilesInvertTheDistributions() {
        for p in stride(from: 0.01, to: 1, by: 0.07) {
            expectClose(Normal.cumulative(Normal.quantile(p)), p, "\(p)")
            for degrees in [1.0, 2, 7, 40] {
                let t = StudentT.quantile(p, degrees: degrees)
                expectClose(StudentT.cumulative(t, degrees: degrees), p, relative: 1e-10, "\(p), \(degrees) degrees")
            }
        }
    }
}
