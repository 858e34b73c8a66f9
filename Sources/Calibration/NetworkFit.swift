import Cluster
import Fabrics
import Statistics
import Tasks

/// The link that explains measured times: with it the simulator takes as long.
///
/// *Messages to and fro* take L + o + S/B, and so does every step of an all-reduce in which a rank waits for what it
/// passes on: these determine L + o and B, but not L and o separately. *Messages at once* follow each other by o + S/B:
/// LogP's gap (D. Culler et al. 1993, *LogP: towards a realistic model of parallel computation*; A. Alexandrov et al.
/// 1995, *LogGP*), which is what the simulator's overhead represents, since it keeps the sender's port busy. So o is
/// taken from these, and L is the rest.
///
/// The bandwidth of an all-reduce includes MPI's sums and copies, so it is lower than the bandwidth of messages.
package struct NetworkFit: Hashable, Sendable {
    /// What the link has to reproduce.
    package enum Basis: String, CaseIterable, Sendable {
        case allReduce = "all-reduce"
        case messages
    }

    package let basis: Basis
    package let algorithm: AllReduceAlgorithm
    /// The cost of messages; nil where none were measured.
    package let messages: LinearCost?
    package let allReduce: LinearCost?
    /// LogP's gap in seconds, for messages of 16 bytes; nil where none were measured.
    package let gap: LinearCost.Estimate?
    package let overhead: LinearCost.Estimate
    package let latency: LinearCost.Estimate
    /// The bandwidth in bytes a second.
    package let bandwidth: LinearCost.Estimate
    /// Residuals of the points that ``basis`` is about, ascending by ranks and size.
    package let residuals: [Residual]

    package struct Residual: Hashable, Sendable {
        package let point: CalibrationPoint
        package let fittedSeconds: Double
        /// The relative deviation of the fitted time from the measured one.
        package var error: Double { fittedSeconds / point.median - 1 }
    }

    package var link: Link {
        Link(latencySeconds: latency.value, bytesPerSecond: bandwidth.value, overheadSeconds: overhead.value)
    }

    /// - Parameters:
    ///   - points: points of any kinds; kinds that are not needed are ignored.
    ///   - algorithm: the algorithm that the all-reduces are assumed to have used.
    /// - Throws: ``ExperimentError`` where the points are too few.
    package init(
        _ points: [CalibrationPoint], basis: Basis = .allReduce, assuming algorithm: AllReduceAlgorithm = .ring
    ) throws {
        self.basis = basis
        self.algorithm = algorithm
        let pings = points.filter { $0.kind == .pingPong }
        let reductions = points.filter { $0.kind == .allReduce && $0.ranks > 1 }
        messages = try pings.isEmpty ? nil : Self.messages(pings)
        gap = try Self.gap(points.filter { $0.kind == .burst })
        // The transfer time of a burst's message, which is not part of the overhead.
        let free = Double(NetworkMeasurement.burstBytes) * (messages?.secondsPerByte.value ?? 0)
        let occupied = gap.map { max(0, $0.value - free) } ?? 0
        allReduce = try reductions.isEmpty ? nil : Self.allReduce(reductions, algorithm, overhead: occupied)

        guard let cost = basis == .allReduce ? allReduce : messages else {
            throw ExperimentError("no \(basis.rawValue) was measured, which the link is to reproduce")
        }
        let both = cost.secondsPerMessage
        let own = min(occupied, both.value)
        // A gap that is longer than latency and overhead together counts as overhead up to their sum.
        let gapError = occupied <= both.value ? gap?.standardError : both.standardError
        overhead = LinearCost.Estimate(value: own, standardError: gapError)
        latency = LinearCost.Estimate(
            value: both.value - own,
            standardError: occupied <= both.value
                ? both.standardError.map { ($0 * $0 + (gapError ?? 0) * (gapError ?? 0)).squareRoot() } : nil)
        bandwidth = cost.bytesPerSecond
        let link = Link(
            latencySeconds: both.value - own, bytesPerSecond: bandwidth.value, overheadSeconds: own)
        let explained = basis == .allReduce ? reductions : pings
        residuals = try explained.sorted { ($0.ranks, $0.size) < ($1.ranks, $1.size) }.map { point in
            let seconds =
                basis == .allReduce
                ? try AllReduceTime.simulated(
                    algorithm, ranks: point.ranks, elements: point.size / MemoryLayout<Float>.size, link: link)
                : both.value + Double(point.size) * cost.secondsPerByte.value
            return Residual(point: point, fittedSeconds: seconds)
        }
    }

    /// The median and the largest of the residuals' absolute relative errors.
    package var errors: (median: Double, largest: Double) {
        let spread = Spread(residuals.map { abs($0.error) })
        return (spread.median, spread.largest)
    }

    private static func messages(_ points: [CalibrationPoint]) throws(ExperimentError) -> LinearCost {
        try LinearCost(
            points.map { LinearCost.Term(messages: 1, bytes: Double($0.size), seconds: $0.median) },
            of: "messages to and fro")
    }

    private static func gap(_ points: [CalibrationPoint]) throws(ExperimentError) -> LinearCost.Estimate? {
        guard points.count > 2 else { return nil }
        let fit: LeastSquares
        do throws(LeastSquares.Failure) {
            fit = try LeastSquares(
                points.map { [1, Double($0.messages)] }, points.map(\.median),
                weights: points.map { 1 / ($0.median * $0.median) })
        } catch {
            throw ExperimentError(
                "\(points.count) bursts do not tell the time of their messages apart; measure other numbers of them")
        }
        return LinearCost.Estimate(value: max(0, fit.coefficients[1]), standardError: fit.standardErrors[1])
    }

    // MARK: All-reduces

    private static let mostIterations = 20
    /// The most messages of all points together; this many take some seconds an iteration.
    private static let mostMessages = 20_000_000

    /// The time of an all-reduce is that of the longest chain of messages that wait for each other: a number of
    /// messages and of bytes, each at its cost. The simulator finds the numbers for the costs fitted so far, and this
    /// is repeated until the costs no longer change.
    private static func allReduce(
        _ points: [CalibrationPoint], _ algorithm: AllReduceAlgorithm, overhead: Double
    ) throws -> LinearCost {
        let messages = points.reduce(0) { $0 + algorithm.messageCount(ranks: $1.ranks) }
        guard messages <= mostMessages else {
            throw ExperimentError(
                """
                \(points.count) all-reduces with \(messages) messages together, which the fit plays again and again; allowed \
                are up to \(mostMessages): fit fewer sizes, or fewer ranks
                """)
        }
        // The first guesses come from the shortest and the longest time.
        let times = points.map(\.median)
        var alpha = max(1e-9, (times.min() ?? 0) / 2)
        var beta = (times.max() ?? 0) / Double(points.map(\.size).max() ?? 1)
        var cost: LinearCost?
        for _ in 0..<mostIterations {
            let share = min(1, overhead / alpha)
            let terms = try points.map { point in
                let counts = try counts(
                    algorithm, point, alpha: alpha, beta: beta, overheadShare: share)
                return LinearCost.Term(messages: counts.messages, bytes: counts.bytes, seconds: point.median)
            }
            let next = try LinearCost(terms, of: "all-reduces")
            let (before, after) = ((alpha, beta), (next.secondsPerMessage.value, next.secondsPerByte.value))
            cost = next
            // A message time of 0 would have no share of overhead, and no derivative.
            alpha = max(after.0, 1e-12)
            beta = after.1
            if abs(alpha - before.0) <= 1e-9 * alpha, abs(beta - before.1) <= 1e-9 * beta { break }
        }
        guard let cost else { preconditionFailure("no iteration") }
        return cost
    }

    /// Messages and bytes in the longest chain. They are the derivatives of the time, which is homogeneous in the two
    /// parameters and piecewise linear.
    private static func counts(
        _ algorithm: AllReduceAlgorithm, _ point: CalibrationPoint, alpha: Double, beta: Double, overheadShare: Double
    ) throws -> (messages: Double, bytes: Double) {
        // Virtual time is in whole nanoseconds, so times are stretched to about a day to limit rounding.
        let stretch = 1e5 / max(point.median, 1e-9)
        func seconds(_ alpha: Double) throws -> Double {
            let perMessage = alpha * stretch
            return try AllReduceTime.simulated(
                algorithm, ranks: point.ranks, elements: point.size / MemoryLayout<Float>.size,
                link: Link(
                    latencySeconds: perMessage * (1 - overheadShare), bytesPerSecond: 1 / (beta * stretch),
                    overheadSeconds: perMessage * overheadShare)) / stretch
        }
        let step = 1e-3
        let (here, there) = (try seconds(alpha), try seconds(alpha * (1 + step)))
        let messages = (there - here) / (alpha * step)
        return (messages, max(0, here - messages * alpha) / beta)
    }
}
