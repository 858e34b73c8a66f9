import Testing

@testable import Pricing

/// More wrong profiles, in addition to ``ProfileTests``: forty and more together, each answered with its line, what was
/// found and what is allowed.
@Suite struct ProfileErrorTests {
    typealias Broken = ProfileTests.Broken

    /// The usual profile with a part of its text replaced.
    private static func changed(_ what: String, _ old: String, _ new: String, _ parts: [String]) -> Broken {
        Broken(what, text: ProfileText().text.replacing(old, with: new), parts)
    }

    private static let step = #""samples": 10, "forward": 0.1, "backward": 0.2, "update": 0.05"#

    static let ofKeys: [Broken] = [
        changed(
            "no device", #""device": "a card", "#, "", ["p.json:1", "'device' is missing", "a text that is not empty"]),
        changed(
            "a source that is true", #""a test""#, "true", ["p.json:3", "'source' is true", "a text that is not empty"]),
        Broken("a source of 10,001 letters", ["p.json:3", "'name' is ", "up to 10000 characters"]) {
            $0.name = "\"\(String(repeating: "n", count: 10_001))\""
        },
        Broken("no operations", ["p.json:6", "'flops_per_sample' is 0", "a number from 1 to 1e+18"]) {
            $0.more = "\"flops_per_sample\": 0,\n"
        },
        Broken("operations in words", ["p.json:6", "'flops_per_sample' is '2 GFLOP'", "a number from 1"]) {
            $0.more = "\"flops_per_sample\": \"2 GFLOP\",\n"
        },
        Broken("half a sample to train on", ["p.json:6", "'training_samples' is 0.5", "a whole number from 1"]) {
            $0.more = "\"training_samples\": 0.5,\n"
        },
        Broken("a device that is less than idle", ["p.json:6", "'busy_in_backward' is -0.1", "from 0 to 1"]) {
            $0.more = "\"busy_in_backward\": -0.1,\n"
        },
        Broken("a version that is a number", ["p.json:6", "'torch' is 2.1", "a text that is not empty"]) {
            $0.more = "\"torch\": 2.1,\n"
        },
        Broken("bytes that are nothing", ["p.json:4", "'bytes_per_number' is null", "1, 2, 4 or 8"]) {
            $0.bytes = "null"
        },
    ]

    static let ofSteps: [Broken] = [
        Broken("steps that are one", ["p.json:5", "'steps' is an object", "a list of 1 to 1000 objects"]) {
            $0.steps = "{\(step)}"
        },
        Broken("a step that is a number", ["p.json:5", "'steps[0]' is 3", "an object with the keys samples, forward"]) {
            $0.steps = "[3]"
        },
        Broken(
            "a step in milliseconds", ["p.json:5", "unknown key of 'steps[0]' 'forward_ms'", "did you mean 'forward'"]
        ) {
            $0.steps = "[{\(step.replacing("forward", with: "forward_ms"))}]"
        },
        Broken("a step of more than an hour", ["p.json:5", "'steps[0].update' is 3601", "from 0 to 3600"]) {
            $0.steps = "[{\(step.replacing("0.05", with: "3601"))}]"
        },
        Broken("hundredths of one number", ["p.json:5", "'steps[0].p10_p90' is a list of 1", "two ascending numbers"]) {
            $0.steps = "[{\(step), \"p10_p90\": [2]}]"
        },
        Broken("hooks that took no time", ["p.json:5", "'steps[0].hooked_over_plain' is 0", "from 0.01 to 1000"]) {
            $0.steps = "[{\(step), \"hooked_over_plain\": 0}]"
        },
        Broken("a time that is no number", ["p.json:5", "not JSON"]) {
            $0.steps = "[{\(step.replacing("0.05", with: "NaN"))}]"
        },
        Broken("1001 steps", ["p.json:5", "'steps' is a list of 1001", "1 to 1000 objects"]) {
            $0.steps = "[" + (1...1001).map { "{\(step.replacing("10", with: "\($0)"))}" }.joined(separator: ",") + "]"
        },
    ]

    static let ofGradients: [Broken] = [
        Broken("no tensors", ["p.json:6", "'tensors' is a list of 0", "1 to 100000 objects"]) {
            $0.gradient = "\"tensors\": []"
        },
        Broken("tensors by name", ["p.json:6", "'tensors' is an object", "a list of 1 to 100000 objects"]) {
            $0.gradient = "\"tensors\": {\"a\": 3}"
        },
        Broken("a tensor without a name", ["p.json:7", "'tensors[0].name' is missing"]) {
            $0.gradient = $0.gradient.replacing("\"name\": \"a\", ", with: "")
        },
        Broken(
            "a tensor with a shape",
            ["p.json:7", "unknown key of 'tensors[0]' 'shape'", "Allowed: name, numbers, ready"]
        ) {
            $0.gradient = $0.gradient.replacing("\"ready\": 1.0", with: "\"ready\": 1.0, \"shape\": [10, 100]")
        },
        Broken("a tensor of nothing", ["p.json:8", "'tensors[1].numbers' is 0", "from 1 to 1000000000000"]) {
            $0.gradient = $0.gradient.replacing("3000", with: "0")
        },
        Broken("less than no tensor", ["p.json:8", "'tensors[1].numbers' is -3000", "from 1 to 1000000000000"]) {
            $0.gradient = $0.gradient.replacing("3000", with: "-3000")
        },
        Broken("a tensor that is ready before", ["p.json:8", "'tensors[1].ready' is -0.25", "from 0 to 1"]) {
            $0.gradient = $0.gradient.replacing("0.25", with: "-0.25")
        },
        Broken("a tensor with two sizes", ["p.json:8", "'numbers' stands twice"]) {
            $0.gradient = $0.gradient.replacing("3000", with: "3000, \"numbers\": 4000")
        },
        Broken("a bucket that is never ready", ["p.json:6", "'buckets[0].ready' is missing"]) {
            $0.gradient = "\"buckets\": [{\"name\": \"1\", \"numbers\": 10}]"
        },
    ]

    static let ofText: [Broken] = [
        Broken("two profiles", text: ProfileText().text + "\n{}", ["p.json:11", "not JSON"]),
        Broken("a comment", text: "// mine\n" + ProfileText().text, ["p.json:1", "not JSON"]),
        Broken("brackets in brackets", text: String(repeating: "[", count: 100_000), ["p.json:1", "not JSON"]),
        changed("single quotes", "\"small\"", "'small'", ["p.json:3", "not JSON"]),
        changed("a decimal comma", "0.05", "0,05", ["p.json:5", "not JSON"]),
    ]

    @Test(arguments: ofKeys + ofSteps + ofGradients + ofText) func brokenProfilesAreRefused(_ broken: Broken) {
        let error = #expect(throws: PricingError.self) {
            try ProfileFile.parse(Array(broken.text.utf8), file: "p.json")
        }
        for part in broken.parts {
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "") has no '\(part)'")
        }
        #expect(error?.description.contains("\n") == false)
    }

    @Test func thereAreFortyOfThem() {
        let own = Self.ofKeys.count + Self.ofSteps.count + Self.ofGradients.count + Self.ofText.count
        #expect(own + ProfileTests.broken.count >= 40)
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let bytes = Array(ProfileText().text.utf8).map { $0 == UInt8(ascii: "a") ? 0xFF : $0 }
        let error = #expect(throws: PricingError.self) { try ProfileFile.parse(bytes, file: "p.json") }
        #expect(error?.description.hasPrefix("p.json:") == true, "\(error?.description ?? "")")
    }
}
