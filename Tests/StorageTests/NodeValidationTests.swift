import Foundation
import Testing

@testable import Experiments
@testable import Storage
@testable import TestSupport

/// Files of the right form with figures of nodes that cannot be: each is refused by name.
@Suite struct NodeValidationTests {
    struct Edit: CustomTestStringConvertible, Sendable {
        let find, replace, says: String
        var testDescription: String { replace }

        init(_ find: String, _ replace: String, says: String) {
            (self.find, self.replace, self.says) = (find, replace, says)
        }
    }

    static let edits = [
        Edit("\"rank\" : 1", "\"rank\" : 0", says: "ranks of nodes: found [0, 0], allowed is distinct ranks"),
        Edit("\"kind\" : 1", "\"kind\" : -1", says: "node 1: a count: found -1"),
        Edit("\"trainedSamples\" : 640", "\"trainedSamples\" : -640", says: "node 0: a count: found -640"),
        Edit("\"accuracy\" : 0.3", "\"accuracy\" : 1.3", says: "node 0: own accuracy: found 1.3, allowed is 0 to 1"),
        Edit("\"finalCorrect\" : \"0700\"", "\"finalCorrect\" : \"07\"", says: "a bit for each of 10 test samples"),
        Edit("\"finalCorrect\" : \"0700\"", "\"finalCorrect\" : \"07x0\"", says: "node 0: finalCorrect"),
        // Bit 15 of ten.
        Edit("\"finalCorrect\" : \"0700\"", "\"finalCorrect\" : \"0780\"", says: "node 0: finalCorrect"),
        Edit("0.75\n", "0.5\n", says: "classWeights: found [0.25, 0.5], allowed is shares that add up to 1"),
        Edit("\"testClasses\" : \"0101010101\"", "\"testClasses\" : \"01\"", says: "testClasses: found 2 samples"),
        Edit("\"testClasses\" : \"0101010101\"", "\"testClasses\" : \"0101010102\"", says: "a class of 2 for each"),
        Edit("\"peer\" : 1", "\"peer\" : 2", says: "node 0: listened: found [\"2: 0.5\"]"),
        Edit("\"weight\" : 0.5", "\"weight\" : -0.5", says: "node 0: listened"),
        Edit("\"staleness\" : 1.5", "\"staleness\" : -1.5", says: "node 1: staleness: found -1.5"),
        Edit("\"waitingSeconds\" : 0.5", "\"waitingSeconds\" : -0.5", says: "node 0: a time: found -0.5"),
        Edit("\"bytesReceived\" : 2000", "\"bytesReceived\" : -1", says: "node 0: a count: found -1"),
        Edit("\"chosenModel\" : 1", "\"chosenModel\" : -1", says: "node 0: a count"),
        Edit("\"worstAccuracy\" : 0.1", "\"worstAccuracy\" : -0.1", says: "community: an accuracy: found -0.1"),
        Edit("\"consensusDistance\" : 2.5", "\"consensusDistance\" : -2.5", says: "consensusDistance: found -2.5"),
        Edit("\"community\" : [", "\"communities\" : [", says: "community: found none, allowed is one where there are"),
    ]

    private func results() -> Results {
        let nodes = [
            node(0, answers(right: 3, of: 10), kind: 0, weights: [0.25, 0.75], listened: [1: 0.5], chosen: 1),
            node(1, answers(right: 7, of: 10), kind: 1, weights: [1, 0], staleness: 1.5),
        ]
        var run = record("dpsgd", nodes: nodes, classes: "0101010101")
        run.community = CommunityPoint.curve(
            of: nodes.map(\.ownCurve),
            [.init(round: 0, samples: 0, distance: 2.5, averageAccuracy: 0.1, averageLoss: 2)])
        return communityResults([run], testSamples: 10)
    }

    @Test func whatIsRightIsRead() throws { #expect(throws: Never.self) { try results().validate() } }

    @Test(arguments: edits) func aFigureThatCannotBeIsNamed(_ edit: Edit) throws {
        let text = String(decoding: try ResultsFile.encode(results()), as: UTF8.self)
        let changed = text.replacing(edit.find, with: edit.replace, maxReplacements: 1)
        #expect(changed != text, "there is no '\(edit.find)' to edit in\n\(text)")
        let error = #expect(throws: ReportError.self) {
            // With the checksum that belongs to it, or that would be what is named.
            let text = SealedJSON.unseal(Data(changed.utf8))?.text ?? Data()
            return try ResultsFile.decode(SealedJSON.seal(text), file: "results.json")
        }
        #expect(error?.description.contains(edit.says) == true, "\(error?.description ?? "")")
    }
}
