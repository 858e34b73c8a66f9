import Foundation
import FoundationXML
import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport

/// An XML document as its elements, read by a real parser.
struct XMLDocumentCheck {
    struct Element {
        let name: String
        let attributes: [String: String]
        var text = ""
    }

    let elements: [Element]

    /// - Throws: where the text is not well formed.
    init(_ text: String) throws {
        let reader = Reader()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = reader
        let isRead = parser.parse()
        guard isRead else {
            throw NotWellFormed(
                description:
                    "line \(parser.lineNumber), column \(parser.columnNumber): \(parser.parserError.map { "\($0)" } ?? "?")"
            )
        }
        elements = reader.elements
    }

    struct NotWellFormed: Error, CustomStringConvertible {
        let description: String
    }

    func all(_ name: String, _ has: String? = nil) -> [Element] {
        elements.filter { $0.name == name && (has == nil || $0.attributes[has ?? ""] != nil) }
    }

    /// Elements with such an attribute.
    func having(_ attribute: String, _ value: String? = nil) -> [Element] {
        elements.filter { $0.attributes[attribute] != nil && (value == nil || $0.attributes[attribute] == value) }
    }

    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [Element] = []
        private var open: [Int] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            open.append(elements.count)
            elements.append(Element(name: name, attributes: attributes))
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) { open.removeLast() }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            if let last = open.last { elements[last].text += text }
        }
    }
}

/// A comparison of many strategies and seeds that nothing was computed for: strategy k gets to the target k evaluations later.
func manyResults(strategies: Int, seeds: Int, evaluations: Int = 40) -> Results {
    let runs = (0..<strategies).flatMap { strategy in
        (1...UInt64(seeds)).map { seed -> RunRecord in
            let accuracies = (0..<evaluations).map { index in
                let progress = Double(index) / Double(8 + strategy)
                return 1 - 0.9 * exp(-3 * progress) - 0.001 * Double((UInt64(index) &* 7 &+ seed &* 13) % 11)
            }
            return record("strategy-\(strategy)", seed: seed, accuracies, clusterSeconds: Double(evaluations - 1))
        }
    }
    return communityResults(runs, testSamples: 400, target: 0.9)
}

extension Results {
    /// The results with other names for the table's rows.
    func renamed(_ name: (Int) -> String) -> Results {
        var copy = self
        for index in plan.strategies.indices {
            let (old, new) = (plan.strategies[index].name, name(index))
            copy.plan.strategies[index].name = new
            copy.runs = copy.runs.map { $0.strategy == old ? $0.renamed(new) : $0 }
        }
        return copy
    }
}

extension RunRecord {
    func renamed(_ name: String) -> RunRecord {
        var run = RunRecord(
            strategy: name, seed: seed, outcome: outcome, evaluations: evaluations, clusterSeconds: clusterSeconds,
            computeSeconds: computeSeconds, communicationSeconds: communicationSeconds, idleSeconds: idleSeconds,
            hostSeconds: hostSeconds, serverComputeSeconds: serverComputeSeconds, traffic: traffic,
            partitionSkew: partitionSkew, timings: timings)
        (run.nodes, run.community, run.testClasses) = (nodes, community, testClasses)
        return run
    }
}

/// Three strategies and three seeds, one of which never gets to the target: small enough for golden pictures.
func pictured() -> Results {
    let late = [0.1, 0.3, 0.5, 0.7, 0.9, 0.96, 0.96, 0.97, 0.97]
    let soon = [0.1, 0.6, 0.95, 0.96, 0.97, 0.97, 0.97, 0.98, 0.98]
    let never = [0.1, 0.2, 0.4, 0.6, 0.7, 0.75, 0.8, 0.8, 0.8]
    return results(
        (1...3).flatMap { seed -> [RunRecord] in
            let shift = 0.01 * Double(seed - 2)
            return [("single", late, 0), ("sync", soon, 40_000), ("federated", never, 5000)].map { name, curve, bytes in
                record(
                    name, seed: UInt64(seed), curve.map { max(0, $0 - 0.01 + shift) }, bytes: bytes, clusterSeconds: 8)
            }
        }, seeds: [1, 2, 3])
}
