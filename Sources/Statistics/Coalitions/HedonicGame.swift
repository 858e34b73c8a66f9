/// A game in which every player cares only about its payoff in its own coalition, and cannot pass any of it on to
/// others (J. Drèze and J. Greenberg 1980, *Hedonic Coalitions: Optimality and Stability*).
///
/// Which structures last depends on what a dissatisfied player may do (A. Bogomolnaia and M. Jackson 2002, *The
/// Stability of Hedonic Coalition Structures*, Games and Economic Behavior 38):
/// - *individually rational*: nobody is worse off than alone;
/// - *individually stable*: nobody would be better off alone or in another coalition whose members do not object;
/// - *core stable*: no set of players would all be better off as a coalition of their own.
package struct HedonicGame: Sendable {
    package let players: Int
    /// Differences of payoffs up to this one matter to nobody.
    package let margin: Double
    /// Payoffs by the coalition's bits and by player; the payoffs of players who are no members do not matter.
    private let payoffs: [[Double]]

    /// - Parameters:
    ///   - players: how many, up to ``mostPlayers``.
    ///   - margin: 0 or more, in the unit of payoffs.
    ///   - payoff: the payoff of a member of a coalition.
    package init(players: Int, margin: Double = 0, payoff: (_ player: Int, _ coalition: Coalition) -> Double) {
        precondition((1...Self.mostPlayers).contains(players) && margin >= 0, "\(players) players, margin \(margin)")
        self.players = players
        self.margin = margin
        payoffs = (0..<(1 << players)).map { bits in
            let coalition = Coalition(bits: bits)
            return (0..<players).map { coalition.contains($0) ? payoff($0, coalition) : -.infinity }
        }
    }

    /// With more players there would be too many structures to try.
    package static let mostPlayers = 10

    /// The payoff of a member of a coalition.
    package func payoff(_ player: Int, in coalition: Coalition) -> Double { payoffs[coalition.bits][player] }

    private func alone(_ player: Int) -> Double { payoffs[1 << player][player] }

    /// Whether the player is better off in the first than in the second, by more than the margin.
    package func prefers(_ player: Int, _ first: Coalition, to second: Coalition) -> Bool {
        payoffs[first.bits][player] > payoffs[second.bits][player] + margin
    }

    /// The members that are worse off than alone.
    package func worseOffThanAlone(in coalition: Coalition) -> [Int] {
        coalition.members.filter { alone($0) > payoffs[coalition.bits][$0] + margin }
    }

    package func isIndividuallyRational(_ coalition: Coalition) -> Bool { worseOffThanAlone(in: coalition).isEmpty }

    // MARK: Stability

    /// The lasting structures, in the order of ``CoalitionStructure/forEach(of:_:)``.
    package struct Stable: Sendable {
        /// Structures that no other coalition of players prefers to leave.
        package let core: [CoalitionStructure]
        /// Structures that no single player leaves for a coalition whose members take it in.
        package let individual: [CoalitionStructure]
    }

    /// Finds the lasting structures by trying every structure.
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

    /// The sum of all payoffs.
    package func welfare(_ structure: CoalitionStructure) -> Double {
        structure.parts.reduce(0) { sum, part in part.members.reduce(sum) { $0 + payoffs[part.bits][$1] } }
    }
}

/// Whether the members of a coalition have nothing against a newcomer.
private struct Welcome {
    /// By the coalition's bits, the players whom all members take in, a bit each.
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

/// For each player and each coalition that it can be in, which coalitions it prefers: a set of coalitions, a bit each.
private struct Dissent {
    /// By player and by the bits of its coalition: the coalitions that it prefers, and those that it is not in.
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
