/// What each player adds to a coalition on average over all orders in which they can join (L. Shapley 1953, *A Value for
/// n-Person Games*).
package enum ShapleyValue {
    /// - Parameters:
    ///   - players: how many, up to 20 or so.
    ///   - value: the value of a coalition; has to be 0 for the empty one.
    /// - Returns: a value for each player; they add up to the value of all players together.
    /// - Complexity: O(n 2^n).
    package static func of(_ players: Int, _ value: (Coalition) -> Double) -> [Double] {
        let values = [0] + Coalition.everyOne(of: players).map(value)
        // A set of s others is exactly the set of players before a given one in s! (n - s - 1)! / n! of all orders.
        var weights = [1 / Double(max(1, players))]
        for size in 1..<max(1, players) { weights.append(weights[size - 1] * Double(size) / Double(players - size)) }
        return (0..<players).map { player in
            values.indices.reduce(0) { sum, bits in
                let coalition = Coalition(bits: bits)
                guard !coalition.contains(player) else { return sum }
                return sum + weights[coalition.count] * (values[coalition.with(player).bits] - values[bits])
            }
        }
    }
}
