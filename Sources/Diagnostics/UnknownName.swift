/// The message for a name that is not among those allowed: what was found, the nearest match, and the whole list.
package enum UnknownName {
    /// - Parameters:
    ///   - kind: what the name is of, such as "strategy".
    ///   - allowed: all names; listed in the order given.
    package static func message(_ kind: String, found: String, allowed: [String]) -> String {
        let nearest = nearest(to: found, among: allowed)
        var message = "unknown \(kind) '\(shortened(found))'"
        message += nearest.map { "; did you mean '\($0)'?" } ?? "."
        message += " Allowed: " + allowed.prefix(mostListed).joined(separator: ", ")
        if allowed.count > mostListed { message += " and \(allowed.count - mostListed) more" }
        return ErrorText.message(message)
    }

    /// The most names that a message lists; nobody reads more, such as all nodes of a network.
    private static let mostListed = 100
    /// The longest name, in characters, that is compared: a longer one is not mistyped, and would take long.
    private static let mostCompared = 100

    private static func shortened(_ text: String) -> String {
        text.count > mostCompared ? "\(text.prefix(mostCompared))..." : text
    }

    /// The first of the names that are most alike; nil where none is near enough to be meant.
    package static func nearest(to found: String, among allowed: [String]) -> String? {
        let word = Array(found.lowercased().prefix(mostCompared + 1))
        guard word.count <= mostCompared else { return nil }
        // Farther than a third of the word it is a guess, not a match.
        var best: (name: String, distance: Int)?
        var most = max(2, found.count / 3)
        for name in allowed {
            // Names differ by at least the difference of their lengths; the shorter way to see it is by bytes.
            let other = name.lowercased()
            guard other.utf8.count <= 4 * (word.count + most) else { continue }
            let letters = Array(other)
            guard abs(letters.count - word.count) <= most else { continue }
            let distance = distance(word, letters)
            guard distance <= most else { continue }
            best = (name, distance)
            // The first of several that are as near stays.
            most = distance - 1
            if most < 0 { break }
        }
        return best?.name
    }

    /// The edit distance with insertions, deletions and substitutions (Levenshtein 1966).
    static func distance(_ first: String, _ second: String) -> Int { distance(Array(first), Array(second)) }

    private static func distance(_ first: [Character], _ second: [Character]) -> Int {
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
