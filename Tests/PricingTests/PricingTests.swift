import Cluster
import Testing

@testable import Pricing

/// Prices against closed forms: a message takes (bytes + 16) / rate, a ring 2 (n - 1) of them with an n-th of the vector each.
@Suite struct PricingTests {
    private func price(
        _ choice: PriceRequest.Choice, workers: [Int] = [4], batch: PriceRequest.Batch = .perWorker(10),
        _ text: ProfileText = ProfileText(), rate: Double = 1e6, _ change: (inout PriceRequest) -> Void = { _ in }
    ) throws -> [Price] {
        var request = PriceRequest(try text.parsed(), on: .plain(rate: rate), workers: workers, batch: batch, [choice])
        change(&request)
        return try Pricing(request).prices().rows
    }

    private func close(_ found: Double, _ expected: Double, _ what: Comment = "") {
        #expect(abs(found - expected) <= 1e-8 * abs(expected) + 5e-9, what)
    }

    /// f + b + u and behind it a ring of 4,000 numbers.
    private func ring(_ ranks: Int, numbers: Int = 4000, rate: Double = 1e6, bytes: Double = 4) -> Double {
        2 * Double(ranks - 1) * (Double(numbers / ranks) * bytes + framing) / rate
    }

    @Test func aDeviceAloneTakesItsStep() throws {
        let row = try #require(try price(.init("single")).first)
        close(row.secondsPerUpdate, 0.35)
        close(row.samplesPerSecond, 10 / 0.35)
        close(row.efficiency, 1)
        #expect(row.bytesPerUpdate == 0)
        #expect(row.workers == 1)
        #expect(row.hiddenShare == nil)
    }

    @Test func stepsOfSyncAreComputingAndThenARing() throws {
        for row in try price(.init("sync"), workers: [2, 4, 8]) {
            let step = 0.35 + ring(row.workers)
            close(row.secondsPerUpdate, step, "\(row.workers) workers")
            close(row.efficiency, 0.35 / step, "\(row.workers) workers")
            close(row.computeShare, 0.35 / step, "\(row.workers) workers")
            #expect(row.hiddenShare == 0)
            #expect(row.samplesPerUpdate == Double(10 * row.workers))
            let messages = Double(2 * (row.workers - 1) * row.workers)
            close(row.bytesPerUpdate, messages * (16000 / Double(row.workers) + framing))
            #expect(row.keepsArithmetic)
        }
    }

    @Test func halfPrecisionHalvesTheRing() throws {
        let row = try #require(try price(.init("sync"), ProfileText(bytes: "2")).first)
        close(row.secondsPerUpdate, 0.35 + ring(4, bytes: 2))
    }

    /// The first bucket, of 3,000 numbers, is there after 0.15 s of 0.3 s and hidden; the second comes with the end of the backward
    /// pass, and its ring and the update follow.
    @Test func onlyTheLastBucketOfAnOverlappedStepIsWaitedFor() throws {
        let choice = PriceRequest.Choice("sync", options: [.init("overlap", "true"), .init("bucket", "4")])
        let row = try #require(try price(choice).first)
        let (first, last) = (ring(4, numbers: 3000), ring(4, numbers: 1000))
        close(row.secondsPerUpdate, 0.3 + last + 0.05)
        close(row.hiddenShare ?? 0, first / (first + last))
    }

    /// On a slow network the second bucket waits for the first.
    @Test func bucketsGoOutOneAfterTheOther() throws {
        let choice = PriceRequest.Choice("sync", options: [.init("overlap", "true"), .init("bucket", "4")])
        let row = try #require(try price(choice, rate: 5e4).first)
        let (first, last) = (ring(4, numbers: 3000, rate: 5e4), ring(4, numbers: 1000, rate: 5e4))
        #expect(first > 0.15)
        close(row.secondsPerUpdate, 0.15 + first + last + 0.05)
    }

    @Test func localSGDAddsUpEverySoManySteps() throws {
        let row = try #require(try price(.init("local-sgd", options: [.init("sync-every", "5")])).first)
        close(row.secondsPerUpdate, 5 * 0.35 + ring(4))
        #expect(row.samplesPerUpdate == 200)
        #expect(!row.keepsArithmetic)
        #expect(row.toTarget == nil)
    }

    /// Three clients of 20 samples each make 2 epochs of 2 batches; the server sends a model to each and gets one from each, one
    /// after the other; averaging three vectors passes over them at the pace of an update.
    @Test func roundsOfFederatedAveragingAreEpochsAndTwoWaysOfThreeModels() throws {
        let choice = PriceRequest.Choice("federated", options: [.init("local-epochs", "2")])
        let row = try #require(try price(choice, workers: [3]) { $0.trainingSamples = 69 }.first)
        #expect(row.samplesPerUpdate == 120)
        #expect(row.workers == 3)
        let message = (16000 + framing) / 1e6
        close(row.bytesPerUpdate, 6 * 16016)
        // Where the server adds is within these: nothing, or three vectors after the last has come.
        let least = message * 3 + 4 * 0.35 + message
        #expect(row.secondsPerUpdate >= least - 1e-9)
        #expect(row.secondsPerUpdate <= message * 3 + 4 * 0.35 + 3 * message + 3 * 0.05 + 1e-9)
    }

    /// First if it needs at most so many times the samples: the ratio of the paces, against the fastest row that keeps the
    /// arithmetic with as many workers.
    @Test func breakEvenIsTheRatioOfPaces() throws {
        var request = PriceRequest(
            try ProfileText().parsed(), on: .plain(rate: 1e5), workers: [4, 2], batch: .perWorker(10),
            [
                .init("sync"),
                .init("sync", label: "overlapped", options: [.init("overlap", "true"), .init("bucket", "4")]),
                .init("local-sgd", options: [.init("sync-every", "4")]),
            ])
        request.rounds = 4
        let rows = try Pricing(request).prices().rows
        let local = try #require(rows.first { $0.label == "local-sgd" && $0.workers == 4 })
        let overlapped = try #require(rows.first { $0.label == "overlapped" && $0.workers == 4 })
        let breakEven = try #require(local.breakEven)
        #expect(breakEven.reference == "overlapped")
        close(breakEven.ratio, local.samplesPerSecond / overlapped.samplesPerSecond)
        close(
            local.samplesPerSecond / overlapped.samplesPerSecond,
            4 * overlapped.secondsPerUpdate / (4 * 0.35 + ring(4, rate: 1e5)))
        #expect(rows.filter(\.keepsArithmetic).allSatisfy { $0.breakEven == nil })
    }

    @Test func theCurveGivesTimesToStrategiesOfItsGlobalBatch() throws {
        let curve = try LearningCurve.parse("samples,accuracy\n0,0\n1000,0.5\n4001,0.75\n", file: "c.csv")
        let rows = try price(.init("sync"), workers: [2, 4], batch: .global(20), twoPoints) {
            $0.goal = .init(curve, target: 0.75)
        }
        #expect(rows.map(\.localBatch) == [10, 5])
        for row in rows {
            // 4,001 samples are 201 whole steps of 20.
            close(row.toTarget?.seconds ?? 0, 201 * row.secondsPerUpdate)
            #expect(row.toTarget?.samples == 4001)
        }
        let never = try price(.init("sync"), workers: [2], batch: .global(20)) { $0.goal = .init(curve, target: 0.8) }
        #expect(never.first?.toTarget?.seconds == nil)
        let error = #expect(throws: PricingError.self) {
            try price(.init("sync")) { $0.goal = .init(curve, target: 0.75) }
        }
        #expect(error?.description.contains("allowed is a global batch") == true)
    }

    private var twoPoints: ProfileText {
        var text = ProfileText()
        text.steps = """
            [{"samples": 5, "forward": 0.06, "backward": 0.12, "update": 0.05},
             {"samples": 10, "forward": 0.1, "backward": 0.2, "update": 0.05}]
            """
        return text
    }

    /// Two machines at 3.6 USD an hour, 100 W busy and 40 W idle, 1 USD and 500 Wh for 1e9 bytes.
    @Test func costsAreThoseOfTheMachinesAndTheTraffic() throws {
        let rows = try price(.init("sync"), workers: [2], rate: 1e5) {
            $0.cluster.worker.pricePerHour = 3.6
            ($0.cluster.worker.wattsBusy, $0.cluster.worker.wattsIdle) = (100, 40)
            ($0.cluster.pricePerGB, $0.cluster.wattHoursPerGB) = (1, 500)
        }
        let row = try #require(rows.first)
        let step = 0.35 + ring(2, rate: 1e5)
        let (steps, gigabytes) = (1e6 / 20, 4 * (8000 + framing) / 1e9)
        close(row.moneyPerMillionSamples ?? 0, steps * (2 * step * 3.6 / 3600 + gigabytes))
        let joules = 2 * (0.35 * 100 + (step - 0.35) * 40)
        close(row.wattHoursPerMillionSamples ?? 0, steps * (joules / 3600 + gigabytes * 500))
    }

    /// A worker of half the profile's speed takes twice as long, and its cores, which the profile has used, do not count.
    @Test func speedCountsAndCoresDoNot() throws {
        let rows = try price(.init("sync")) {
            $0.cluster.worker.speed = 0.5
            $0.cluster.worker.cores = 8
        }
        close(rows.first?.secondsPerUpdate ?? 0, 0.7 + ring(4))
    }

    @Test func whatCannotBePricedIsSaidByRow() throws {
        var request = PriceRequest(
            try twoPoints.parsed(), on: .plain(rate: 1e6), workers: [2, 4, 8], batch: .global(20),
            [.init("sync"), .init("federated")])
        let prices = try Pricing(request).prices()
        #expect(prices.rows.map(\.workers) == [2, 4])
        #expect(prices.unpriced.map(\.label) == ["sync", "federated", "federated", "federated"])
        #expect(prices.unpriced[0].reason.contains("a step of 3 samples"))
        #expect(prices.unpriced[1].reason.contains("allowed is a profile with 'training_samples', or --samples"))
        // Whoever asks for all strategies has those that a profile can price, and of each other one the reason.
        request.choices = [.init("sync"), .init("gossip"), .init("community"), .init("threads")]
        let some = try Pricing(request).prices()
        #expect(some.rows.map(\.workers) == [2, 4])
        #expect(some.unpriced.count == 10)
        #expect(some.unpriced.contains { $0.label == "gossip" && $0.reason.hasPrefix("what it does depends on time") })
        request.batch = .perWorker(200)
        request.workers = [10_000]
        request.choices = [.init("sync")]
        let reason = try Pricing(request).prices().unpriced.first?.reason ?? ""
        #expect(reason.hasPrefix("batch is 2000000; allowed is "), "\(reason)")
        for (option, value) in [("batch", "5"), ("workers", "3"), ("partition", "iid")] {
            request.choices = [.init("sync", options: [.init(option, value)])]
            let error = #expect(throws: PricingError.self) { try Pricing(request) }
            #expect(error?.description.contains("allowed are all other options") == true)
        }
    }
}
