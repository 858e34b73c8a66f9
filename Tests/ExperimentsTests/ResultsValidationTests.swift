import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Tasks
@testable import TestSupport

/// Files of the right form with figures that cannot be: each is refused by name, and none ends the program.
@Suite struct ResultsValidationTests {
    struct Edit: CustomTestStringConvertible, Sendable {
        let find: String
        let replace: String
        let says: String
        var testDescription: String { replace }

        init(_ find: String, _ replace: String, says: String) {
            (self.find, self.replace, self.says) = (find, replace, says)
        }
    }

    static let edits = [
        Edit("\"clusterSeconds\" : 4", "\"clusterSeconds\" : 1e300", says: "seconds"),
        Edit("\"clusterSeconds\" : 4", "\"clusterSeconds\" : \"inf\"", says: "inf"),
        Edit("\"idleSeconds\" : 1", "\"idleSeconds\" : -1e300", says: "seconds, 0 or more"),
        Edit("\"fraction\" : 0.25", "\"fraction\" : 1e30", says: "fraction"),
        Edit("\"fraction\" : 0.25", "\"fraction\" : \"nan\"", says: "fraction"),
        Edit("\"workers\" : 4", "\"workers\" : 0", says: "workers is 0"),
        Edit("\"clients\" : 20", "\"clients\" : 9223372036854775807", says: "clients"),
        Edit("\"bytesSent\" : 4000", "\"bytesSent\" : 9223372036854775807", says: "a count"),
        Edit("\"bytesTotal\" : 4000", "\"bytesTotal\" : -1", says: "traffic"),
        Edit("\"target\" : 0.95", "\"target\" : \"nan\"", says: "plan.target"),
        Edit("\"testAccuracy\" : 0.5", "\"testAccuracy\" : 1.5", says: "testAccuracy: found 1.5"),
        Edit("\"strategy\" : \"sync\"", "\"strategy\" : \"synk\"", says: "synk"),
        Edit("\"name\" : \"sync\"", "\"name\" : \"synk\"", says: "found sync, allowed is synk"),
        Edit("\"seed\" : 1", "\"seed\" : 7", says: "a seed of the plan"),
        Edit("\"repetitions\" : 1", "\"repetitions\" : 0", says: "plan.repetitions: found 0"),
        Edit(
            "\"testSamples\" : 360", "\"initialParametersSHA256\" : \"6eb\", \"testSamples\" : 360",
            says: "initialParametersSHA256: found 6eb, allowed is 64 hexadecimal digits"),
        Edit("\"testSamples\" : 360", "\"testSamples\" : 0", says: "testSamples: found 0"),
        Edit("\"sweepSeconds\" : 0.002", "\"sweepSeconds\" : 0", says: "a control: found 0.0"),
        Edit("\"samples\" : 1280", "\"samples\" : 12", says: "go back"),
        Edit("\"baseRate\" : 0.2", "\"baseRate\" : 1e39", says: "learning rate: found 1e+39"),
        Edit("\"baseRate\" : 0.2", "\"baseRate\" : \"inf\"", says: "learning rate: found inf"),
        Edit("\"evaluateEveryEpochs\" : 1", "\"evaluateEveryEpochs\" : 0", says: "evaluateEveryEpochs: found 0.0"),
        Edit("\"local-epochs\" : 2", "\"local-epochs\" : 9223372036854775807", says: "local-epochs is"),
        Edit("\"local-batch\" : 10", "\"local-batch\" : 0", says: "local-batch is 0"),
        Edit("\"batch\" : 64", "\"batch\" : 9223372036854775807", says: "sync: batch is"),
        Edit("\"momentum\" : 0", "\"momentum\" : 1", says: "momentum: found 1.0"),
        Edit("\"momentum\" : 0", "\"kind\" : \"lamb\"", says: "an optimizer 'lamb'; allowed are sgd, adam, adamw"),
        Edit(
            "\"momentum\" : 0", "\"kind\" : \"adam\", \"beta1\" : 1, \"beta2\" : 0.9, \"epsilon\" : 1e-8",
            says: "beta1: found 1.0, allowed is 0 to below 1"),
        Edit(
            "\"momentum\" : 0", "\"kind\" : \"adamw\", \"beta1\" : 0, \"beta2\" : 0.9, \"epsilon\" : 0",
            says: "epsilon: found 0.0, allowed is 1e-30 to 1.0"),
        Edit(
            "\"baseRate\" : 0.2,", "\"baseRate\" : 0.2, \"referenceBatch\" : 0,", says: "referenceBatch: found 0"),
    ]

    @Test(arguments: edits) func aFigureThatCannotBeIsNamed(_ edit: Edit) throws {
        let text = String(
            decoding: try ResultsFile.encode(
                results([record(timings: timings([1])), record("federated", timings: timings([1]))], seeds: [1])),
            as: UTF8.self)
        let changed = text.replacing(edit.find, with: edit.replace)
        #expect(changed != text, "there is no '\(edit.find)' to edit in\n\(text)")
        let error = #expect(throws: ReportError.self) {
            // With the checksum that belongs to it, or that would be what is named.
            let text = SealedJSON.unseal(Data(changed.utf8))?.text ?? Data()
            return try ResultsFile.decode(SealedJSON.seal(text), file: "results.json")
        }
        #expect(error?.description.hasPrefix("results.json: ") == true)
        #expect(error?.description.contains(edit.says) == true, "\(error?.description ?? "")")
    }

    @Test func runsStrategiesAndSeedsStandOnce() {
        #expect(throws: ExperimentError.self) { try results([record(), record()], seeds: [1]).validate() }
        #expect(throws: ExperimentError.self) { try results([record()], seeds: [1, 1]).validate() }
        #expect(throws: ExperimentError.self) { try results([record()], seeds: []).validate() }
        #expect(throws: Never.self) { try results([record(), record(seed: 2)], seeds: [1, 2]).validate() }
    }
}
