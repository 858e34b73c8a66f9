import Cluster
import Diagnostics
import Kernel
import Randomness
import Tasks
import Training

/// Whether the devices of a cluster can hold what a strategy asks of them.
extension StrategyPlan {
    /// The node of every rank; empty where threads of this machine are the cluster.
    func nodes(_ strategy: any Strategy, _ seeds: SeedSequence) -> [Node] {
        guard let cluster, fabric != .threads else { return [] }
        return cluster.nodes(ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds)
    }

    /// Checks the ranks that a strategy cannot do without: all but those that have data of their own.
    ///
    /// - Throws: ``ExperimentError`` naming the first rank that has too little memory with one of the seeds.
    func checkMemory(_ network: any Objective, seeds: [UInt64]) throws(ExperimentError) {
        guard fabric != .threads, cluster?.knowsMemory == true else { return }
        let strategy = try make()
        let dispensable = strategy.dataOfRanks?.ranks ?? 0..<0
        for seed in seeds {
            let nodes = nodes(strategy, SeedSequence(seed))
            let needed = nodes.indices.filter { !dispensable.contains($0) }
            let shortage = MemoryShortage(among: needed, memory: { nodes[$0].memoryBytes }) {
                strategy.memoryNeed(ofRank: $0, network, samples: 0)
            }
            guard let shortage else { continue }
            throw ExperimentError(
                """
                \(name) with seed \(seed): \(shortage.text), and it cannot go on without a rank; allowed are devices \
                with more memory\(strategy.workerCount > 1 ? ", more --workers" : "") or a smaller --batch
                """)
        }
    }

    /// Checks that some rank with data of its own can train.
    ///
    /// - Parameter shards: how many samples each of these ranks has.
    func checkClientMemory(_ network: any Objective, shards: [Int], seed: UInt64) throws(ExperimentError) {
        guard fabric != .threads, cluster?.knowsMemory == true else { return }
        let strategy = try make()
        guard let ranks = strategy.dataOfRanks?.ranks else { return }
        let nodes = nodes(strategy, SeedSequence(seed))
        let shortage = MemoryShortage(among: ranks, memory: { nodes[$0].memoryBytes }) {
            strategy.memoryNeed(ofRank: $0, network, samples: shards[$0 - ranks.lowerBound])
        }
        guard let shortage, shortage.ranks == shortage.of else { return }
        throw noClientLeft(shortage, seed: seed)
    }

    /// Checks that a recorded run would have had the same ranks on this plan's cluster. A rank with too little memory
    /// there is an error; a client with too little is never selected, which changes the model.
    func checkSameRanks(
        as record: RunRecord, on recorded: StrategyPlan, _ network: any Objective
    ) throws(ExperimentError) {
        let isAsked = [cluster, recorded.cluster].contains { $0?.knowsMemory == true }
        guard isAsked else { return }
        try checkMemory(network, seeds: [record.seed])
        let strategy = try make()
        guard let ranks = strategy.dataOfRanks?.ranks else { return }
        let seeds = SeedSequence(record.seed)
        let nodes = nodes(strategy, seeds)
        if nodes.map(\.memoryBytes) == recorded.nodes(strategy, seeds).map(\.memoryBytes) { return }
        // The shards' sizes are not known here, but the largest one is.
        let shortage = MemoryShortage(among: ranks, memory: { nodes[$0].memoryBytes }) {
            strategy.memoryNeed(ofRank: $0, network, samples: record.partitionSkew?.largestShard ?? 0)
        }
        guard record.memoryShortage != nil || shortage != nil else { return }
        throw ExperimentError(
            """
            \(name) with seed \(record.seed): \(shortage?.text ?? "clients were left out for lack of memory"), so that other \
            clients would be selected on this cluster than in the recorded run; make the run there
            """)
    }

    func noClientLeft(_ shortage: MemoryShortage, seed: UInt64) -> ExperimentError {
        ExperimentError(
            """
            \(name) with seed \(seed): none of \(shortage.of) clients can train: \(shortage.text); allowed are devices with \
            more memory, or a smaller --local-batch
            """)
    }
}

extension ClusterSpec {
    /// Whether a device's memory is given anywhere.
    var knowsMemory: Bool {
        worker.memoryBytes != nil || server?.memoryBytes != nil
            || devices.map { $0.figures[.memory] != nil || $0.kinds.contains { $0.figures[.memory] != nil } } ?? false
    }
}

extension MemoryShortage {
    /// `rank 3 has 1 MB of memory and needs 2.4 MB (parameters 796 kB, ...)`.
    package var text: String {
        func bytes(_ count: Int) -> String { Format.bytes(Double(count)) }
        var parts = ["parameters \(bytes(need.parameters))"]
        if need.gradient > 0 { parts.append("gradient \(bytes(need.gradient))") }
        if need.optimizerState > 0 { parts.append("optimizer state \(bytes(need.optimizerState))") }
        if need.activations > 0 {
            parts.append("activations of \(need.batch) sample\(need.batch == 1 ? "" : "s") \(bytes(need.activations))")
        }
        if need.sum > 0 { parts.append("sum of models \(bytes(need.sum))") }
        return """
            rank \(rank) has \(bytes(memoryBytes)) of memory and needs \(bytes(need.total)) \
            (\(parts.joined(separator: ", ")))
            """
    }
}
