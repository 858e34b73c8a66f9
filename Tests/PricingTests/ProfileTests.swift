import Foundation
import Testing

@testable import Pricing

@Suite struct ProfileTests {
    @Test func readsEveryKey() throws {
        var text = ProfileText()
        text.more = """
            "torch": "2.13", "training_samples": 50000, "flops_per_sample": 2.5e9, "busy_in_backward": 0.95,

            """
        text.steps = """
            [{"samples": 10, "forward": 0.1, "backward": 0.2, "update": 0.05, "p10_p90": [0.3, 0.4], "hooked_over_plain": 1.01}]
            """
        let profile = try text.parsed()
        #expect(profile.framework == "2.13")
        #expect(profile.trainingSamples == 50000)
        #expect(profile.flopsPerSample == 2.5e9)
        #expect(profile.busyInBackward == 0.95)
        #expect(profile.steps[0].spread == 0.3...0.4)
        #expect(profile.parameterCount == 4000)
        #expect(profile.warnings.count == 1, "\(profile.warnings)")
    }

    @Test func stepsBetweenMeasuredOnesAreInterpolatedAndOthersRefused() throws {
        var text = ProfileText()
        text.steps = """
            [{"samples": 10, "forward": 0.1, "backward": 0.2, "update": 0.05},
             {"samples": 30, "forward": 0.2, "backward": 0.6, "update": 0.05}]
            """
        let profile = try text.parsed()
        let step = try profile.step(of: 15)
        #expect(abs(step.forward - 0.125) < 1e-12)
        #expect(abs(step.backward - 0.3) < 1e-12)
        #expect(step.update == 0.05)
        for samples in [9, 31] {
            let error = #expect(throws: PricingError.self) { try profile.step(of: samples) }
            #expect(error?.description.contains("from 10 to 30 samples") == true)
        }
        let single = try ProfileText().parsed()
        let error = #expect(throws: PricingError.self) { try single.step(of: 11) }
        #expect(error?.description.contains("at 10 samples alone") == true)
    }

    /// What is wrong, where it says so, what was found and what is allowed.
    struct Broken: CustomTestStringConvertible {
        let what: String
        let text: String
        let parts: [String]
        var testDescription: String { what }

        init(_ what: String, _ parts: [String], _ change: (inout ProfileText) -> Void) {
            var text = ProfileText()
            change(&text)
            (self.what, self.text, self.parts) = (what, text.text, parts)
        }

        init(_ what: String, text: String, _ parts: [String]) {
            (self.what, self.text, self.parts) = (what, text, parts)
        }
    }

    private static let step = #""samples": 10, "forward": 0.1, "backward": 0.2, "update": 0.05"#

    static let broken: [Broken] = [
        Broken("empty", text: "", ["p.json:1", "not JSON", "the text ends"]),
        Broken("a list", text: "[1]", ["p.json:1", "a list of 1", "an object with the keys format"]),
        Broken("cut off", text: String(ProfileText().text.dropLast(5)), ["p.json:8", "not JSON"]),
        Broken("two keys", ["p.json:6", "'torch' stands twice"]) { $0.more = "\"torch\": \"1\", \"torch\": \"2\",\n" },
        Broken("an unknown key", ["p.json:6", "unknown key 'flops'", "Allowed: format"]) {
            $0.more = "\"flops\": 1,\n"
        },
        Broken("another format", ["p.json:2", "'format' is 'bench-profile-2'", "'bench-profile-1'"]) {
            $0.format = #""bench-profile-2""#
        },
        Broken("no name", ["p.json:3", "'name' is ''", "not empty"]) { $0.name = #""""# },
        Broken("a name that is a number", ["p.json:3", "'name' is 12", "a text"]) { $0.name = "12" },
        Broken("three bytes", ["p.json:4", "'bytes_per_number' is 3", "1, 2, 4 or 8"]) { $0.bytes = "3" },
        Broken("bytes as text", ["p.json:4", "'bytes_per_number' is '4'", "1, 2, 4 or 8"]) { $0.bytes = #""4""# },
        Broken("no steps", ["p.json:5", "'steps' is a list of 0", "1 to 1000 objects"]) { $0.steps = "[]" },
        Broken("a step without samples", ["p.json:5", "'steps[0].samples' is missing"]) {
            $0.steps = #"[{"forward": 1, "backward": 1, "update": 1}]"#
        },
        Broken("no samples", ["p.json:5", "'steps[0].samples' is 0", "1 to 1000000000"]) {
            $0.steps = "[{\(step.replacing("10", with: "0"))}]"
        },
        Broken("half a sample", ["p.json:5", "'steps[0].samples' is 10.5", "whole number"]) {
            $0.steps = "[{\(step.replacing("10", with: "10.5"))}]"
        },
        Broken("a negative time", ["p.json:5", "'steps[0].forward' is -0.1", "from 0 to 3600"]) {
            $0.steps = "[{\(step.replacing("0.1", with: "-0.1"))}]"
        },
        Broken("an endless time", ["p.json:5", "'steps[0].forward' is 1e999", "from 0 to 3600"]) {
            $0.steps = "[{\(step.replacing("0.1", with: "1e999"))}]"
        },
        Broken("no time", ["p.json:5", "'steps[0].backward' is 0", "above 0"]) {
            $0.steps = "[{\(step.replacing("0.2", with: "0"))}]"
        },
        Broken("steps out of order", ["p.json:6", "'steps[1].samples' is 10 behind 10", "ascending"]) {
            $0.steps = "[{\(step)},\n{\(step)}]"
        },
        Broken("hundredths the wrong way round", ["p.json:5", "'steps[0].p10_p90'", "two ascending numbers"]) {
            $0.steps = "[{\(step), \"p10_p90\": [2, 1]}]"
        },
        Broken("no gradient", ["p.json:1", "'tensors' is nothing", "either 'tensors'"]) {
            $0.gradient = "\"torch\": \"2\""
        },
        Broken("two gradients", ["p.json:6", "'buckets' is beside 'tensors'", "either"]) {
            $0.more = "\"buckets\": [],\n"
        },
        Broken("a tensor that is never ready", ["p.json:8", "'tensors[1].ready' is null", "from 0 to 1"]) {
            $0.gradient = $0.gradient.replacing("0.25", with: "null")
        },
        Broken("a tensor that is ready too late", ["p.json:8", "'tensors[1].ready' is 1.5", "from 0 to 1"]) {
            $0.gradient = $0.gradient.replacing("0.25", with: "1.5")
        },
        Broken("two tensors of a name", ["p.json:8", "'tensors[1].name' is 'a' for the second time"]) {
            $0.gradient = $0.gradient.replacing("\"b\"", with: "\"a\"")
        },
        Broken("an absurd tensor", ["p.json:8", "'tensors[1].numbers' is 1e18", "1 to 1000000000000"]) {
            $0.gradient = $0.gradient.replacing("3000", with: "1e18")
        },
        Broken("absurd tensors together", ["p.json:8", "'tensors[1].numbers' is 1000000001000 with those before"]) {
            $0.gradient = $0.gradient.replacing("3000", with: "1000000000000")
        },
        Broken("a tensor that is a number", ["p.json:7", "'tensors[0]' is 5", "an object with the keys name"]) {
            $0.gradient = "\"tensors\": [\n5]"
        },
        Broken("no training samples", ["p.json:6", "'training_samples' is 0"]) {
            $0.more = "\"training_samples\": 0,\n"
        },
        Broken("a device that was too busy", ["p.json:6", "'busy_in_backward' is 1.2", "from 0 to 1"]) {
            $0.more = "\"busy_in_backward\": 1.2,\n"
        },
    ]

    @Test(arguments: broken) func brokenProfilesAreRefused(_ broken: Broken) {
        let error = #expect(throws: PricingError.self) {
            try ProfileFile.parse(Array(broken.text.utf8), file: "p.json")
        }
        for part in broken.parts {
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "") has no '\(part)'")
        }
    }

    @Test func profilesThatAreNoFilesAreRefused() {
        for path in ["does-not-exist.json", "."] {
            let error = #expect(throws: PricingError.self) { try ProfileFile.read(path) }
            #expect(error?.description.contains("cannot be read") == true)
        }
    }

    /// An empty file is there, and is no profile.
    @Test func emptyFilesAreSaidToBeEmpty() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("empty-\(UUID().uuidString)")
        try Data().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let profile = #expect(throws: PricingError.self) { try ProfileFile.read(url.path) }
        #expect(profile?.description.hasSuffix(":1: not JSON: the text ends where a value is expected") == true)
        let curve = #expect(throws: PricingError.self) { try LearningCurve.read(url.path) }
        #expect(curve?.description.hasSuffix(": empty") == true, "\(curve?.description ?? "")")
    }

    @Test func aByteOrderMarkIsNoPartOfAProfile() throws {
        let text = "\u{FEFF}" + ProfileText().text
        #expect(try ProfileFile.parse(Array(text.utf8), file: "p.json") == ProfileText().parsed())
    }

    @Test func bytesOfANumberAreToldAsTheyAreAllowed() throws {
        for bytes in ["\"4\"", "3", "9"] {
            var text = ProfileText()
            text.bytes = bytes
            let error = #expect(throws: PricingError.self) { try text.parsed() }
            #expect(error?.description.contains("allowed is 1, 2, 4 or 8: bytes") == true)
        }
    }

    // MARK: Curves

    @Test func targetsAreReachedWhereTheCurveStays() throws {
        let text = "samples,accuracy\n0,10%\n100,76%\n200,74%\n300,75%\n400,0.8\n"
        let curve = try LearningCurve.parse(text, file: "c.csv")
        #expect(curve.samples(to: 0.75) == 300)
        #expect(curve.samples(to: 0.05) == 0)
        #expect(curve.samples(to: 0.81) == nil)
    }

    @Test(arguments: [
        ("samples,loss\n1,2\n", "no column 'accuracy'"), ("samples,accuracy\n", "no points"),
        ("samples,accuracy\n5,0.1\n5,0.2\n", "c.csv:3: samples is '5'"),
        ("samples,accuracy\n5,170%\n", "c.csv:2: accuracy"),
    ]) func brokenCurvesAreRefused(text: String, part: String) {
        let error = #expect(throws: PricingError.self) { try LearningCurve.parse(text, file: "c.csv") }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
}
