internal import Kernel
import Randomness

/// Pathological label skew: sort by label, cut into shards of equal size, deal each client `perClient` of them
/// (McMahan et al. 2017, section 3: two shards a client, so that most clients see two digits only).
package struct LabelShards: Partitioner {
    static let entry = PartitionerDescription(
        name: "shards",
        summary: "label skew: sorted by label, each client dealt this many shards (McMahan et al. 2017)",
        parameter: ("the shards per client must be a whole number above 0", 2),
        make: { Int(exactly: $0).flatMap { $0 > 0 ? LabelShards(perClient: $0) : nil } })

    package let perClient: Int
    package var description: String { "shards:\(perClient)" }

    package init(perClient: Int) {
        precondition(perClient > 0, "\(perClient) shards a client")
        self.perClient = perClient
    }

    package func partition(
        _ order: [Int32], labels: [UInt8], among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        try requireSamples(order.count, for: clients)
        let (count, overflow) = clients.multipliedReportingOverflow(by: perClient)
        guard !overflow, count <= order.count else {
            throw DataError(
                "\(clients) clients with \(perClient) shards each are more shards than the \(order.count) samples")
        }
        // Stable, so that within a label the order (shuffled or the file's) stays.
        let sorted = order.enumerated().sorted {
            (labels[Int($0.element)], $0.offset) < (labels[Int($1.element)], $1.offset)
        }.map(\.element)
        var deal = Array(0..<count)
        stream.shuffle(&deal)
        return (0..<clients).map { client in
            deal[client * perClient..<(client + 1) * perClient].flatMap {
                sorted[(0..<sorted.count).part($0, of: count)]
            }
        }
    }
}
