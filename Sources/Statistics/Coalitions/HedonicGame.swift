/// A game in which every player cares for what it gets in its own coalition, and cannot pass any of that on to others (J. Drèze
/// and J. Greenberg 1980, *Hedonic Coalitions: Optimality and Stability*).
///
/// Which structures last is a question of what somebody who is dissatisfied may do (A. Bogomolnaia and M. Jackson 2002, *The
/// Stability of Hedonic Coalition Structures*, Games and Economic Behavior 38):
/// - *individually rational*: nobody is worse off than alone;
/// - *individually stable*: nobody would be better off by going over to another coalition, or alone, whose members have
///   nothing against that;
/// - *core stable*: there are no players who would all be better off as a coalition of their own.
package struct HedonicGame: Sendable {
    package let players: Int
    /// What is no more than this is no difference to anybody.
    package let margin: Double
    /// By the coalition's bits and by player; what players get who are no members does not matter.
    private let payoffs: [[Double]]

    /// - Parameters:
    ///   - players: up to ``mostPlayers``.
    ///   - margin: 0 or more, in the payoffs' unit.
    ///   - payoff: of a member of a coalition.
    package init(players: Int, margin: Double = 0, payoff: (_ player: Int, _ coalition: Coalition) -> Double) {
        precondition((1...Self.mostPlayers).contains(players) && margin >= 0, "\(players) players, margin \(margin)")
        self.players = players
        self.margin = margin
        payoffs = (0..<(1 << players)).map { bits in
            let coalition = Coalition(bits: bits)
            return (0..<players).map { coalition.contains($0) ? payoff($0, coalition) : -.infinity }
        }
    }

    /// More structures than those of so many players nobody waits for.
    package static let mostPlayers = 10

    /// What a member gets.
    package func payoff(_ player: Int, in coalition: Coalition) -> Double { payoffs[coalition.bits][player] }

    private func alone(_ player: Int) -> Double { payoffs[1 << player][player] }

    /// Whether the player is better off in the first than in the second, by more than the margin.
    package func prefers(_ player: Int, _ first: Coalition, to second: Coalition) -> Bool {
        payoffs[first.bits][player] > payoffs[second.bits][player] + margin
    }

    /// Members that are worse off than alone.
    package func worseOffThanAlone(in coalition: Coalition) -> [Int] {
        coalition.members.filter { alone($0) > payoffs[coalition.bits][$0] + margin }
    }

    package func isIndividuallyRational(_ coalition: Coalition) -> Bool { worseOffThanAlone(in: coalition).isEmpty }

    // MARK: Stability

    /// Structures that last, in the order of ``CoalitionStructure``s.
    package struct Stable: Sendable {
        /// Those against which no coalition forms.
        package let core: [CoalitionStructure]
        /// Those that nobody leaves for a coalition that takes them in.
        package let individual: [CoalitionStructure]
    }

    /// Tries every structure.
    ///
    /// - Complexity: of ten players, 115,975 structures in a few seconds.
    package func stable() -> Stable {
        let dissent = Dissent(self)
        let welcome = Welcome(self)
        var (core, individual): ([CoalitionStructure], [CoalitionStructure]) = ([], [])
        CoalitionStructure.forEach(of: players) { own in
            guard own.enumerated().allSatisfy({ alone($0) <= payoffs[$1.bits][$0] + margin }) else { return }
            if !dissent.isBlocked(own) { core.append(structure(own)) }
            if isIndividuallyStable(own, welcome) { individual.append(structure(own)) }
        }
        return Stable(core: core, individual: individual)
    }

    private func structure(_ own: [Coalition]) -> CoalitionStructure { CoalitionStructure(Array(Set(own))) }

    private func isIndividuallyStable(_ own: [Coalition], _ welcome: Welcome) -> Bool {
        let parts = Set(own)
        return own.enumerated().allSatisfy { player, current in
            parts.allSatisfy { part in
                part == current || !welcome.isTaken(player, part)
                    || !prefers(player, part.with(player), to: current)
            }
        }
    }

    /// The sum of what all get.
    package func welfare(_ structure: CoalitionStructure) -> Double {
        structure.parts.reduce(0) { sum, part in part.members.reduce(sum) { $0 + payoffs[part.bits][$1] } }
    }
}

/// Whether the members of a coalition have nothing against a newcomer.
private struct Welcome {
    /// By the coalition's bits: those whom all members take in.
    private let taken: [Int]

    init(_ game: HedonicGame) {
        taken = (0..<(1 << game.players)).map { bits in
            let coalition = Coalition(bits: bits)
            return (0..<game.players).reduce(0) { taken, player in
                let isTaken =
                    !coalition.contains(player)
                    && coalition.members.allSatisfy { !game.prefers($0, coalition, to: coalition.with(player)) }
                return isTaken ? taken | 1 << player : taken
            }
        }
    }

    func isTaken(_ player: Int, _ coalition: Coalition) -> Bool { taken[coalition.bits] >> player & 1 == 1 }
}

/// Which coalitions each player would rather be in, for each of those that it can be in: a set of coalitions, a bit each.
private struct Dissent {
    /// By player and by the bits of its coalition: those that it prefers, and those that it is no member of.
    private let agreeable: [[[UInt64]]]
    private let words: Int

    init(_ game: HedonicGame) {
        let count = 1 << game.players
        let words = (count + 63) / 64
        self.words = words
        agreeable = (0..<game.players).map { player in
            (0..<count).map { current in
                guard current >> player & 1 == 1 else { return [] }
                var set = Array(repeating: UInt64(0), count: words)
                for other in 1..<count {
                    let isAgreeable =
                        other >> player & 1 == 0
                        || game.prefers(player, Coalition(bits: other), to: Coalition(bits: current))
                    if isAgreeable { set[other / 64] |= 1 << UInt64(other % 64) }
                }
                return set
            }
        }
    }

    /// Whether there is a coalition all of whose members prefer it to their own.
    func isBlocked(_ own: [Coalition]) -> Bool {
        (0..<words).contains { word in
            own.enumerated().reduce(~UInt64(0)) { $0 & agreeable[$1.offset][$1.element.bits][word] } != 0
        }
    }
}
