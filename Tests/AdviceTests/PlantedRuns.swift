import Cluster
import Datasets
import Fabrics
import Foundation
import Tasks
import Testing
import Training

@testable import Advice
@testable import Experiments
@testable import TestSupport

/// Recorded runs that nobody trained: schedules of which every time is known in closed form.
///
/// `sync` has 4 workers. A step is a computation of c seconds and a ring all-reduce of E numbers, whose 2 (n - 1) = 6 messages in
/// sequence have E/n numbers and 16 bytes of framing each: c + 6 (L + m/B), m = 4 E/4 + 16.
///
/// `federated` has a server and 3 clients. A round is three models sent through the server's port, w seconds of each client, and
/// three models back: the last client has its model after 3 M/B + L, M = 4 E + 16, and what it sends is there w + M/B + L later,
/// behind the others': 4 M/B + 2 L + w.
struct PlantedRuns {
    static let elements = 4800
    static let stepSeconds = 1e-3
    static let roundSeconds = 20e-3
    static let target = 0.3
    private static let samples = 16
    private static let roundSteps = 20

    /// Steps of `sync` until the target is reached, and `rounds` of `federated`: one number for each seed.
    var steps: [Int]
    var rounds: [Int]
    /// Steps of `sync` from one evaluation to the next; `roundsPerEvaluation` is the same for `federated`.
    var stepsPerEvaluation = 1
    var roundsPerEvaluation = 1
    var cluster = ClusterSpec(
        name: "planted", summary: "", source: "a test",
        worker: Node(
            link: Link(latencySeconds: 100e-6, bytesPerSecond: 125e6), pricePerHour: 0.1, wattsBusy: 3, wattsIdle: 1),
        pricePerGB: 0, wattHoursPerGB: 0)

    var bytesPerSecond: Double { cluster.worker.link.uplinkBytesPerSecond }

    /// Seconds of `sync` until the target is reached, in closed form.
    func syncSeconds(_ steps: Int, latency: Double) -> Double {
        let message = Double(Self.elements + 16)
        return Double(steps) * (Self.stepSeconds + 6 * (latency + message / bytesPerSecond))
    }

    func federatedSeconds(_ rounds: Int, latency: Double) -> Double {
        let model = Double(4 * Self.elements + 16)
        return Double(rounds) * (4 * model / bytesPerSecond + 2 * latency + Self.roundSeconds)
    }

    /// The latency, in seconds, at which both strategies take as long.
    func crossing(_ steps: Int, _ rounds: Int) -> Double {
        let difference = federatedSeconds(rounds, latency: 0) - syncSeconds(steps, latency: 0)
        return difference / Double(6 * steps - 2 * rounds)
    }

    // MARK: Records

    private var plan: ExperimentPlan {
        var setup = Setup(strategies: ["sync", "federated"], workers: 4, clients: 3, fraction: 1, target: Self.target)
        setup.seeds = steps.indices.map { UInt64($0 + 1) }
        setup.cluster = cluster
        return setup.plan
    }

    private func syncSchedule(_ evaluations: Int) -> Schedule {
        var work = ComputeWork.none
        (work.fullSteps, work.samplesPerStep) = (1, Self.samples)
        let operations: [Fabrics.Operation] = [
            .evaluation, .compute(work), .collective(.allReduce(.sum), elements: Self.elements, .gradient),
        ]
        let span = Array(repeating: [UInt32(1), 2], count: stepsPerEvaluation).joined()
        let first = [UInt32(0)] + Array(repeating: span + [0], count: evaluations).joined()
        let other = [UInt32](Array(repeating: span, count: evaluations).joined())
        return Schedule(operations: operations, programs: [first, other], programOfRank: [0, 1, 1, 1])
    }

    private func federatedSchedule(_ evaluations: Int) -> Schedule {
        var work = ComputeWork.none
        (work.fullSteps, work.samplesPerStep) = (Self.roundSteps, Self.samples)
        let clients = 1...3
        let operations: [Fabrics.Operation] =
            [.evaluation, .compute(work)]
            + clients.map { .send(to: $0, elements: Self.elements, .model, .downlink) }
            + clients.map { .receive(from: $0) }
            + [.receive(from: 0), .send(to: 0, elements: Self.elements, .model, .uplink)]
        let round = Array(repeating: [UInt32](2...7), count: roundsPerEvaluation).joined()
        let server = [UInt32(0)] + Array(repeating: round + [0], count: evaluations).joined()
        let client = [UInt32](
            Array(repeating: [UInt32(8), 1, 9], count: evaluations * roundsPerEvaluation).joined())
        return Schedule(operations: operations, programs: [server, client], programOfRank: [0, 1, 1, 1])
    }

    /// The price list of these runs; their records say what a simulation of their schedules gives on the cluster.
    func prices() throws -> PriceList {
        let plan = plan
        var results = Results(
            plan: plan, machine: machine,
            computeModel: ComputeModel(
                calibrated: [.init(samples: Self.samples, seconds: Self.stepSeconds)], secondsPerVectorElement: 0),
            trainingSamples: 1437, testSamples: 360, tuning: "a test")
        var schedules: [String: Schedule] = [:]
        for strategy in plan.strategies {
            for (index, seed) in plan.seeds.enumerated() {
                let isSync = strategy.name == "sync"
                let reached =
                    isSync ? steps[index] / stepsPerEvaluation : rounds[index] / roundsPerEvaluation
                // A few more, which no price needs to play.
                let schedule = isSync ? syncSchedule(reached + 3) : federatedSchedule(reached + 3)
                schedules["\(strategy.name) \(seed)"] = schedule
                results.runs.append(try record(strategy, seed, schedule, reachedAt: reached, results))
            }
        }
        return try PriceList(results, plan.strategies) { try #require(schedules["\($0) \($1)"]) }
    }

    private func record(
        _ plan: StrategyPlan, _ seed: UInt64, _ schedule: Schedule, reachedAt reached: Int, _ results: Results
    ) throws -> RunRecord {
        let model = try #require(results.computeModel)
        let fabric = FabricFactory(plan, try plan.make(), .init(seed)).simulated(on: cluster, model, .init(threads: 1))
        let report = try fabric.replay(schedule)
        let evaluations = report.evaluations.enumerated().map { index, point in
            TrainingRun.Evaluation(
                round: index, samples: index * 64, clusterSeconds: point.seconds, bytesSent: point.bytesSent,
                trainLoss: nil, testAccuracy: index >= reached ? 1 : 0, testLoss: 1)
        }
        return RunRecord(
            strategy: plan.name, seed: seed, outcome: .completed, evaluations: evaluations,
            clusterSeconds: (report.seconds * 1e9).rounded() / 1e9, computeSeconds: 1, communicationSeconds: 1,
            idleSeconds: 1,
            hostSeconds: 1, serverComputeSeconds: nil,
            traffic: RunRecord.Traffic(
                bytesTotal: report.bytes, messagesTotal: report.messages, bytesPerWorkerMax: 0, bytesUplink: nil,
                bytesDownlink: nil, entries: nil), partitionSkew: nil, timings: [])
    }
}
