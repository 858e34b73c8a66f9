import Cluster
import Testing

@testable import Pricing

/// What the figures of a price are of: which updates and workers, which part of a batch, which row they are set against.
@Suite struct PriceFigureTests {
    private func rows(
        _ choices: [PriceRequest.Choice], workers: [Int] = [2], batch: PriceRequest.Batch = .perWorker(10),
        _ text: ProfileText = ProfileText(), latency: Double = 0, rate: Double = 1e6,
        _ change: (inout PriceRequest) -> Void = { _ in }
    ) throws -> [Price] {
        var request = PriceRequest(
            try text.parsed(), on: .plain(latency: latency, rate: rate), workers: workers, batch: batch, choices)
        change(&request)
        return try Pricing(request).prices().rows
    }

    private func close(_ found: Double?, _ expected: Double, _ what: Comment = "") {
        #expect(abs((found ?? .nan) - expected) <= 1e-8 * abs(expected) + 5e-9, what)
    }

    /// 2 (n - 1) messages, each of an n-th of 4,000 numbers.
    private func ring(_ ranks: Int, rate: Double = 1e6) -> Double {
        2 * Double(ranks - 1) * (16000 / Double(ranks) + framing) / rate
    }

    private static let overlapped = PriceRequest.Choice(
        "sync", label: "overlapped", options: [.init("overlap", "true"), .init("bucket", "4")])

    private static func priced(_ request: inout PriceRequest) {
        request.cluster.worker.pricePerHour = 3.6
        (request.cluster.worker.wattsBusy, request.cluster.worker.wattsIdle) = (100, 40)
        (request.cluster.pricePerGB, request.cluster.wattHoursPerGB) = (1, 500)
    }

    // MARK: Updates

    /// A worker is three times as slow for the first 0.3 s, which only the first update has to do with.
    @Test func aSlowFirstUpdateIsNotThePaceOfTheOthers() throws {
        let row = try rows([.init("sync")]) {
            $0.cluster.slowdowns = .listed([.init(rank: 0, beginSeconds: 0, lastingSeconds: 0.3, factor: 3)])
            $0.cluster.worker.pricePerHour = 3.6
            $0.cluster.pricePerGB = 0
        }.first
        let step = 0.35 + ring(2)
        close(row?.secondsPerUpdate, step)
        close(row?.moneyPerMillionSamples, 1e6 / 20 * 2 * step * 3.6 / 3600)
    }

    @Test func messagesAreThoseOfOneUpdate() throws {
        for row in try rows([.init("sync")], workers: [2, 4, 8]) {
            close(row.messagesPerUpdate, Double(2 * (row.workers - 1) * row.workers), "\(row.workers) workers")
        }
    }

    /// The middle of a star sends its model to all others in turn, so that the first of them is a round ahead of the last. All
    /// the same each edge carries a model both ways in a round.
    @Test func bytesAreThoseOfOneUpdate() throws {
        let choice = PriceRequest.Choice("dpsgd", options: [.init("overlay", "star")])
        let row = try rows([choice], workers: [5], rate: 1e5).first
        close(row?.bytesPerUpdate, 2 * 4 * (16000 + framing))
        close(row?.messagesPerUpdate, 8)
    }

    // MARK: Workers

    /// Two epochs of two batches on each of three clients; what the server adds up meanwhile is no work of theirs.
    @Test func aServersWorkIsNotItsClients() throws {
        let choice = PriceRequest.Choice("federated", options: [.init("local-epochs", "2")])
        let row = try #require(try rows([choice], workers: [3]) { $0.trainingSamples = 60 }.first)
        close(row.computeShare * row.secondsPerUpdate, 4 * 0.35)
    }

    /// A global batch of 19 is 10 samples for one worker and 9 for the other: devices without a network would take 9.5 each.
    @Test func thePaceWithoutANetworkIsThatOfTheMeanPart() throws {
        var text = ProfileText()
        text.steps = """
            [{"samples": 9, "forward": 0.1, "backward": 0.2, "update": 0.05},
             {"samples": 10, "forward": 0.1, "backward": 0.2, "update": 0.05}]
            """
        let row = try #require(try rows([.init("sync")], batch: .global(19), text).first)
        #expect(row.localBatch == 10)
        #expect(row.samplesPerUpdate == 19)
        close(row.efficiency, 0.35 / row.secondsPerUpdate)
    }

    /// What was profiled is the whole device, also where devices differ in their cores.
    @Test func coresOfDevicesDoNotCount() throws {
        let row = try rows([.init("sync")]) {
            $0.cluster.devices = DevicePopulation(
                figures: [.speed: .constant(0.5)],
                kinds: [.init(figures: [.cores: .constant(4)]), .init(figures: [.cores: .constant(8)])])
        }.first
        close(row?.secondsPerUpdate, 0.7 + ring(2))
    }

    // MARK: Rows against each other

    /// Few workers are set against as few, and many against as many.
    @Test func breakEvenIsAgainstAsManyWorkers() throws {
        let local = PriceRequest.Choice("local-sgd", options: [.init("sync-every", "4")])
        let rows = try rows([.init("sync"), local], workers: [2, 4], rate: 1e5)
        for workers in [2, 4] {
            let row = try #require(rows.first { $0.label == "local-sgd" && $0.workers == workers })
            let reference = try #require(rows.first { $0.label == "sync" && $0.workers == workers })
            #expect(row.breakEven?.reference == "sync")
            close(row.breakEven?.ratio, row.samplesPerSecond / reference.samplesPerSecond, "\(workers) workers")
            close(row.breakEven?.ratio, 4 * (0.35 + ring(workers, rate: 1e5)) / (4 * 0.35 + ring(workers, rate: 1e5)))
        }
    }

    /// 201 whole steps of 20 samples, of which each costs what a share of a million samples does.
    @Test func whatATargetCostsIsOfWholeSteps() throws {
        let curve = try LearningCurve.parse("samples,accuracy\n0,0\n4001,0.75\n", file: "c.csv")
        let row = try #require(
            try rows([.init("sync")], batch: .global(20)) {
                Self.priced(&$0)
                $0.goal = .init(curve, target: 0.75)
            }.first)
        let step = 0.35 + ring(2)
        let gigabytes = 4 * (8000 + framing) / 1e9
        close(row.toTarget?.money, 201 * (2 * step * 3.6 / 3600 + gigabytes))
        let joules = 2 * (0.35 * 100 + (step - 0.35) * 40)
        close(row.toTarget?.wattHours, 201 * (joules / 3600 + gigabytes * 500))
    }

    /// A client in ten trains at a time, and all ten are machines that one pays for, as those of `sync` are.
    @Test func breakEvenIsAgainstAsManyMachines() throws {
        let turns = PriceRequest.Choice("federated", options: [.init("fraction", "0.1")])
        let rows = try rows([.init("sync"), turns], workers: [20]) { $0.trainingSamples = 400 }
        let row = try #require(rows.first { $0.label == "federated" })
        #expect(row.workers == 2)
        #expect(row.breakEven?.reference == "sync")
        close(row.breakEven?.ratio, row.samplesPerSecond / (rows.first?.samplesPerSecond ?? .nan))
    }

    @Test func whereNothingIsSetAgainstARowTheReasonIsSaid() throws {
        let request = PriceRequest(
            try ProfileText().parsed(), on: .plain(rate: 1e6), workers: [4], batch: .perWorker(10),
            [.init("single"), .init("local-sgd")])
        let prices = try Pricing(request).prices()
        #expect(prices.rows.allSatisfy { $0.breakEven == nil })
        #expect(
            prices.notes.contains(
                "No break-even of local-sgd with 4 workers: no row that keeps the arithmetic, such as sync, has as many"
            ))
    }

    // MARK: Devices

    /// Devices that are three times as fast as the profile's would be so without a network, too.
    @Test func efficiencyIsAgainstTheSameDevices() throws {
        let fast = try rows([.init("single"), .init("sync")]) { $0.cluster.worker.speed = 3 }
        close(fast.first?.efficiency, 1)
        close(fast.last?.efficiency, 0.35 / 3 / (0.35 / 3 + ring(2)))
        // Of two devices one is half as fast as the other, which waits for it.
        let mixed = try rows([.init("sync")]) {
            $0.cluster.devices = DevicePopulation(
                kinds: [.init(figures: [.speed: .constant(1)]), .init(figures: [.speed: .constant(0.5)])],
                assignment: .inOrder)
        }
        close(mixed.first?.efficiency, 2 / 1.5 * 0.35 / (0.7 + ring(2)))
    }

    @Test func machinesThatCannotHoldTheModelHaveNoPrice() throws {
        var request = PriceRequest(
            try ProfileText().parsed(), on: .plain(rate: 1e6), workers: [2], batch: .perWorker(10), [.init("sync")])
        request.cluster.worker.memoryBytes = 20_000
        let prices = try Pricing(request).prices()
        #expect(prices.rows.isEmpty)
        #expect(
            prices.unpriced.first?.reason.contains(
                "has 20 kB of memory, and a model and its gradient take 32 kB; allowed are machines with that") == true,
            "\(prices.unpriced)")
        request.cluster.worker.memoryBytes = 32_000
        #expect(try Pricing(request).prices().rows.count == 1)
    }

    // MARK: Costs

    /// A sum without one of its parts would be too small, so that there is none, and the part is named.
    @Test func whatIsMissingOfACostIsNamed() throws {
        var request = PriceRequest(
            try ProfileText().parsed(), on: .plain(rate: 1e6), workers: [2], batch: .perWorker(10), [.init("sync")])
        request.cluster.worker.pricePerHour = 3.6
        (request.cluster.worker.wattsBusy, request.cluster.wattHoursPerGB) = (100, 1)
        let prices = try Pricing(request).prices()
        #expect(prices.rows.first?.moneyPerMillionSamples == nil)
        #expect(prices.notes == ["No cost: plain has no price_per_gb", "No energy: plain has no watts_idle"])
        request.cluster.pricePerGB = 0
        request.cluster.worker.wattsIdle = 40
        let whole = try Pricing(request).prices()
        #expect(whole.rows.first?.moneyPerMillionSamples != nil && whole.notes.isEmpty)
    }

    // MARK: All-reduces

    /// For three numbers latency decides, and for four million the bytes: each bucket has the all-reduce that is
    /// cheapest for it.
    @Test func everyBucketHasItsOwnCheapestAllReduce() throws {
        var text = ProfileText()
        text.gradient = """
            "tensors": [{"name": "a", "numbers": 4000000, "ready": 1.0}, {"name": "b", "numbers": 3, "ready": 0.25}]
            """
        let automatic = try rows([Self.overlapped], workers: [4], text, latency: 1e-3) { $0.allReduce = .automatic }
        #expect(automatic.first?.allReduce == ["recursive-doubling", "rabenseifner"])
        // With one bucket for all there is one length, and one choice.
        let whole = try rows([.init("sync")], workers: [4], text, latency: 1e-3) { $0.allReduce = .automatic }
        #expect(whole.first?.allReduce == ["rabenseifner"])
    }
}
