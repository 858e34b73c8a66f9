/// The message for a name that is not among those allowed: what was found, the nearest match, and the whole list.
public enum UnknownName {
    /// - Parameters:
    ///   - kind: what the name is of, such as "strategy".
    ///   - allowed: all names; listed in the order given.
    public static func message(_ kind: String, found: String, allowed: [String]) -> String {
        guard found.count <= longestName else {
            return ErrorText.message(
                "unknown \(kind) '\(found.prefix(longestName))...'. Allowed: \(allowed.joined(separator: ", "))")
        }
        let nearest = allowed.map { ($0, distance(found.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        var message = "unknown \(kind) '\(found)'"
        // Farther than a third of the word it is a guess, not a match.
        let isNear = nearest.map { $0.1 <= max(2, found.count / 3) } ?? false
        message += isNear ? "; did you mean '\(nearest?.0 ?? "")'?" : "."
        return message + " Allowed: " + allowed.joined(separator: ", ")
    }

    /// No name is longer, and the distance to one that is takes time.
    private static let longestName = 100

    /// The edit distance with insertions, deletions and substitutions (Levenshtein 1966).
    static func distance(_ first: String, _ second: String) -> Int {
        let (first, second) = (Array(first), Array(second))
        var row = Array(0...second.count)
        for (i, a) in first.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in second.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[second.count]
    }
}
