internal import Host
import Kernel
import Locking

/// How fast this machine is at the moment: a fixed matrix product and a fixed sweep through memory, timed between the
/// measurements for which they are the yardstick.
///
/// A shared machine is faster in one minute than in the next, by ten per cent and more. The ratio of a measured time to
/// the control's time at the same moment varies less; that ratio is what a gate can compare.
package final class HostControl: Sendable {
    /// The times of one control.
    package struct Times: Hashable, Codable, Sendable {
        /// Seconds of the matrix products.
        package let sgemmSeconds: Double
        /// Seconds of the sweep.
        package let sweepSeconds: Double

        package init(sgemmSeconds: Double, sweepSeconds: Double) {
            self.sgemmSeconds = sgemmSeconds
            self.sweepSeconds = sweepSeconds
        }

        /// The yardstick in seconds: the geometric mean of the two times, so that neither one dominates.
        package var seconds: Double { (sgemmSeconds * sweepSeconds).squareRoot() }
    }

    /// Rows and columns of the matrices: they fit in the first-level and second-level caches, as the engine's own
    /// products do.
    private static let size = 192
    private static let products = 12
    /// How many numbers a thread sweeps: 24 MiB, more than the caches that cores share.
    private static let sweptNumbers = 6 << 20
    private static let sweeps = 1

    private struct Buffers: Sendable {
        let a, b, c, swept: ParameterVector
    }

    private let threads: Int
    private let buffers: [Buffers]

    /// - Parameter threads: how many threads work at the same time: as many as the measured run uses.
    package init(threads: Int) {
        precondition(threads > 0, "a control on \(threads) threads")
        self.threads = threads
        buffers = (0..<threads).map { _ in
            func vector(_ count: Int, _ value: Float) -> ParameterVector {
                let vector = ParameterVector(count: count)
                vector.fill(with: value)
                return vector
            }
            let square = Self.size * Self.size
            return Buffers(
                a: vector(square, 0.5), b: vector(square, 0.25), c: vector(square, 0),
                swept: vector(Self.sweptNumbers, 1))
        }
    }

    /// Runs the control once: about two milliseconds each for the products and the sweep on a core of 2021.
    package func measure() -> Times {
        Times(
            sgemmSeconds: seconds { buffers in
                for _ in 0..<Self.products {
                    PeakFlops.multiply(buffers.a, buffers.b, into: buffers.c, size: Self.size)
                }
            },
            sweepSeconds: seconds { buffers in for _ in 0..<Self.sweeps { buffers.swept.scale(by: 1) } })
    }

    /// Seconds until the last thread is done, as with a barrier.
    private func seconds(_ body: @escaping @Sendable (Buffers) -> Void) -> Double {
        let start = ContinuousClock.now
        if threads == 1 {
            body(buffers[0])
        } else {
            ParallelLoop.run(threads, threads: threads) { [buffers] in body(buffers[$0]) }
        }
        return (ContinuousClock.now - start).inSeconds.toTheNanosecond
    }
}

/// The clock work of one run: controls before it, after it, and some during it, at evaluations, when none of the run's
/// clocks advances; and how long the parts between evaluations took.
final class RunClock: Sendable {
    private struct State {
        var times: [HostControl.Times] = []
        var spentSeconds = 0.0
        var last: ContinuousClock.Instant?
        /// For each evaluation: the cluster's time, and this computer's clock when the evaluation was over and when the
        /// run continued.
        var marks: [(clusterSeconds: Double, over: ContinuousClock.Instant, onward: ContinuousClock.Instant)] = []
    }

    /// The most segments that are recorded: more would make a file of results long, and so few are long enough to be
    /// measured well.
    private static let segments = 12

    private static let interval = Duration.milliseconds(200)
    private let yardstick: HostControl
    private let state = Guarded(State())

    init(_ yardstick: HostControl) { self.yardstick = yardstick }

    func measure() {
        let start = ContinuousClock.now
        let times = yardstick.measure()
        state.withLock {
            $0.times.append(times)
            $0.last = .now
            $0.spentSeconds += (.now - start).inSeconds
        }
    }

    /// Notes the time of an evaluation, and runs a control if the last one is long enough ago.
    func evaluated(clusterSeconds: Double) {
        let over = ContinuousClock.now
        let isDue = state.withLock { state in state.last.map { over - $0 > Self.interval } ?? true }
        if isDue { measure() }
        state.withLock { $0.marks.append((clusterSeconds, over, .now)) }
    }

    /// The least time of each control of this run.
    var control: HostControl.Times {
        let times = state.withLock { $0.times }
        return HostControl.Times(
            sgemmSeconds: times.map(\.sgemmSeconds).min() ?? 0, sweepSeconds: times.map(\.sweepSeconds).min() ?? 0)
    }

    /// Seconds from evaluation to evaluation, neighbours merged so that there are at most twelve: cluster time where
    /// that is measured, else this computer's time.
    func segments(isMeasured: Bool) -> [Double] {
        let marks = state.withLock { $0.marks }
        let parts = zip(marks.dropFirst(), marks).map { next, mark in
            isMeasured ? next.clusterSeconds - mark.clusterSeconds : (next.over - mark.onward).inSeconds
        }
        let count = min(Self.segments, parts.count)
        return (0..<count).map { index in
            let range = (index * parts.count / count)..<((index + 1) * parts.count / count)
            return parts[range].reduce(0, +).toTheNanosecond
        }
    }

    /// Seconds that the controls themselves took.
    var spentSeconds: Double { state.withLock { $0.spentSeconds } }
}
