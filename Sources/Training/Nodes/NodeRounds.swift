import Datasets
import Locking

/// How much the nodes of a job train in each round: H steps each, of a batch or of all that a node has.
///
/// The samples of a round are those of all nodes that take part in the job, also of those that have left it: so all nodes
/// agree on where in the budget a round is, and on its learning rate, without a message.
final class NodeRounds: Sendable {
    /// For each size of a node's data, in samples: the samples of a step, and how many nodes there are of this size.
    private let sizes: [(samples: Int, batch: Int, nodes: Int)]
    private let stepsPerRound: Int
    /// Samples that all nodes have trained on after 0, 1, ... rounds, as far as they were worked out.
    private let totals = Guarded([0])

    /// - Parameters:
    ///   - shards: samples of each node that trains.
    ///   - batch: B, samples of a step; nil for all of a node's samples.
    init(shards: [Int], batch: Int?, stepsPerRound: Int) {
        self.stepsPerRound = stepsPerRound
        let counts = shards.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        sizes = counts.sorted { $0.key < $1.key }.map { ($0.key, min(batch ?? $0.key, $0.key), $0.value) }
    }

    /// Samples that all nodes have trained on after so many rounds.
    func samples(after rounds: Int) -> Int {
        totals.withLock { totals in
            while totals.count <= rounds {
                let steps = totals.count * stepsPerRound
                totals.append(
                    sizes.reduce(0) { sum, size in
                        sum + size.nodes * NodeBatches.samples(before: steps, of: size.samples, batch: size.batch)
                    })
            }
            return totals[rounds]
        }
    }
}

extension TrainingRun {
    /// The nodes of a strategy without a server: what each has, the ranks that lack the memory to take part, and how much all
    /// others train.
    ///
    /// - Throws: ``DataError`` where the partition does not fit the data, ``MemoryError`` where no node has the memory.
    func nodes(
        _ options: NodeOptions, of strategy: some NodeStrategy
    ) throws -> (objectives: [NodeObjective], absent: Set<Int>, rounds: NodeRounds) {
        let objectives = try strategy.trainingObjectives(for: self)
        let capable = try capableRanks(of: 0..<options.workers) {
            strategy.memoryNeed(ofRank: $0, network, samples: objectives[$0].shard.count)
        }
        let rounds = NodeRounds(
            shards: capable.map { objectives[$0].shard.count }, batch: options.localBatch,
            stepsPerRound: options.syncEvery)
        return (objectives, Set(0..<options.workers).subtracting(capable), rounds)
    }
}

/// The batches of one node: epoch after epoch, each in a random order of its own; the last of an epoch may be short.
struct NodeBatches {
    private let shard: [Int32]
    let batch: Int
    /// The epoch's order, and which epoch it is of.
    private var order: [Int32]
    private var epoch = -1

    /// - Parameter batch: B, samples of a step; nil for the whole shard.
    init(_ shard: [Int32], batch: Int?) {
        self.shard = shard
        self.batch = max(1, min(batch ?? shard.count, shard.count))
        order = shard
    }

    private var stepsPerEpoch: Int { (shard.count + batch - 1) / batch }

    /// Samples of all steps before this one, for a node with `samples` samples in batches of `batch`.
    static func samples(before step: Int, of samples: Int, batch: Int) -> Int {
        let (epochs, rest) = step.quotientAndRemainder(dividingBy: max(1, (samples + batch - 1) / batch))
        return epochs * samples + min(rest * batch, samples)
    }

    func count(ofStep step: Int) -> Int {
        Self.samples(before: step + 1, of: shard.count, batch: batch)
            - Self.samples(before: step, of: shard.count, batch: batch)
    }

    /// The samples of a step.
    ///
    /// - Parameter shuffle: puts the samples of an epoch in order.
    mutating func indices(ofStep step: Int, shuffle: (_ order: inout [Int32], _ epoch: Int) -> Void) -> ArraySlice<
        Int32
    > {
        let (epoch, place) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        if epoch != self.epoch {
            self.epoch = epoch
            order.replaceSubrange(order.indices, with: shard)
            shuffle(&order, epoch)
        }
        return order[place * batch..<min((place + 1) * batch, order.count)]
    }
}
