import Cluster
import Datasets
import Fabrics
import Randomness
import Testing

@testable import Calibration
@testable import Experiments
@testable import Tasks
@testable import TestSupport

/// Ranks whose messages take what a link says, and some noise.
private final class FakeNetwork: MeasurableNetwork {
    let rank = 0
    let count: Int
    let link: Link
    var algorithm = AllReduceAlgorithm.ring
    /// The standard deviation of the logarithm of times.
    var sigma = 0.0
    /// The most calls at once of an all-reduce.
    private(set) var mostCalls = 0
    /// Seconds that all measurements took so far.
    private(set) var seconds = 0.0
    private var stream: RandomStream

    init(ranks: Int, _ link: Link, seed: UInt64 = 1) {
        count = ranks
        self.link = link
        stream = SeedSequence(seed).stream(.test)
    }

    private func noisy(_ seconds: Double) -> Double {
        let taken = seconds * (1 + sigma * stream.normal())
        self.seconds += taken
        return taken
    }

    private func message(_ bytes: Int) -> Double {
        link.latencySeconds + link.overheadSeconds + Double(bytes) / link.uplinkBytesPerSecond
    }

    func roundTrips(_ trips: Int, bytes: Int) -> Double { noisy(2 * Double(trips) * message(bytes)) }

    func bursts(_ bursts: Int, of messages: Int, bytes: Int) -> Double {
        let gap = link.overheadSeconds + Double(bytes) / link.uplinkBytesPerSecond
        return noisy(Double(bursts) * (Double(messages) * gap + link.latencySeconds + message(bytes)))
    }

    func allReduces(_ calls: Int, elements: Int) throws -> Double {
        mostCalls = max(mostCalls, calls)
        return noisy(
            Double(calls)
                * (try AllReduceTime.simulated(algorithm, ranks: count, elements: elements, link: link)))
    }

    func barrier() {}
    func share(_ numbers: [Double]) -> [[Double]] { Array(repeating: numbers, count: count) }
}

@Suite struct CalibrationFitTests {
    private static let link = Link(latencySeconds: 30e-6, bytesPerSecond: 25e6, overheadSeconds: 8e-6)
    private static var measurement: NetworkMeasurement {
        NetworkMeasurement(sizes: NetworkMeasurement.standardSizes, budgetSeconds: 1000)
    }

    private func expectClose(_ found: Double, _ expected: Double, _ what: String = "") {
        #expect(abs(found - expected) <= 1e-3 * expected, "\(what): \(found), not \(expected)")
    }

    @Test(arguments: [2, 3, 4, 7])
    func timesWithoutNoiseGiveTheLinkBack(ranks: Int) throws {
        let fit = try NetworkFit(Self.measurement.measure(FakeNetwork(ranks: ranks, Self.link)))
        expectClose(fit.latency.value, 30e-6, "latency")
        expectClose(fit.overhead.value, 8e-6, "overhead")
        expectClose(fit.bandwidth.value, 25e6, "bandwidth")
        expectClose(try #require(fit.messages).bytesPerSecond.value, 25e6, "bandwidth of messages")
        #expect(fit.residuals.count == 17 && fit.errors.largest < 1e-3)
    }

    /// The link is found also by algorithms in which messages wait for each other at a port, where overhead counts more
    /// often than latency.
    @Test(arguments: AllReduceAlgorithm.allCases)
    func everyAllReduceGivesTheLinkBack(_ algorithm: AllReduceAlgorithm) throws {
        let network = FakeNetwork(ranks: 6, Self.link)
        network.algorithm = algorithm
        let fit = try NetworkFit(Self.measurement.measure(network), assuming: algorithm)
        expectClose(fit.latency.value, 30e-6, "latency")
        expectClose(fit.bandwidth.value, 25e6, "bandwidth")
        #expect(fit.errors.largest < 1e-3)
    }

    @Test func estimatesScatterAsTheirStandardErrorsSay() throws {
        var deviations: [Double] = []
        for seed in UInt64(1)...20 {
            let network = FakeNetwork(ranks: 3, Self.link, seed: seed)
            network.sigma = 0.05
            let fit = try NetworkFit(Self.measurement.measure(network))
            for (estimate, truth) in [(fit.latency, 30e-6), (fit.overhead, 8e-6), (fit.bandwidth, 25e6)] {
                let error = try #require(estimate.standardError)
                #expect(abs(estimate.value - truth) <= 4 * error, "seed \(seed): \(estimate), not \(truth)")
                deviations.append((estimate.value - truth) / error)
            }
        }
        let root = (deviations.reduce(0) { $0 + $1 * $1 } / Double(deviations.count)).squareRoot()
        #expect((0.7...1.5).contains(root), "\(root)")
    }

    @Test func runsOfDifferentNumbersOfRanksAreFittedTogether() throws {
        let points = try [2, 4].flatMap { try Self.measurement.measure(FakeNetwork(ranks: $0, Self.link)) }
        let fit = try NetworkFit(points)
        expectClose(fit.bandwidth.value, 25e6)
        #expect(fit.residuals.map(\.point.ranks) == Array(repeating: 2, count: 17) + Array(repeating: 4, count: 17))
    }

    @Test func aLinkForMessagesIsThatOfMessages() throws {
        var points = try Self.measurement.measure(FakeNetwork(ranks: 2, Self.link))
        // All-reduces as if the sums were slow.
        points = points.map { point in
            point.kind != .allReduce
                ? point
                : CalibrationPoint(.allReduce, size: point.size, ranks: 2, seconds: point.seconds.map { $0 * 3 })
        }
        expectClose(try NetworkFit(points, basis: .messages).bandwidth.value, 25e6)
        expectClose(try NetworkFit(points).bandwidth.value, 25e6 / 3)
        expectClose(try NetworkFit(points).overhead.value, 8e-6)
    }

    private func allReduces(_ seconds: (Int) -> Double) -> [CalibrationPoint] {
        NetworkMeasurement.standardSizes.map {
            CalibrationPoint(.allReduce, size: $0, ranks: 2, seconds: [seconds($0)])
        }
    }

    @Test func aLatencyBelowZeroIsSetToZero() throws {
        // As of a shaper that lets the first bytes through at once.
        let fit = try NetworkFit(allReduces { max(Double($0) * 1e-8 - 2e-6, 1e-8 * Double($0) / 2) })
        #expect(fit.latency.value == 0 && fit.latency.standardError == nil)
        #expect(fit.overhead.value == 0 && fit.bandwidth.standardError != nil)
    }

    @Test func overheadIsNoMoreThanLatencyAndOverheadTogether() throws {
        let slow = [1, 2, 4, 8].map {
            CalibrationPoint(.burst, size: 16, messages: $0, ranks: 2, seconds: [1e-3 + Double($0) * 1e-4])
        }
        let fit = try NetworkFit(allReduces { 2e-5 + Double($0) * 1e-8 } + slow)
        #expect(fit.latency.value == 0 && fit.latency.standardError == nil)
        // Two steps, and the bytes of 16 that frame each.
        expectClose(fit.overhead.value, 1e-5 - 16 * 1e-8)
    }

    @Test func timesThatDoNotGrowAreRefused() {
        #expect(throws: ExperimentError.self) { try NetworkFit(allReduces { 1 / Double($0) }) }
        do { _ = try NetworkFit(allReduces { 1 / Double($0) }) } catch {
            #expect("\(error)".contains("do not take longer") && "\(error)".contains("--sizes"), "\(error)")
        }
    }

    @Test func withoutAllReducesTheyAreNotFitted() throws {
        let points = try Self.measurement.measure(FakeNetwork(ranks: 2, Self.link)).filter { $0.kind != .allReduce }
        #expect(throws: ExperimentError("no all-reduce was measured, which the link is to reproduce")) {
            try NetworkFit(points)
        }
        #expect(try NetworkFit(points, basis: .messages).allReduce == nil)
    }

    // MARK: Measuring

    /// The budget of all-reduces, 0.65 s of 1 s, is counted by the network's own clock, as if all else took no time.
    @Test func sizesThatWouldTakeLongerThanTheBudgetAreLeftOut() throws {
        let network = FakeNetwork(ranks: 2, Self.link)
        let measurement = NetworkMeasurement(
            sizes: NetworkMeasurement.standardSizes, budgetSeconds: 1, clock: { network.seconds })
        let points = try measurement.measure(network)
        let allReduces = points.filter { $0.kind == .allReduce }
        // An all-reduce of two ranks is a message of half the size each way, twice: size / 25 MB/s and some latency. A
        // size gets its part of the time that is left, but after the first two sizes at least five repetitions; it is
        // not begun where five do not fit.
        var (spent, largest) = (0.0, 0)
        for (place, size) in NetworkMeasurement.standardSizes.enumerated() {
            let once = 2 * (30e-6 + 2 * 8e-6) + Double(size) / 25e6
            let before =
                largest == 0 ? 0 : (2 * (30e-6 + 2 * 8e-6) + Double(largest) / 25e6) * Double(size) / Double(largest)
            if 5 * before > 0.65 - spent { break }
            let calls = max(1, (1e-3 / once).rounded(.up))
            let part = (0.65 - spent) / Double(NetworkMeasurement.standardSizes.count - place)
            spent += 2 * once + calls * once * min(31, max(5, (part / (once * calls)).rounded(.down)))
            largest = size
        }
        #expect(allReduces.map(\.size).max() == largest && largest > 1 << 16 && largest < 1 << 22)
        #expect(points.allSatisfy { $0.seconds.count >= 5 })
        // With more time than all sizes take, none is left out.
        let patient = NetworkMeasurement(
            sizes: NetworkMeasurement.standardSizes, budgetSeconds: 1000, clock: { network.seconds })
        #expect(try patient.measure(network).filter { $0.kind == .allReduce }.map(\.size).max() == 1 << 24)
    }

    @Test func withAPauseEveryAllReduceIsTimedAlone() throws {
        let network = FakeNetwork(ranks: 2, Self.link)
        _ = try NetworkMeasurement(sizes: [256, 512, 1024], budgetSeconds: 0.1).measure(network)
        #expect(network.mostCalls > 1)
        let paused = FakeNetwork(ranks: 2, Self.link)
        _ = try NetworkMeasurement(sizes: [256, 512, 1024], budgetSeconds: 0.1, pauseSeconds: 1e-4).measure(paused)
        #expect(paused.mostCalls == 1)
    }

    @Test func stepsAreTimedOnAllRanksTogether() throws {
        let machine = MachineCalibration(tasks: [.digits], batches: [6], data: .init(nil))
        let points = try machine.compute(among: FakeNetwork(ranks: 3, Self.link))
        #expect(points.filter { $0.kind == .step }.map(\.size) == [1, 2, 4, 6])
        #expect(points.allSatisfy { $0.ranks == 3 && $0.seconds.count == 21 && $0.task == "digits" })
        let compute = MachineCalibration.measuredCompute(points)
        #expect(compute.map(\.task) == ["digits"] && compute[0].steps.map(\.samples) == [1, 2, 4, 6])
        #expect(compute[0].secondsPerVectorElement > 0 && compute[0].secondsPerVectorElement.isFinite)
        #expect(throws: ExperimentError.self) {
            try MachineCalibration(tasks: [.digits], batches: [2000], data: .init(nil)).compute(among: nil)
        }
    }

    @Test func onlyOfAllTasksOneWithoutDataIsLeftOut() throws {
        let nowhere = DataDirectory("nowhere")
        var leftOut: [String] = []
        let machine = MachineCalibration(
            tasks: [.mnistSoftmax, .digits], batches: [1], data: nowhere, leavesOutMissing: true)
        let points = try machine.compute(among: nil, leftOut: { task, _ in leftOut.append(task.name) })
        #expect(leftOut == ["mnist-softmax"] && Set(points.map(\.task)) == ["digits"])
        #expect(throws: DataError.self) {
            try MachineCalibration(tasks: [.mnistSoftmax], batches: [1], data: nowhere).compute(among: nil)
        }
    }

    @Test func cacheSizesAreReadAsLinuxWritesThem() {
        #expect(MachineCalibration.cacheBytes("32768K\n") == 32 << 20)
        #expect(MachineCalibration.cacheBytes("2M") == 2 << 20)
        #expect(MachineCalibration.cacheBytes("512") == 512)
        #expect(MachineCalibration.cacheBytes("big") == nil)
    }

    @Test(
        arguments: [
            (["a", "a"], [:], "within one host, by what MPI chose"),
            (["a", "a"], ["OMPI_MCA_btl": "tcp,self"], "within one host, by TCP (OMPI_MCA_btl=tcp,self)"),
            (["a", "a"], ["OMPI_MCA_btl": "vader,tcp,self"], "within one host, by what MPI chose"),
            (["a", "a"], ["MPIR_CVAR_NOLOCAL": "1"], "within one host, by TCP"),
            (["a", "a"], ["MPIR_CVAR_NOLOCAL": "0"], "within one host, by what MPI chose"),
            (["a", "b", "a"], [:], "between 2 hosts, by what MPI chose"),
            (["a", "b"], ["OMPI_MCA_btl": "self,tcp"], "between 2 hosts, by TCP"),
        ] as [([String], [String: String], String)])
    func whatCarriesMessagesIsSaidAsFarAsItIsKnown(_ hosts: [String], _ environment: [String: String], _ text: String) {
        let transport = MessageTransport(hosts: hosts, environment: environment)
        #expect(transport.description.hasPrefix(text), "\(transport)")
        #expect((transport.hint != nil) == (Set(hosts).count == 1))
    }
}
