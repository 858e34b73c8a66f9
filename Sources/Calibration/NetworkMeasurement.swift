import Statistics
import Cluster
import Fabrics
import Foundation

/// Measures how long messages and all-reduces between ranks take. All ranks run it, and all get the same points.
package struct NetworkMeasurement {
    /// Bytes of messages and of all-reduces, ascending, multiples of 4.
    package let sizes: [Int]
    /// Seconds for the whole measurement; the largest sizes are left out where they would take longer.
    package let budgetSeconds: Double
    /// Seconds of rest before each all-reduce, as between the steps of a training.
    package let pauseSeconds: Double
    /// Seconds of the clock that the budget is counted by.
    private let clock: () -> Double

    /// - Parameter clock: seconds since any fixed moment; nil for this computer's clock.
    package init(sizes: [Int], budgetSeconds: Double, pauseSeconds: Double = 0, clock: (() -> Double)? = nil) {
        precondition(!sizes.isEmpty && sizes == sizes.sorted(), "sizes \(sizes) that do not ascend")
        self.sizes = sizes
        self.budgetSeconds = budgetSeconds
        self.pauseSeconds = pauseSeconds
        let begin = ContinuousClock.now
        self.clock = clock ?? { (ContinuousClock.now - begin).inSeconds }
    }

    /// Sizes from 256 B to 16 MiB, doubling.
    package static let standardSizes = (8...24).map { 1 << $0 }
    /// Bytes of the largest message: the gradients of large models are no longer, and a rank's buffer has this size.
    package static let largestSize = 1 << 30
    /// Bytes of the messages that tell overhead from latency: no more than the framing of a message in the simulator.
    static let burstBytes = 16
    static let burstLengths = [1, 2, 4, 8, 16, 32, 64, 128]

    private static let fewestRepetitions = 5
    private static let mostRepetitions = 31
    /// Long enough for the clock's resolution, and for one interruption by the system not to dominate.
    private static let leastSecondsPerRepetition = 1e-3

    package func measure(_ network: some MeasurableNetwork) throws -> [CalibrationPoint] {
        var points: [CalibrationPoint] = []
        // Most of the time goes to the measurements that the cluster file is made from.
        try series(network, share: 0.25, sizes) { size, calls in
            try network.roundTrips(calls, bytes: size) / 2
        } each: {
            points.append(CalibrationPoint(.pingPong, size: $0, ranks: 2, seconds: $1))
        }
        try series(network, share: 0.1, Self.burstLengths) { messages, calls in
            try network.bursts(calls, of: messages, bytes: Self.burstBytes)
        } each: {
            points.append(
                CalibrationPoint(.burst, size: Self.burstBytes, messages: $0, ranks: 2, seconds: $1))
        }
        try series(network, share: 0.65, sizes, pause: pauseSeconds) { size, calls in
            try network.allReduces(calls, elements: size / MemoryLayout<Float>.size)
        } each: {
            points.append(CalibrationPoint(.allReduce, size: $0, ranks: network.count, seconds: $1))
        }
        return points
    }

    /// Times calls over ascending sizes. All ranks make the same decisions, since they share their times.
    ///
    /// - Parameters:
    ///   - share: the share of the budget.
    ///   - time: makes so many calls of a size on this rank, and returns their seconds.
    private func series(
        _ network: some MeasurableNetwork, share: Double, _ sizes: [Int], pause: Double = 0,
        time: (_ size: Int, _ calls: Int) throws -> Double, each add: (_ size: Int, _ seconds: [Double]) -> Void
    ) throws {
        let budget = budgetSeconds * share
        let start = clock()
        // Seconds on the rank that has taken longest, including everything that is not timed.
        var spent = 0.0
        func slowest(_ size: Int, _ calls: Int) throws -> Double {
            if pause > 0 { Thread.sleep(forTimeInterval: pause) }
            let seconds = try time(size, calls)
            let all = try network.share([seconds, clock() - start])
            spent = all.map { $0[1] }.max() ?? 0
            return all.map { $0[0] }.max() ?? 0
        }
        var last: (size: Int, seconds: Double)?
        for (index, size) in sizes.enumerated() {
            let needed = Double(Self.fewestRepetitions)
            if let last, last.seconds * Double(size) / Double(last.size) * needed > budget - spent { break }
            // The first call opens connections, and memory is not mapped yet.
            let first = try slowest(size, 1)
            let second = try slowest(size, 1)
            let estimate = max(min(first, second), 1e-9)
            let calls = pause > 0 ? 1 : max(1, Int((Self.leastSecondsPerRepetition / estimate).rounded(.up)))
            let part = (budget - spent) / Double(sizes.count - index)
            let repetitions = min(
                Self.mostRepetitions,
                max(Self.fewestRepetitions, Int(part / (estimate * Double(calls) + pause))))
            let times = try (0..<repetitions).map { _ in try slowest(size, calls) / Double(calls) }
            last = (size, Spread(times).median)
            add(size, times)
        }
    }
}
