import Cluster
import Fabrics
import Kernel
import Randomness
import Strategies
import Testing
import Training

@testable import Pricing

@Suite struct LiftingTests {
    private let pool = HostPool(threads: 1)

    private func request(_ profile: StepProfile, _ choice: PriceRequest.Choice) -> PriceRequest {
        var request = PriceRequest(profile, on: .plain(rate: 1e6), workers: [4], batch: .perWorker(10), [choice])
        // Five whole batches of 10 for each of four clients.
        request.trainingSamples = 230
        request.rounds = 2
        return request
    }

    private func expanded(_ schedule: Schedule) -> [[Fabrics.Operation]] {
        schedule.programOfRank.map { schedule.programs[$0].map { schedule.operations[Int($0)] } }
    }

    /// What a strategy does for a model of 12,340 numbers is found out from three other sizes to the last byte, whatever the
    /// strategy: every one of the registry that pricing takes. A tenth of them, which a sparse coding keeps, is a whole number.
    @Test func liftedSchedulesAreThoseOfModelsOfThatSize() throws {
        var text = ProfileText()
        text.more = "\"flops_per_sample\": 1e6,\n"
        text.gradient = #""tensors": [{"name": "a", "numbers": 12340, "ready": 1}]"#
        let profile = try text.parsed()
        var priced: [String] = []
        for description in StrategyRegistry.all {
            let choice = PriceRequest.Choice(description.name)
            let request = request(profile, choice)
            guard let plan = try? PricedPlan(request, choice, workers: 4), plan.refusal == nil else { continue }
            let lifted = try plan.record(pool)
            let direct = try plan.record(parameters: 12340, samples: plan.sampleCount(), pool)
            #expect(expanded(lifted.schedule) == expanded(direct.0), "\(description.name)")
            #expect(lifted.samples == direct.1, "\(description.name)")
            priced.append(description.name)
        }
        for name in ["single", "sync", "federated", "local-sgd", "dpsgd", "fedprox"] {
            #expect(priced.contains(name), "\(name) is not priced: \(priced)")
        }
    }

    /// Numbers of half precision are half the bytes, in collectives and in messages.
    @Test func halfPrecisionIsHalfTheBytes() throws {
        var text = ProfileText(bytes: "2")
        text.gradient = #""tensors": [{"name": "a", "numbers": 12345, "ready": 1}]"#
        let profile = try text.parsed()
        for name in ["sync", "federated", "dpsgd"] {
            let choice = PriceRequest.Choice(name)
            let plan = try PricedPlan(request(profile, choice), choice, workers: 4)
            for operation in try plan.record(pool).schedule.operations {
                switch operation {
                case .send(_, let bytes, _, _), .post(_, let bytes, _, _): #expect(bytes == 24690, "\(name)")
                case .collective(.allReduce, let elements, _): #expect(elements == 6173, "\(name)")
                default: break
                }
            }
        }
    }

    /// Two tensors with gradients of their own, which computes nothing.
    private struct TwoTensors: Objective {
        let input = FeatureShape(features: 1)
        let layout = ParameterLayout([("a", [1000]), ("b", [3000])])
        let trainingFlopsPerSample = 1.0
        let summary = "two tensors"
        let gradientReadiness: [Double]
        private let rest = StandIn(parameters: 4000, flopsPerSample: 1)

        init(_ readiness: [Double]) { gradientReadiness = readiness }

        func initialParameters(_ initialization: Initialization, seeds: SeedSequence) -> ParameterVector {
            ParameterVector(count: 4000)
        }
        func lossAndGradient(
            of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector,
            into gradient: ParameterVector, progress: GradientProgress?
        ) -> Double {
            rest.lossAndGradient(of: workspace, dividedBy: divisor, at: parameters, into: gradient, progress: nil)
        }
        func judge(
            _ workspace: Workspace, at parameters: ParameterVector,
            _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
        ) { rest.judge(workspace, at: parameters, each) }
    }

    /// A step whose buckets are put in afterwards is the step that the loop makes of a model with these buckets.
    @Test func overlapIsWhatTheStrategyMakesOfIt() throws {
        let profile = try ProfileText().parsed()
        let choice = PriceRequest.Choice("sync", options: [.init("overlap", "true"), .init("bucket", "4")])
        let plan = try PricedPlan(request(profile, choice), choice, workers: 4)
        let overlap = try #require(plan.plan.overlap)
        let buckets = profile.buckets(overlap, at: try profile.step(of: 10))
        let priced = try plan.record(pool).schedule.overlapped(elements: 4000, wire: 4000, buckets: buckets)

        let network = TwoTensors([1, buckets[0].readyShare])
        let strategy = try plan.plan.make()
        let samples = try plan.sampleCount()
        let run = TrainingRun(
            network: network, data: StandIn.data(samples: samples),
            configuration: TrainingConfiguration(
                schedule: .init(baseRate: 0.1, totalEpochs: 1), optimizer: .init(), epochs: 120 / Double(samples),
                evaluateEveryEpochs: 1e-9),
            initialParameters: ParameterVector(count: 4000), seeds: SeedSequence(1), shuffles: true, ranks: 4,
            workspaces: WorkspacePool(for: network))
        var fabric = SimulatedFabric(
            nodes: Array(repeating: Node(link: Link(latencySeconds: 0, bytesPerSecond: 1e9)), count: 4),
            compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 1), seeds: SeedSequence(1), pool: pool)
        let recorder = ScheduleRecorder(ranks: 4)
        fabric.observer = recorder
        _ = try fabric.run(try strategy.program(for: run))
        #expect(expanded(priced) == expanded(try #require(recorder.schedule)))
    }

    @Test func whatDependsOnNumbersOrTimeIsRefused() throws {
        let profile = try ProfileText().parsed()
        for (name, part) in [
            ("community", "who sends to whom follows"), ("gossip", "depends on time"), ("threads", "allowed is sync"),
        ] {
            let choice = PriceRequest.Choice(name)
            let refusal = try PricedPlan(request(profile, choice), choice, workers: 4).refusal
            #expect(refusal?.contains(part) == true, "\(name): \(refusal ?? "")")
        }
        let choice = PriceRequest.Choice("synk")
        let error = #expect(throws: PricingError.self) {
            try PricedPlan(request(profile, choice), choice, workers: 4)
        }
        #expect(error?.description.contains("did you mean 'sync'") == true, "\(error?.description ?? "")")
    }
}
