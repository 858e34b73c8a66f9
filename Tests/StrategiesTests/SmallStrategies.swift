import Cluster
import Fabrics
import Kernel
import Locking

@testable import Training

/// Federated averaging whose clients keep a vector between rounds: how far the last round moved them, a tenth of which is
/// added to every gradient.
struct RememberingClients: ClientStrategy {
    static let name = "remembering clients"
    private static let moved = "moved"

    let configuration: TrainingConfiguration
    let clientOptions: ClientOptions
    var ownState: [StateDeclaration] { [.vector(Self.moved, .eachWorker)] }

    init(_ configuration: TestConfiguration) {
        (self.configuration, clientOptions) = (configuration.shared, configuration.clients)
    }

    func rule(for run: TrainingRun, _ state: NamedState) -> any ClientRule { Rule(state: state) }

    private struct Rule: ClientRule {
        let state: NamedState

        func clientUpdate(_ client: ClientWork, from model: ParameterVector) -> ParameterVector {
            let moved = state.vector(RememberingClients.moved, ofRank: client.rank)
            let local = client.localModel(from: model, needsGradient: true)
            for batch in client.batches { local.step(batch) { $0.add(moved, scaledBy: 0.1) } }
            let result = local.finished()
            moved.copy(from: model)
            moved.add(result, scaledBy: -1)
            return result
        }
    }
}

/// Two ranks, of which one sends the other its model after every step whose loss has an odd last bit as a 32-bit number, and one number after
/// the others: how many bytes are sent depends on what was computed.
struct TalkativeRank: Strategy {
    static let name = "talkative rank"

    let batch: Int
    var rankCount: Int { 2 }
    var state: [StateDeclaration] { [.parameters, .vector("other model")] }

    func program(for run: TrainingRun) throws -> RankProgram {
        let state = NamedState(state, startingFrom: run.initialParameters)
        let (model, other) = (state.parameters, state.vector("other model"))
        let sampler = run.sampler(batch: batch)
        try run.restoreStart(state)
        let first = run.start?.position ?? RunPosition(round: 0, samples: 0)
        return { rank in
            let losses = run.losses(of: rank.index, steps: 1000)
            var group = ElasticGroup(rank, sampler, budget: run.sampleBudget, from: first.round)
            while true {
                if group.round == 0 || run.isEvaluationDue(from: group.samplesBefore, to: group.samples) {
                    if group.isFirst { run.mergeSharedSteps(upTo: group.steps) }
                    guard
                        try await run.evaluate(
                            model, round: group.round, samples: group.samples, on: rank, .allRanks),
                        group.samples < run.sampleBudget
                    else { return }
                }
                if run.isCheckpointDue(round: group.round, samples: group.samples) {
                    try await run.checkpoint(
                        state, at: group.position, sharedSteps: group.steps, isFirst: group.isFirst, on: rank,
                        .allRanks)
                }
                if rank.index == 0 {
                    let indices = group.indices(ofStep: group.steps)
                    let loss = try await rank.compute(
                        .step(samples: indices.count),
                        returning: {
                            run.descend(indices, dividedBy: indices.count, from: model, rate: 0.3, into: model)
                        })
                    losses.append(sum: loss, samples: indices.count)
                    let isLoud = Float(loss).bitPattern & 1 == 1
                    let content = isLoud ? model.copied() : ParameterVector([0])
                    try await rank.send(Message(content, weight: isLoud ? 1 : 0, purpose: .model), to: 1)
                } else if let message = try await rank.receive(from: 0), message.weight == 1 {
                    other.copy(from: message.vector)
                }
                group.finishUpdate()
            }
        }
    }
}

/// Nodes that train on their own data as they see them, each a model of its own, in epochs that all begin together: what is
/// evaluated is every node's.
struct OwnNodes: Strategy {
    let nodes: Int
    let partition: String
    var rankCount: Int { nodes }
    var hasFixedSchedule: Bool { true }
    var dataOfRanks: DataOfRanks? { DataOfRanks(partition, ranks: 0..<nodes) }

    func program(for run: TrainingRun) throws -> RankProgram {
        let objectives = try run.nodeObjectives(partition: partition, among: nodes)
        let samplesOfEpoch = objectives.reduce(0) { $0 + $1.shard.count }
        return { rank in
            let (objective, model) = (objectives[rank.index], run.initialParameters.copied())
            let losses = run.losses(of: rank.index, steps: 10)
            var (round, samples) = (0, 0)
            while true {
                if round == 0 || run.isEvaluationDue(from: samples - samplesOfEpoch, to: samples) {
                    let goesOn = try await run.evaluate(
                        model, of: .eachRank, round: round, samples: samples, on: rank)
                    guard goesOn, samples < run.sampleBudget else { return }
                }
                let shard = objective.shard[...]
                try await rank.compute(.step(samples: shard.count)) {
                    let loss = run.descend(
                        shard, dividedBy: shard.count, from: model, rate: 0.5, into: model, seenAs: objective.view)
                    losses.append(sum: loss, samples: shard.count)
                }
                round += 1
                samples += samplesOfEpoch
            }
        }
    }
}
