import Testing

@testable import Statistics

/// Made with scipy 1.17; each by the call above it.
@Suite struct LeastSquaresTests {
    private static let x = [1.0, 2, 4, 8, 16, 32]
    private static let y = [3.1, 4.9, 9.2, 16.8, 33.5, 64.7]

    ///     p, c = so.curve_fit(lambda x, a, b: a + b * np.asarray(x), x, y, sigma=w); print(p, np.sqrt(np.diag(c)))
    ///
    /// with `w` None and `y`. The tolerance is curve_fit's own: it takes derivatives numerically.
    @Test(arguments: [
        (false, [1.1019900497512434, 1.993461265103056], [0.18055876497483353, 0.01197092974517879]),
        (true, [1.061188408218774, 1.9941888329902753], [0.07124522683761239, 0.026650124639055747]),
    ])
    func lineAndItsErrorsAreThoseOfScipy(_ isRelative: Bool, _ coefficients: [Double], _ errors: [Double]) throws {
        let fit = try LeastSquares(
            Self.x.map { [1, $0] }, Self.y, weights: isRelative ? Self.y.map { 1 / ($0 * $0) } : nil)
        for (found, expected) in zip(fit.coefficients, coefficients) { expectClose(found, expected, relative: 1e-6) }
        for (found, expected) in zip(fit.standardErrors, errors) { expectClose(found, expected, relative: 1e-6) }
    }

    ///     X = np.array([[1, s, k] for s, k in [(256, 1), ...]]); W = 1 / y; S = np.linalg.norm(X * W[:, None], axis=0)
    ///     q, r, _, _ = np.linalg.lstsq(X * W[:, None] / S, y * W); print(q / S, r)
    ///     so.curve_fit(lambda i, a, b, c: X @ [a, b, c], np.arange(6), y, p0=q / S, sigma=y) for the errors
    @Test func columnsOfDifferentMagnitudeDoNotCostDigits() throws {
        let rows: [[Double]] = [
            [1, 256, 1], [1, 1024, 3], [1, 4096, 2], [1, 65536, 5], [1, 1e6, 4], [1, 16e6, 7],
        ]
        let values = [2.1e-5, 4.4e-5, 3.4e-5, 1.6e-4, 1.24e-3, 1.8e-2]
        let fit = try LeastSquares(rows, values, weights: values.map { 1 / ($0 * $0) })
        let expected = [8.28928508e-06, 1.17259632e-09, 1.16643312e-05]
        let errors = [2.904000922592823e-06, 6.493555386258682e-11, 1.6745067511678295e-06]
        for (found, expected) in zip(fit.coefficients, expected) { expectClose(found, expected, relative: 1e-8) }
        for (found, expected) in zip(fit.standardErrors, errors) { expectClose(found, expected, relative: 1e-6) }
        // The sum of squares above, over 6 - 3 degrees of freedom.
        expectClose(fit.residualDeviation, (0.01948033 / 3).squareRoot(), relative: 1e-6)
    }

    @Test func exactDataGiveTheParametersBackWithoutError() throws {
        let fit = try LeastSquares(Self.x.map { [1, $0] }, Self.x.map { 3 - 0.5 * $0 })
        expectClose(fit.coefficients[0], 3)
        expectClose(fit.coefficients[1], -0.5)
        #expect(fit.standardErrors.allSatisfy { $0 < 1e-13 })
    }

    @Test func asManyObservationsAsCoefficientsLeaveTheErrorOpen() throws {
        let fit = try LeastSquares([[1, 1], [1, 3]], [2, 6])
        expectClose(fit.coefficients[1], 2)
        #expect(fit.standardErrors == [.infinity, .infinity] && fit.residualDeviation == 0)
    }

    @Test func whatTheDataDoNotTellApartIsRefused() {
        #expect(throws: LeastSquares.Failure.tooFew(observations: 1, coefficients: 2)) {
            try LeastSquares([[1, 2]], [3])
        }
        #expect(throws: LeastSquares.Failure.dependent(column: 1)) {
            try LeastSquares([[1, 2], [2, 4], [3, 6]], [1, 2, 3])
        }
        #expect(throws: LeastSquares.Failure.dependent(column: 0)) {
            try LeastSquares([[0, 1], [0, 2], [0, 3]], [1, 2, 3])
        }
    }
}
