public import Datasets
public import Kernel

extension TrainingConfiguration {
    /// The most samples that all nodes together have: with objectives, nodes of several kinds have the same samples.
    public func mostSamplesOfNodes(trainingSamples: Int) -> Int {
        let rule = objectives.flatMap { try? Objectives.parse($0) }
        return trainingSamples * (rule?.mostNodesOfASample ?? 1)
    }
}

/// What the nodes of a run train on and are judged by.
extension TrainingRun {
    /// The nodes' objectives, by node, made once a run: by the configuration's ``TrainingConfiguration/objectives``, or where
    /// it has none by the partition. How uneven the nodes' shards are goes into the record.
    ///
    /// Nodes are the last ranks of the run: what comes before them serves.
    ///
    /// - Parameters:
    ///   - partition: as `--partition` takes it.
    ///   - nodes: that have data of their own, at most as many as ranks.
    /// - Throws: ``DataError`` for an unknown partitioner or rule, or one that does not fit the data.
    public func nodeObjectives(partition: String, among nodes: Int) throws(DataError) -> [NodeObjective] {
        precondition(nodes <= rankCount, "\(nodes) nodes of \(rankCount) ranks")
        if let known = objectives.withLock({ $0 }) {
            precondition(known.count == nodes, "objectives of \(known.count) nodes, asked for \(nodes)")
            return known
        }
        let made = try data.nodeObjectives(
            of: configuration, partition: partition, among: nodes, seeds: seeds, shuffles: shuffles)
        if metric == .auc { try checkLabels(of: made) }
        let skew = PartitionSkew(
            of: made.map(\.shard), labels: data.training.labels, classes: data.training.classCount)
        record.withLock { $0.partitionSkew = skew }
        objectives.withLock { $0 = made }
        if configuration.objectives != nil { evaluator.judge(by: made) }
        return made
    }

    /// Every node needs test samples of both labels for an AUC.
    private func checkLabels(of objectives: [NodeObjective]) throws(DataError) {
        guard configuration.objectives != nil else { return }
        let judgement = Judgement(of: objectives, on: data.test)
        guard let node = objectives.indices.first(where: { !judgement.hasBothLabels($0) }) else { return }
        throw DataError(
            """
            node \(node) is judged by test samples of one label alone, of which no model has an AUC; allowed are objectives that \
            leave every node both labels, or another metric
            """)
    }

    /// The rank of the first node.
    var firstNode: Int { objectives.withLock { $0.map { rankCount - $0.count } } ?? 0 }

    /// Forward passes only: the sum of the losses and the correct answers of training samples, for choosing whom to listen to.
    /// To be called inside a computation of `.forward(samples:)`, which charges it.
    ///
    /// - Parameter view: how the samples are seen; nil for as they are.
    public func lossAndCorrect(
        of parameters: ParameterVector, on indices: ArraySlice<Int32>, seenAs view: SampleView? = nil
    ) -> (loss: Double, correct: Int) {
        var (loss, correct) = (0.0, 0)
        var rest = indices
        while !rest.isEmpty {
            let part = rest.prefix(Self.samplesPerForwardPass)
            rest = rest.dropFirst(part.count)
            let found = withBatch(part, seenAs: view) { network.lossAndCorrect(of: $0, at: parameters) }
            loss += found.loss
            correct += found.correct
        }
        return (loss, correct)
    }

    /// The logits of training samples, in their order. To be called inside a computation of `.forward(samples:)`, which charges
    /// it.
    ///
    /// - Parameters:
    ///   - result: `[samples, classes]`
    ///   - view: how the samples are seen; nil for as they are.
    public func outputs(
        of parameters: ParameterVector, on indices: ArraySlice<Int32>, into result: ParameterVector,
        seenAs view: SampleView? = nil
    ) {
        var rest = indices
        while !rest.isEmpty {
            let part = rest.prefix(Self.samplesPerForwardPass)
            withBatch(part, seenAs: view) {
                classifier.outputs(of: $0, at: parameters, into: result, from: part.startIndex - indices.startIndex)
            }
            rest = rest.dropFirst(part.count)
        }
    }

    /// As many samples as an evaluation takes at once: more need more memory and are no faster.
    private static let samplesPerForwardPass = 500
}
