/// How algorithms for powers of two treat other numbers of ranks, n = 2^k + f: the first 2f ranks fold in pairs, the
/// even one into the odd one, and the odd ones and the rest take the 2^k positions (Thakur, Rabenseifner and Gropp
/// 2005, section 4.4).
struct PowerOfTwoCore {
    let ranks: Int
    /// k
    let rounds: Int
    /// f
    let folded: Int

    init(ranks: Int) {
        self.ranks = ranks
        rounds = Int.bitWidth - 1 - ranks.leadingZeroBitCount
        folded = ranks - (1 << rounds)
    }

    var positions: Int { 1 << rounds }

    /// Whether the rank gives its part to another and waits for the result.
    func isFoldedAway(_ rank: Int) -> Bool { rank < 2 * folded && rank.isMultiple(of: 2) }

    /// Whether the rank takes in another.
    func isHost(_ rank: Int) -> Bool { rank < 2 * folded && !rank.isMultiple(of: 2) }

    /// The position, from 0 to 2^k - 1, of a rank that is not folded away.
    func position(of rank: Int) -> Int { rank < 2 * folded ? rank / 2 : rank - folded }

    func rank(at position: Int) -> Int { position < folded ? 2 * position + 1 : position + folded }

    /// The ranks that the positions stand for: their own and those that they took in.
    func ranks(at positions: Range<Int>) -> Range<Int> {
        func first(_ position: Int) -> Int { position < folded ? 2 * position : position + folded }
        return first(positions.lowerBound)..<first(positions.upperBound)
    }

    /// The steps of a rank: `fold` of a pair first, `unfold` last, and `core` with the round in between.
    func step(
        _ index: Int, rank: Int, rounds coreRounds: Int, foldedBytes: Int, unfoldedBytes: Int,
        core: (_ round: Int, _ position: Int) -> CollectiveStep
    ) -> CollectiveStep? {
        if isFoldedAway(rank) {
            switch index {
            case 0: return .send(to: rank + 1, bytes: foldedBytes)
            case 1: return .receive(from: rank + 1)
            default: return nil
            }
        }
        var round = index
        if isHost(rank) {
            if index == 0 { return .receive(from: rank - 1) }
            if index == coreRounds + 1 { return .send(to: rank - 1, bytes: unfoldedBytes) }
            round = index - 1
        }
        return round < coreRounds ? core(round, position(of: rank)) : nil
    }
}

/// The bytes of the `parts` of a vector of `elements` floats that is split evenly into `count` parts.
func bytes(ofParts parts: Range<Int>, of count: Int, elements: Int) -> Int {
    guard !parts.isEmpty else { return 0 }
    let vector = 0..<elements
    let range =
        vector.part(parts.lowerBound, of: count).lowerBound..<vector.part(parts.upperBound - 1, of: count).upperBound
    return range.count * bytesPerElement
}
