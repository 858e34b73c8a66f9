import Cluster
import Pricing

/// A profile as JSON; each part may be replaced by another text.
struct ProfileText {
    var format = #""bench-profile-1""#
    var name = #""small""#
    var bytes = "4"
    var steps = #"[{"samples": 10, "forward": 0.1, "backward": 0.2, "update": 0.05}]"#
    var gradient = """
        "tensors": [
          {"name": "a", "numbers": 1000, "ready": 1.0},
          {"name": "b", "numbers": 3000, "ready": 0.25}
        ]
        """
    var more = ""

    var text: String {
        """
        {
        "format": \(format),
        "name": \(name), "device": "a card", "source": "a test",
        "bytes_per_number": \(bytes),
        "steps": \(steps),
        \(more)\(gradient)
        }
        """
    }

    func parsed() throws -> StepProfile { try ProfileFile.parse(Array(text.utf8), file: "p.json") }
}

extension ClusterSpec {
    /// Equal machines on one switch, of round figures.
    static func plain(latency: Double = 0, rate: Double, _ change: (inout ClusterSpec) -> Void = { _ in })
        -> ClusterSpec
    {
        var spec = ClusterSpec(
            name: "plain", summary: "", source: "a test",
            worker: Node(link: Link(latencySeconds: latency, bytesPerSecond: rate)))
        change(&spec)
        return spec
    }
}

/// What messages have around their payload, in bytes.
let framing = 16.0
