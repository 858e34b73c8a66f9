import Cluster
import Pricing
import Reports

/// Profiles, read and priced as `bench price` does.
final class ProfileInputs: InputClass {
    let name = "profile"
    private let text = TextMutations(words: [
        "format", "bench-profile-1", "name", "device", "torch", "source", "bytes_per_number", "training_samples",
        "flops_per_sample", "busy_in_backward", "steps", "samples", "forward", "backward", "update", "p10_p90",
        "hooked_over_plain", "tensors", "buckets", "numbers", "ready", "{", "}", "[", "]", ",", ":", "\"", "null", "0",
        "1e12", "1e18", "1e-320", "-1", "2", "4", "0.5",
    ])

    func makeSeeds() throws -> [[UInt8]] {
        let head = #"{"format": "bench-profile-1", "name": "a", "device": "b", "source": "c","#
        let tensors = """
            \(head) "torch": "2.1", "bytes_per_number": 4, "training_samples": 1000, "flops_per_sample": 1e9,
            "steps": [
             {"samples": 4, "forward": 0.01, "backward": 0.02, "update": 0.001, "p10_p90": [0.03, 0.04], "hooked_over_plain": 1.2},
             {"samples": 8, "forward": 0.02, "backward": 0.04, "update": 0.001}],
            "tensors": [{"name": "x", "numbers": 1000, "ready": 1}, {"name": "y", "numbers": 500000, "ready": 0.1}]}
            """
        let buckets = """
            \(head) "bytes_per_number": 2, "busy_in_backward": 0.5,
            "steps": [{"samples": 8, "forward": 0.02, "backward": 0.04, "update": 0}],
            "buckets": [{"name": "1", "numbers": 70, "ready": 0.5}, {"name": "2", "numbers": 30, "ready": 1}]}
            """
        return [Array(tensors.utf8), Array(buckets.utf8)]
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        let profile = try ProfileFile.parse(input, file: "profile.json")
        _ = profile.warnings
        let cluster = ClusterSpec(
            name: "name", summary: "", source: "",
            worker: Node(link: Link(latencySeconds: 1e-3, bytesPerSecond: 1e9), pricePerHour: 1))
        var request = PriceRequest(
            profile, on: cluster, workers: [2], batch: .perWorker(profile.steps[profile.steps.count - 1].samples),
            [
                .init("single"), .init("sync", label: "overlapped", options: [.init("overlap", "true")]),
                .init("local-sgd"),
            ])
        request.rounds = 1
        let prices = try Pricing(request).prices()
        for row in prices.rows where !(row.secondsPerUpdate >= 0 && row.secondsPerUpdate.isFinite) {
            throw WrongAnswer("\(row.label) takes \(row.secondsPerUpdate) s")
        }
        let table = PriceTable(request, prices)
        _ = table.terminal + table.markdown + table.csv
        _ = try table.json
    }

    /// A tree of small objects, and what a stand-in of a few thousand numbers takes.
    func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count + (64 << 20) }
}
