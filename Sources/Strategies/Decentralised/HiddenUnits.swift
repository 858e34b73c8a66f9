import Datasets
import Kernel
import Training

/// `--hidden-units`: how many units each hidden layer of a node's model has, for nodes of different architectures.
enum HiddenUnits {
    /// As many as the task's model has.
    static let all = "all"

    static func spec<Root: StrategyOptions>(
        _ property: WritableKeyPath<Root, String> & Sendable, _ help: String
    ) -> OptionSpec<Root> {
        OptionSpec(
            "hidden-units", property, .form(usages: [all, "64/0-5:16"]) { _ = try parse($0) },
            source: "Li and Wang 2019, section 4", help)
    }

    static func parse(_ text: String) throws(OptionError) -> PerNode<Int?> {
        try PerNode<Int?>(text) { word throws(OptionError) in
            if word == all { return nil }
            guard let units = Int(word), (1...Allowed.largestCount).contains(units) else {
                throw OptionError(
                    sentence: """
                        '\(word)' is no number of hidden units; allowed is '\(all)', or a whole number from 1 to \
                        \(Allowed.largestCount)
                        """)
            }
            return units
        }
    }

    /// By node; nil for all. Options are checked before they are used.
    static func values(_ text: String, nodes: Int) -> [Int?] {
        (try? parse(text))?.values(ofNodes: nodes) ?? Array(repeating: nil, count: nodes)
    }

    /// The largest node that is named; nil where none is.
    static func largestNode(_ text: String) -> Int? { (try? parse(text))?.largestNode }

    /// - Parameter name: of the option that wants so many units.
    /// - Throws: ``DataError`` where the network's hidden layers have fewer, or where it has none.
    static func check(_ count: Int, of name: String, _ network: Network) throws(DataError) {
        guard let widest = network.hiddenUnits.max() else {
            throw DataError(
                """
                \(name) is \(count), but the task's model has no hidden dense layer with a ReLU; allowed are tasks whose models \
                have one
                """)
        }
        guard count <= widest else {
            throw DataError("\(name) is \(count); allowed are from 1 to \(widest), as many as the task's model has")
        }
    }

    /// Makes the models of nodes that begin those of so many units.
    static func narrow(_ units: [Int?], _ state: NamedState, _ network: Network) {
        for (node, units) in units.enumerated() {
            guard let units else { continue }
            network.narrow(state.vector(StateDeclaration.parametersName, ofRank: node), toHiddenUnits: units)
        }
    }
}
