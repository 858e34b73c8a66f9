import Kernel

/// What the ranks of a simulated collective bring, and the arithmetic on it: once, in the order of ranks, whatever messages
/// are being played.
struct CollectiveNumbers {
    /// What each rank brought: its own vector where the sum replaces the vectors, else a copy.
    private(set) var deposits: [ParameterVector?]
    /// What ranks will compute and add, where they bring no vectors; empty where they do.
    private var contributions: [AllReduceRequest.Contribution] = []
    /// The ranks of the `contributions`, in the order in which they came.
    private var contributors: [Int] = []
    /// Length of the vectors that are added. It is the collective's own, or the whole gradient's where the messages are
    /// those of the gradient's last bucket.
    var summedElements: Int

    init(ranks: Int, elements: Int) {
        deposits = Array(repeating: nil, count: ranks)
        summedElements = elements
    }

    mutating func add(_ deposit: ParameterVector?, _ contribution: AllReduceRequest.Contribution?, of rank: Int) {
        deposits[rank] = deposit
        if let contribution {
            contributions.append(contribution)
            contributors.append(rank)
        }
    }

    /// - Parameters:
    ///   - ranks: in the collective.
    ///   - update: takes the sum; without one, it is copied to all ranks.
    mutating func combine(
        _ kind: CollectiveKind, ranks: Int, _ pool: HostPool, _ contributed: ContributionSum,
        _ update: AllReduceRequest.Update?
    ) {
        guard let update, !contributions.isEmpty, let reduction = kind.reduction else {
            return kind.combine(
                deposits.compactMap { $0 }, elements: summedElements, ranks: ranks, update, on: pool)
        }
        precondition(contributions.count == ranks, "\(contributions.count) of \(ranks) ranks contribute")
        let inOrder = zip(contributors, contributions).sorted { $0.0 < $1.0 }.map(\.1)
        contributed.reduce(
            inOrder, count: summedElements, scale: reduction.scale(ranks: ranks), pool, update)
        contributions = []
    }
}
