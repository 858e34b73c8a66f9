import Datasets

/// What the models of a run's nodes are judged by: each node's distribution over the test set, and the mixture of all.
///
/// A node sees the whole test set its own way (its view), and of groups of test samples, which are classes or users, some
/// weigh for it and others do not. What a model gets right is counted once for each view and group; the score of every node
/// follows from these counts exactly.
struct Judgement: Sendable {
    /// How test samples are seen, each way once.
    let views: [SampleView?]
    /// The group of each test sample, `[N]`; nil where all are one.
    let groups: [UInt16]?
    /// Test samples of each group.
    let groupSizes: [Int]
    /// The view and the groups' weights of each node, by node.
    let nodes: [Node]
    /// What each view and group weighs in the mixture of the nodes' distributions; the sum is 1.
    private let mixture: [[Double]]
    /// The labels of the test samples, `[N]`.
    private let labels: [UInt8]

    struct Node: Sendable {
        let view: Int
        /// What each group of test samples weighs for the node, by group; the sum is 1.
        let weights: [Double]
    }

    /// What a model made of some of the test samples, all seen one way.
    struct Counts: Sendable {
        /// The sum of the losses of each group's samples, by group; `correct` counts the samples that the model is
        /// right about.
        var losses: [Double]
        var correct: [Int]
        /// The model's score of each sample, by test sample; empty where the metric is no AUC.
        var scores: [Float] = []
    }

    /// - Parameter objectives: those of all nodes; at least one.
    init(of objectives: [NodeObjective], on test: Dataset) {
        var places: [SampleView?: Int] = [:]
        var views: [SampleView?] = []
        let byClass = objectives.contains { $0.classWeights != nil }
        let byUser = objectives.contains { $0.user != nil }
        let groups = byClass ? test.labels.map(UInt16.init) : byUser ? test.users : nil
        var sizes = [Int](repeating: 0, count: byClass ? test.classCount : byUser ? test.userCount : 1)
        if let groups { for group in groups { sizes[Int(group)] += 1 } } else { sizes[0] = test.count }
        nodes = objectives.map { objective in
            let view = objective.view.flatMap { $0.changesNothing ? nil : $0 }
            if places[view] == nil {
                places[view] = views.count
                views.append(view)
            }
            return Node(view: places[view] ?? 0, weights: Self.weights(of: objective, sizes))
        }
        var mixture = views.map { _ in [Double](repeating: 0, count: sizes.count) }
        for node in nodes {
            for (group, weight) in node.weights.enumerated() { mixture[node.view][group] += weight }
        }
        self.views = views
        self.groups = groups
        labels = test.labels
        groupSizes = sizes
        // Divided here, so that the weights of one view and group alone are 1 exactly.
        self.mixture = mixture.map { $0.map { $0 / Double(objectives.count) } }
    }

    /// What each group weighs for a node; groups without a test sample cannot weigh anything.
    private static func weights(of objective: NodeObjective, _ sizes: [Int]) -> [Double] {
        if let classes = objective.classWeights {
            let present = zip(classes, sizes).map { $1 > 0 ? $0 : 0 }
            let total = present.reduce(0, +)
            let isWhole = present == classes
            return isWhole ? classes : present.map { $0 / total }
        }
        if let user = objective.user { return sizes.indices.map { $0 == user ? 1 : 0 } }
        return [1]
    }

    func group(of sample: Int) -> Int { groups.map { Int($0[sample]) } ?? 0 }

    /// The score of a node's own distribution.
    ///
    /// - Parameter counts: by view, of all test samples.
    func own(_ node: Int, _ counts: [Counts]) -> OwnScore {
        let (view, weights) = (nodes[node].view, nodes[node].weights)
        let score = score(counts[view], weights)
        guard !counts[view].scores.isEmpty else { return score }
        return OwnScore(accuracy: score.accuracy, loss: score.loss, auc: area([counts[view]], [weights]))
    }

    /// The score of the mixture of all nodes' distributions.
    func everybody(_ counts: [Counts]) -> OwnScore {
        let parts = zip(counts, mixture).map { score($0, $1) }
        let hasScores = counts.contains { !$0.scores.isEmpty }
        return OwnScore(
            accuracy: parts.reduce(0) { $0 + $1.accuracy }, loss: parts.reduce(0) { $0 + $1.loss },
            auc: hasScores ? area(counts, mixture) : nil)
    }

    /// The area under the ROC curve of test samples that are seen in several ways, each with a weight for each group.
    private func area(_ counts: [Counts], _ weights: [[Double]]) -> Double {
        guard counts.count > 1 || groups != nil else { return AreaUnderROC.of(counts[0].scores, labels: labels) }
        let bySample = weights.flatMap { weights in
            labels.indices.map { sample in
                let group = group(of: sample)
                return weights[group] / Double(groupSizes[group])
            }
        }
        return AreaUnderROC.of(
            counts.flatMap(\.scores), labels: counts.flatMap { _ in labels }, weights: bySample)
    }

    /// Whether test samples of label 0 and of others weigh for a node: otherwise its models have no AUC.
    func hasBothLabels(_ node: Int) -> Bool {
        let present = Set(labels.indices.filter { nodes[node].weights[group(of: $0)] > 0 }.map { labels[$0] == 0 })
        return present.count == 2
    }

    private func score(_ counts: Counts, _ weights: [Double]) -> OwnScore {
        var (accuracy, loss) = (0.0, 0.0)
        for (group, weight) in weights.enumerated() where weight > 0 {
            accuracy += weight * (Double(counts.correct[group]) / Double(groupSizes[group]))
            loss += weight * (counts.losses[group] / Double(groupSizes[group]))
        }
        return OwnScore(accuracy: accuracy, loss: loss)
    }
}

extension [OwnScore] {
    /// The mean over nodes. Where all are alike it is their score to the last bit, as before training, when all nodes have the
    /// same model: then a table's strategies begin with the same loss however many nodes they have.
    var mean: OwnScore {
        func mean(_ value: (OwnScore) -> Double) -> Double {
            guard let first = first.map(value) else { return 0 }
            return allSatisfy { value($0) == first } ? first : reduce(0) { $0 + value($1) } / Double(count)
        }
        let hasAreas = !isEmpty && allSatisfy { $0.auc != nil }
        return OwnScore(
            accuracy: mean(\.accuracy), loss: mean(\.loss), auc: hasAreas ? mean { $0.auc ?? .nan } : nil)
    }
}
