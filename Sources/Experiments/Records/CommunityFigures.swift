package import Statistics

/// What a run's nodes did together.
extension RunRecord {
    /// When the last of all nodes reached a target by its own distribution; never where one did not. Nil without nodes.
    package func lastNodeTime(to target: Target) -> SteppedValue? {
        guard let nodes, !nodes.isEmpty else { return nil }
        let times = nodes.map { TimeToTarget($0.ownCurve, target: target).sustainedTime }
        return times.max { $0.value < $1.value }
    }

    /// Whether the kinds of its nodes are known and are several.
    package var hasKinds: Bool { Set((nodes ?? []).map(\.kind)).count > 1 }

    /// Of the weight with which nodes took in others' models, the share of models of their own kind; nil where nobody listened
    /// to others or the kinds are not known.
    package var shareListenedWithinKind: Double? {
        guard hasKinds, let nodes else { return nil }
        let (own, all) = nodes.indices.reduce((0.0, 0.0)) { sums, node in
            let (own, all) = listened(node)
            return (sums.0 + own, sums.1 + all)
        }
        return all > 0 ? own / all : nil
    }

    /// The same of one node.
    package func shareListenedWithinKind(_ node: Int) -> Double? {
        guard hasKinds else { return nil }
        let (own, all) = listened(node)
        return all > 0 ? own / all : nil
    }

    /// The weight of others' models that a node took in: of its own kind, and in all.
    private func listened(_ node: Int) -> (own: Double, all: Double) {
        guard let nodes else { return (0, 0) }
        let others = (nodes[node].listened ?? []).filter { $0.peer != node && nodes.indices.contains($0.peer) }
        let own = others.filter { nodes[$0.peer].kind == nodes[node].kind }
        return (own.reduce(0) { $0 + $1.weight }, others.reduce(0) { $0 + $1.weight })
    }

    /// The share of those pairs of distinct nodes that are of one kind: what ``shareListenedWithinKind`` is where nodes listen
    /// to all others alike.
    package var shareOfKindsByChance: Double? {
        guard hasKinds, let nodes, nodes.count > 1 else { return nil }
        let counts = Dictionary(nodes.map { ($0.kind, 1) }, uniquingKeysWith: +).values
        return Double(counts.reduce(0) { $0 + $1 * ($1 - 1) }) / Double(nodes.count * (nodes.count - 1))
    }

    /// The share of nodes whose chosen model is that of their kind, where every model stands for the kind that makes this share
    /// the largest, and no two for one; nil where nobody chose or the kinds are not known.
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
    /// Over seeds, the time at which the last node reached the target; nil where a run has no nodes.
    package var lastNodeTime: SpreadSummary? {
        let times = runs.compactMap { $0.lastNodeTime(to: target) }
        return times.count == runs.count ? SpreadSummary(times, scale: .logarithmic) : nil
    }
}
