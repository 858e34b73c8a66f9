/// Two levels: a binomial tree reduces to the first rank of every group, these leaders all-reduce as Rabenseifner does,
/// and a binomial tree broadcasts within the groups, so that between groups every vector travels once for a group and
/// not once for a rank (the hierarchical collectives of MagPIe, Kielmann et al. 1999; in training of Horovod and NCCL).
package struct HierarchicalAllReduce: CollectiveAlgorithm {
    private let groups: [Range<Int>]
    /// The group of every rank.
    private let groupOfRank: [Int]

    /// - Parameter groups: consecutive ranks each; together all, in order.
    package init(groups: [Range<Int>]) {
        var end = 0
        for group in groups {
            precondition(group.lowerBound == end && !group.isEmpty, "group \(group) after rank \(end)")
            end = group.upperBound
        }
        self.groups = groups
        groupOfRank = groups.enumerated().flatMap { index, group in group.map { _ in index } }
    }

    /// Groups of `size` ranks, the last of what is left.
    package static func groups(of size: Int, ranks: Int) -> [Range<Int>] {
        precondition(size > 0, "groups of \(size) ranks")
        return stride(from: 0, to: ranks, by: size).map { $0..<min($0 + size, ranks) }
    }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        precondition(ranks == groupOfRank.count, "groups of \(groupOfRank.count) ranks for \(ranks)")
        let group = groups[groupOfRank[rank]]
        let place = rank - group.lowerBound
        let reducing = BinomialReduce.stepCount(of: place, ranks: group.count)
        if index < reducing {
            return BinomialReduce().step(index, rank: place, of: group.count, elements: elements)?
                .renumbered { $0 + group.lowerBound }
        }
        var rest = index - reducing
        if place == 0 {
            let (leader, leaders) = (groupOfRank[rank], groups.count)
            let between = RabenseifnerAllReduce.stepCount(of: leader, ranks: leaders)
            if rest < between {
                return RabenseifnerAllReduce().step(rest, rank: leader, of: leaders, elements: elements)?
                    .renumbered { groups[$0].lowerBound }
            }
            rest -= between
        }
        return BinomialBroadcast().step(rest, rank: place, of: group.count, elements: elements)?
            .renumbered { $0 + group.lowerBound }
    }
}
