/// Ranks that take part in a collective, in ascending order: all, or those that remain.
struct RankGroup {
    let count: Int
    /// The ranks of the group, ascending; empty where they are 0..<count.
    private let ranks: [Int]
    private let places: [Int: Int]

    init(all count: Int) {
        (self.count, ranks, places) = (count, [], [:])
    }

    /// - Parameter ranks: ascending.
    init(_ ranks: [Int]) {
        count = ranks.count
        self.ranks = ranks
        places = Dictionary(uniqueKeysWithValues: ranks.enumerated().map { ($0.element, $0.offset) })
    }

    var isWhole: Bool { ranks.isEmpty }
    var first: Int { ranks.first ?? 0 }
    var all: [Int] { isWhole ? Array(0..<count) : ranks }

    func rank(at place: Int) -> Int { isWhole ? place : ranks[place] }
    func contains(_ rank: Int) -> Bool { isWhole ? rank < count : places[rank] != nil }

    /// - Precondition: the rank is one of the group.
    func place(of rank: Int) -> Int {
        if isWhole { return rank }
        guard let place = places[rank] else {
            preconditionFailure("rank \(rank) is not among the \(count) ranks that remain")
        }
        return place
    }

    /// The racks or sites, numbered by places in the group, without those that all ranks have left.
    func groups(_ groups: [Range<Int>]?) -> [Range<Int>]? {
        guard !isWhole, let groups else { return groups }
        var start = 0
        return groups.compactMap { group in
            let size = ranks.count { group.contains($0) }
            defer { start += size }
            return size == 0 ? nil : start..<start + size
        }
    }
}
