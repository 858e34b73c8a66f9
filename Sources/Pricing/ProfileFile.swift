import Diagnostics
import Foundation

/// Reads a profile, `bench-profile-1`:
///
///     {"format": "bench-profile-1", "name": "resnet50-b128", "device": "V100-SXM2-16GB",
///      "torch": "2.13",                      (optional)
///      "source": "who, when, command",
///      "bytes_per_number": 4,                (of the gradient on the wire: 2 where it is sent in half precision)
///      "training_samples": 1281167,          (optional; what clients share)
///      "flops_per_sample": 2.4e10,           (optional; for strategies whose coding computes)
///      "busy_in_backward": 0.95,             (optional; of a recorded trace)
///      "steps": [{"samples": 64, "forward": 0.061, "backward": 0.122, "update": 0.004,
///                 "p10_p90": [0.185, 0.191], "hooked_over_plain": 1.01}],   (the last two optional)
///      "tensors": [{"name": "conv1.weight", "numbers": 9408, "ready": 1.0},
///                  {"name": "fc.bias", "numbers": 1000, "ready": 0.001}]}
///
/// Times are in seconds. `tensors` are in the order of the forward pass, and `ready` is the share of the backward pass after which
/// the gradient is there. A profile from a trace has `buckets` instead, in the order of sending.
public struct ProfileFile {
    /// The value of `format`.
    public static let format = "bench-profile-1"
    /// The most bytes that are read, far more than the profile of any model needs.
    static let mostBytes = 16 << 20
    static let mostParts = 100_000
    static let mostSteps = 1000
    static let mostNumbers = 1_000_000_000_000
    static let mostSamples = 1_000_000_000
    static let longestSeconds = 3600.0

    /// - Throws: ``PricingError`` with file, line, key, what was found and what is allowed.
    public static func read(_ path: String) throws(PricingError) -> StepProfile {
        let data = try BoundedFile.read(path, "profile", most: mostBytes)
        guard data.count <= mostBytes else {
            throw PricingError("profile '\(path)' is larger than 16 MiB, which is the most that is read")
        }
        return try parse([UInt8](data), file: path)
    }

    /// What some editors write before a text, and what is no part of it.
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// - Parameter file: the name for error messages.
    package static func parse(_ bytes: [UInt8], file: String) throws(PricingError) -> StepProfile {
        let root: JSONNode
        do throws(JSONText.Failure) {
            root = try JSONNode.parse(bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes)
        } catch { throw PricingError("\(file):\(error.line): not JSON: \(error.reason)") }
        return try profile(ProfileFields(file, "a profile", root, allowed: keys))
    }

    private static let keys = [
        "format", "name", "device", "torch", "source", "bytes_per_number", "training_samples", "flops_per_sample",
        "busy_in_backward", "steps", "tensors", "buckets",
    ]

    private static func profile(_ fields: ProfileFields) throws(PricingError) -> StepProfile {
        let found = try fields.text("format")
        guard found == format else { throw fields.error("format", "'\(found)'", "'\(format)'") }
        let sizes = "1, 2, 4 or 8: bytes of a gradient's number on the wire"
        guard let bytes = try fields.count("bytes_per_number", 1...8, words: sizes), [1, 2, 4, 8].contains(bytes) else {
            throw fields.error("bytes_per_number", nil, sizes)
        }
        return StepProfile(
            name: try fields.text("name"), device: try fields.text("device"),
            framework: fields.has("torch") ? try fields.text("torch") : nil, source: try fields.text("source"),
            bytesPerNumber: bytes, steps: try steps(fields), gradient: try gradient(fields),
            flopsPerSample: try fields.number("flops_per_sample", 1...1e18),
            trainingSamples: try fields.count("training_samples", 1...mostSamples),
            busyInBackward: try fields.number("busy_in_backward", 0...1))
    }

    private static func steps(_ fields: ProfileFields) throws(PricingError) -> [StepProfile.Step] {
        let keys = ["samples", "forward", "backward", "update", "p10_p90", "hooked_over_plain"]
        var steps: [StepProfile.Step] = []
        for entry in try fields.objects("steps", most: mostSteps, allowed: keys) {
            let seconds = 0...longestSeconds
            let step = StepProfile.Step(
                samples: try entry.required("samples", try entry.count("samples", 1...mostSamples)),
                forward: try entry.required("forward", try entry.number("forward", seconds)),
                backward: try entry.required("backward", try entry.number("backward", seconds)),
                update: try entry.required("update", try entry.number("update", seconds)),
                spread: try entry.range("p10_p90", seconds),
                hookedOverPlain: try entry.number("hooked_over_plain", 0.01...1000))
            for (key, value) in [("forward", step.forward), ("backward", step.backward)] where value <= 0 {
                throw entry.error(key, "0", "seconds above 0")
            }
            if let last = steps.last, last.samples >= step.samples {
                throw entry.error(
                    "samples", "\(step.samples) behind \(last.samples)", "ascending numbers, each once")
            }
            steps.append(step)
        }
        return steps
    }

    private static func gradient(_ fields: ProfileFields) throws(PricingError) -> StepProfile.Gradient {
        guard fields.has("tensors") != fields.has("buckets") else {
            throw fields.error(
                fields.has("tensors") ? "buckets" : "tensors",
                fields.has("tensors") ? "beside 'tensors'" : "nothing",
                "either 'tensors', in the order of the forward pass, or 'buckets', in the order of sending")
        }
        let key = fields.has("tensors") ? "tensors" : "buckets"
        var (parts, names, total): ([StepProfile.Part], Set<String>, Int) = ([], [], 0)
        for entry in try fields.objects(key, most: mostParts, allowed: ["name", "numbers", "ready"]) {
            let part = StepProfile.Part(
                name: try entry.text("name"),
                numbers: try entry.required("numbers", try entry.count("numbers", 1...mostNumbers)),
                ready: try entry.required("ready", try entry.number("ready", 0...1)))
            guard names.insert(part.name).inserted else {
                throw entry.error("name", "'\(part.name)' for the second time", "each name once")
            }
            total += part.numbers
            guard total <= mostNumbers else {
                throw entry.error("numbers", "\(total) with those before", "up to \(mostNumbers) in all")
            }
            parts.append(part)
        }
        return key == "tensors" ? .tensors(parts) : .buckets(parts)
    }
}
