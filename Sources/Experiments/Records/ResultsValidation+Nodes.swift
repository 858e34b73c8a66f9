import Tasks
import Training

extension Results {
    /// Checks the nodes of a run in which nodes are judged one by one.
    func validateNodes(of run: RunRecord, _ name: String) throws(ExperimentError) {
        let (nodes, community) = (run.nodes ?? [], run.community ?? [])
        try require(
            (run.nodes == nil) == (run.community == nil), "\(name): community", run.community == nil ? "none" : "one",
            "one where there are nodes, and nowhere else")
        try require(
            run.nodes.map { (1...Self.largestRanks).contains($0.count) } ?? true, "\(name): nodes", nodes.count,
            "1 to \(Self.largestRanks)")
        let ranks = nodes.map(\.rank)
        try require(
            Set(ranks).count == ranks.count && ranks.allSatisfy((0..<Self.largestRanks).contains),
            "\(name): ranks of nodes", ranks, "distinct ranks below \(Self.largestRanks)")
        try validateClasses(of: run, name)
        for (index, node) in nodes.enumerated() {
            let name = "\(name): node \(index)"
            try validate(node.evaluations, name)
            try validateScores(of: node, name)
            try validateFigures(of: node, among: nodes.count, name)
        }
        for point in community { try validate(point, "\(name): community") }
    }

    private func validateClasses(of run: RunRecord, _ name: String) throws(ExperimentError) {
        let weights = (run.nodes ?? []).compactMap(\.classWeights)
        let classes = Set(weights.map(\.count)).sorted()
        try require(classes.count <= 1, "\(name): classWeights", "\(classes) classes", "as many for all nodes")
        for weights in weights {
            try require(
                weights.allSatisfy { (0...1).contains($0) } && abs(weights.reduce(0, +) - 1) < 1e-6,
                "\(name): classWeights", weights, "shares that add up to 1")
        }
        guard let text = run.testClasses else { return }
        let labels = TestClasses.labels(text)
        try require(
            labels.map { labels in labels.allSatisfy { $0 < classes.first ?? 0 } } ?? false, "\(name): testClasses",
            "another text", "a class of \(classes.first ?? 0) for each test sample, one of 0 to 9 and a to z")
        try require(
            testSamples == nil || text.utf8.count == testSamples, "\(name): testClasses", "\(text.utf8.count) samples",
            "\(testSamples ?? 0)")
    }

    private func validateScores(of node: NodeResult, _ name: String) throws(ExperimentError) {
        let own = node.own ?? []
        try require(
            node.own == nil || own.count == node.evaluations.count, "\(name): own", "\(own.count) scores",
            "one for each of \(node.evaluations.count) evaluations")
        for score in own {
            try require((0...1).contains(score.accuracy), "\(name): own accuracy", score.accuracy, "0 to 1")
            try requireAUC(score.auc, "\(name): own AUC")
        }
        try validateNumbers(of: node, name)
        guard let text = node.finalCorrect else { return }
        let bits = HexadecimalBytes.decode(text)
        let samples = testSamples ?? 8 * (bits?.count ?? 0)
        // The bits after the last sample's must be 0.
        let hasRest = samples % 8 == 0 || (bits?.last ?? 0) >> (samples % 8) == 0
        try require(
            bits?.count == (samples + 7) / 8 && hasRest, "\(name): finalCorrect", "other text",
            "hexadecimal digits with a bit for each of \(samples) test samples")
    }

    private func validateNumbers(of node: NodeResult, _ name: String) throws(ExperimentError) {
        guard node.finalScores != nil else { return }
        let count = node.sampleNumbers?.count
        try require(
            count != nil && count == testSamples ?? count, "\(name): finalScores", "\(count ?? 0) numbers",
            "a number in base 64 for each of \(testSamples ?? 0) test samples")
    }

    /// NaN stands for the AUC of a model that has none.
    func requireAUC(_ auc: Double?, _ figure: String) throws(ExperimentError) {
        guard let auc, !auc.isNaN else { return }
        try require((0...1).contains(auc), figure, auc, "0 to 1, or no number")
    }

    private func validateFigures(
        of node: NodeResult, among nodes: Int, _ name: String
    ) throws(ExperimentError) {
        let counts = [
            node.kind, node.trainedSamples, node.traffic?.bytesSent, node.traffic?.bytesReceived, node.chosenModel,
        ]
        for count in counts.compactMap(\.self) {
            try require(isCount(count), "\(name): a count", count, "0 to \(largestCount)")
        }
        let times = [node.time?.computeSeconds, node.time?.communicationSeconds, node.time?.waitingSeconds]
        for seconds in times.compactMap(\.self) {
            try require(isTime(seconds), "\(name): a time", seconds, "seconds, 0 or more")
        }
        try require(
            node.staleness.map { $0 >= 0 && $0.isFinite } ?? true, "\(name): staleness", node.staleness ?? 0,
            "a number of 0 or more")
        let listened = node.listened ?? []
        let isAscending = zip(listened, listened.dropFirst()).allSatisfy { $0.peer < $1.peer }
        try require(
            isAscending
                && listened.allSatisfy { (0..<nodes).contains($0.peer) && $0.weight >= 0 && $0.weight.isFinite },
            "\(name): listened", listened.map { "\($0.peer): \($0.weight)" },
            "weights of 0 or more of distinct nodes below \(nodes), in their order")
    }

    private func validate(_ point: CommunityPoint, _ name: String) throws(ExperimentError) {
        let accuracies = [
            point.meanAccuracy, point.worstAccuracy, point.lowestTenthAccuracy, point.averageAccuracy ?? 0,
        ]
        for accuracy in accuracies {
            try require((0...1).contains(accuracy), "\(name): an accuracy", accuracy, "0 to 1")
        }
        if let values = point.values, let bounds = plan.metric.bounds {
            for value in [values.mean, values.worst, values.worstTenth, values.average ?? values.mean] {
                try require(bounds.contains(value), "\(name): \(plan.metric.oneOfThem)", value, "\(bounds)")
            }
        }
        try require(isTime(point.clusterSeconds), "\(name): clusterSeconds", point.clusterSeconds, "seconds, 0 or more")
        for count in [point.round, point.samples, point.bytesSent] {
            try require(isCount(count), "\(name): a count", count, "0 to \(largestCount)")
        }
        // NaN is the distance of models that diverged.
        let distance = point.consensusDistance ?? 0
        try require(distance >= 0 || distance.isNaN, "\(name): consensusDistance", distance, "0 or more")
    }
}
