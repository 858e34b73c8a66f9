package import Statistics

/// What a run's nodes achieved together.
extension RunRecord {
    /// When the last of all nodes reached a target on its own distribution; infinite where one node did not. Nil
    /// without nodes.
    package func lastNodeTime(to target: Target) -> SteppedValue? {
        guard let nodes, !nodes.isEmpty else { return nil }
        let times = nodes.map { TimeToTarget($0.ownCurve, target: target).sustainedTime }
        return times.max { $0.value < $1.value }
    }

    /// Whether the kinds of the run's nodes are known and there are several.
    package var hasKinds: Bool { Set((nodes ?? []).map(\.kind)).count > 1 }

    /// The share of models of a node's own kind in the weight with which nodes took in models of others; nil where
    /// nobody took in any or the kinds are not known.
    package var shareListenedWithinKind: Double? {
        guard hasKinds, let nodes else { return nil }
        let (own, all) = nodes.indices.reduce((0.0, 0.0)) { sums, node in
            let (own, all) = listened(node)
            return (sums.0 + own, sums.1 + all)
        }
        return all > 0 ? own / all : nil
    }

    /// For one node, the share of models of its own kind in the weight with which it took in models of others; nil
    /// where it took in none or the kinds are not known.
    package func shareListenedWithinKind(_ node: Int) -> Double? {
        guard hasKinds else { return nil }
        let (own, all) = listened(node)
        return all > 0 ? own / all : nil
    }

    /// The weight with which a node took in models of others: those of its own kind, and all.
    private func listened(_ node: Int) -> (own: Double, all: Double) {
        guard let nodes else { return (0, 0) }
        let others = (nodes[node].listened ?? []).filter { $0.peer != node && nodes.indices.contains($0.peer) }
        let own = others.filter { nodes[$0.peer].kind == nodes[node].kind }
        return (own.reduce(0) { $0 + $1.weight }, others.reduce(0) { $0 + $1.weight })
    }

    /// The share of pairs of distinct nodes that are of the same kind: the value of ``shareListenedWithinKind`` if
    /// nodes listened to all others equally.
    package var shareOfKindsByChance: Double? {
        guard hasKinds, let nodes, nodes.count > 1 else { return nil }
        let counts = Dictionary(nodes.map { ($0.kind, 1) }, uniquingKeysWith: +).values
        return Double(counts.reduce(0) { $0 + $1 * ($1 - 1) }) / Double(nodes.count * (nodes.count - 1))
    }

    /// The share of nodes whose chosen model is the one that stands for their kind. Models are assigned to kinds, one
    /// model to a kind at most, so that this share is largest. Nil where nobody chose or the kinds are not known.
    package var clusterAccuracy: Double? {
        guard hasKinds, let nodes, nodes.contains(where: { $0.chosenModel != nil }) else { return nil }
        let kinds = Set(nodes.compactMap(\.kind)).sorted()
        let models = Set(nodes.compactMap(\.chosenModel)).sorted()
        let counts = models.map { model in
            kinds.map { kind in nodes.count { $0.chosenModel == model && $0.kind == kind } }
        }
        return Double(Assignment.largestSum(counts)) / Double(nodes.count)
    }
}

extension StrategySummary {
    /// The time in seconds at which the last node reached the target, over seeds; nil where a run has no nodes.
    package var lastNodeTime: SpreadSummary? {
        let times = runs.compactMap { $0.lastNodeTime(to: target) }
        return times.count == runs.count ? SpreadSummary(times, scale: .logarithmic) : nil
    }
}
