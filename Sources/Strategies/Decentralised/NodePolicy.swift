import Diagnostics
import Training

/// A value for all nodes, with exceptions for some of them: `model/5:nothing/7-9:head`.
struct PerNode<Value: Hashable & Sendable>: Hashable, Sendable {
    private let usual: Value
    /// Exceptions in the order of writing; the last one that names a node counts.
    private let exceptions: [Exception]

    private struct Exception: Hashable {
        let nodes: ClosedRange<Int>
        let value: Value
    }

    /// - Parameter parse: parses a value, or throws what is wrong with it.
    /// - Throws: ``OptionError`` for an exception that is not in that form, or a value that `parse` does not accept.
    init(_ text: String, parse: (String) throws(OptionError) -> Value) throws(OptionError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        usual = try parse(parts[0])
        var exceptions: [Exception] = []
        for part in parts.dropFirst() {
            let words = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard words.count == 2, let nodes = Self.nodes(words[0]) else {
                throw OptionError(
                    sentence: """
                        '\(part)' of '\(text)' is no exception; allowed behind the value of all nodes are nodes and their value, \
                        such as '/5:\(parts[0])' or '/7-9:\(parts[0])'
                        """)
            }
            exceptions.append(Exception(nodes: nodes, value: try parse(words[1])))
        }
        self.exceptions = exceptions
    }

    /// The nodes of `5` or `7-9`; nil for other text.
    private static func nodes(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = ends[0], first >= 0 else { return nil }
        guard ends.count > 1 else { return first...first }
        guard ends.count == 2, let last = ends[1], first <= last else { return nil }
        return first...last
    }

    subscript(node: Int) -> Value { exceptions.last { $0.nodes.contains(node) }?.value ?? usual }

    func values(ofNodes count: Int) -> [Value] { (0..<count).map { self[$0] } }

    /// The largest node that is named; nil without exceptions.
    var largestNode: Int? { exceptions.map(\.nodes.upperBound).max() }
}

extension PerNode where Value: CaseIterable & RawRepresentable<String> {
    /// Parses names of an enumeration.
    init(_ text: String) throws(OptionError) {
        try self.init(text) { name throws(OptionError) in
            guard let value = Value(rawValue: name) else {
                let names = Value.allCases.map(\.rawValue)
                throw OptionError(sentence: UnknownName.message("value", found: name, allowed: names))
            }
            return value
        }
    }

    /// The names, and an example of exceptions.
    static var usages: [String] {
        let names = Value.allCases.map(\.rawValue)
        return names + ["\(names[0])/5:\(names[1])/7-9:\(names[names.count - 1])"]
    }
}

/// Nodes, each with a round: `5@10/6@20`, or `none`.
struct NodeRoundList: Hashable, Sendable {
    /// The round of each node.
    let rounds: [Int: Int]

    static let none = "none"
    static let usages = [none, "5@10/6@20"]

    /// - Throws: ``OptionError`` for text that is not in that form.
    init(_ text: String) throws(OptionError) {
        var rounds: [Int: Int] = [:]
        if text != Self.none {
            for part in text.split(separator: "/", omittingEmptySubsequences: false) {
                let numbers = part.split(separator: "@", omittingEmptySubsequences: false).map { Int($0) }
                guard numbers.count == 2, let node = numbers[0], let round = numbers[1], node >= 0, round >= 1 else {
                    throw OptionError(
                        sentence: """
                            '\(part)' of '\(text)' is no node and round; allowed is '\(Self.none)', or nodes from 0 on and rounds \
                            from 1 on such as '5@10/6@20'
                            """)
                }
                guard rounds.updateValue(round, forKey: node) == nil else {
                    throw OptionError(
                        sentence: "'\(text)' names node \(node) twice; allowed is one round for each node")
                }
            }
        }
        self.rounds = rounds
    }
}

/// Who belongs to a community when. All nodes know this.
struct Membership: Hashable, Sendable {
    let joins: [Int: Int]
    let leaves: [Int: Int]
    let nodes: Int

    func contains(_ node: Int, round: Int) -> Bool {
        round >= joins[node] ?? 0 && round < leaves[node] ?? .max
    }

    /// The members in a round, in ascending order.
    func members(ofRound round: Int) -> [Int] { (0..<nodes).filter { contains($0, round: round) } }

    /// The nodes that join or leave in a round, and announce it.
    func changes(inRound round: Int) -> Set<Int> {
        Set((joins.filter { $0.value == round } + leaves.filter { $0.value == round }).map(\.key))
    }

    /// The last round up to this one in which a node joined; 0 where none did.
    func lastJoin(upTo round: Int) -> Int { joins.values.filter { $0 <= round }.max() ?? 0 }

    /// Why nodes cannot join and leave in this way; nil where they can.
    var problem: String? {
        for (name, rounds) in [("joins", joins), ("leaves", leaves)] {
            if let node = rounds.keys.filter({ $0 >= nodes }).min() {
                return "\(name) names node \(node); allowed are nodes from 0 to \(nodes - 1)"
            }
        }
        for (node, left) in leaves.sorted(by: { $0.key < $1.key }) {
            if let joined = joins[node], joined >= left {
                return """
                    node \(node) leaves in round \(left), and joins in round \(joined); allowed are rounds of leaving after that of \
                    joining
                    """
            }
        }
        return nil
    }
}
