/// Some of the players of a game: a set of numbers, the players being numbered from 0.
package struct Coalition: Hashable, Sendable {
    /// Player i is a member where bit i is 1.
    package let bits: Int

    package init(bits: Int) {
        precondition(bits >= 0, "bits \(bits)")
        self.bits = bits
    }

    package init(_ members: some Sequence<Int>) { bits = members.reduce(0) { $0 | 1 << $1 } }

    package static func all(of players: Int) -> Coalition { Coalition(bits: (1 << players) - 1) }

    /// Every coalition that has a member, in ascending order of bits: 2^players - 1 of them.
    package static func everyOne(of players: Int) -> [Coalition] { (1..<(1 << players)).map(Coalition.init(bits:)) }

    package var count: Int { bits.nonzeroBitCount }
    package var isEmpty: Bool { bits == 0 }
    /// The members in ascending order.
    package var members: [Int] { (0..<(Int.bitWidth - bits.leadingZeroBitCount)).filter(contains) }

    package func contains(_ player: Int) -> Bool { bits >> player & 1 == 1 }
    package func with(_ player: Int) -> Coalition { Coalition(bits: bits | 1 << player) }
    package func without(_ player: Int) -> Coalition { Coalition(bits: bits & ~(1 << player)) }
}

/// A partition of all players: coalitions of which no two share a member.
package struct CoalitionStructure: Hashable, Sendable {
    /// The coalitions in the order of their least members.
    package let parts: [Coalition]

    package init(_ parts: [Coalition]) {
        self.parts = parts.sorted { $0.bits.trailingZeroBitCount < $1.bits.trailingZeroBitCount }
    }

    /// Calls `body` for every structure; there are as many as Bell's number, 115,975 for ten players.
    ///
    /// - Parameter body: called with the coalition of each player.
    static func forEach(of players: Int, _ body: ([Coalition]) -> Void) {
        var parts: [Int] = []
        func place(_ player: Int) {
            guard player < players else {
                var own = Array(repeating: Coalition(bits: 0), count: players)
                for bits in parts {
                    let part = Coalition(bits: bits)
                    for member in part.members { own[member] = part }
                }
                return body(own)
            }
            for index in parts.indices {
                parts[index] |= 1 << player
                place(player + 1)
                parts[index] &= ~(1 << player)
            }
            parts.append(1 << player)
            place(player + 1)
            parts.removeLast()
        }
        place(0)
    }
}
