internal import Kernel
import Randomness

/// Every client gets an equal share of the shuffled samples: independent and identically distributed.
package struct IIDPartitioner: Partitioner {
    static let entry = PartitionerDescription(
        name: "iid", summary: "equal random shares of all samples", parameter: nil, make: { _ in IIDPartitioner() })

    package var description: String { "iid" }

    package init() {}

    package func partition(
        _ order: [Int32], labels: [UInt8], among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        try requireSamples(order.count, for: clients)
        return (0..<clients).map { Array(order[(0..<order.count).part($0, of: clients)]) }
    }
}
