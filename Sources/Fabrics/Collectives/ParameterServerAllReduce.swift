import Kernel

/// Every rank sends its vector to a server, part by part where there are several, and gets the sum back: two steps for
/// a worker, but all bytes of a part pass its server's link (the synchronous case of Li et al. 2014, *Scaling Distributed
/// Machine Learning with the Parameter Server*). The servers are the first ranks, which work, too; each has one part of
/// the vector.
package struct ParameterServerAllReduce: CollectiveAlgorithm {
    private let shards: Int

    /// - Parameter shards: servers; no more than there are ranks are used.
    package init(shards: Int = 1) {
        precondition(shards > 0, "\(shards) servers")
        self.shards = shards
    }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard ranks > 1 else { return nil }
        let shards = min(shards, ranks)
        func bytes(_ shard: Int) -> Int { (0..<elements).part(shard, of: shards).count * bytesPerElement }
        // Beginning behind its own number, so that not all ranks send to the same server first.
        func server(_ turn: Int) -> Int { (rank + 1 + turn) % shards }
        let isServer = rank < shards
        let others = isServer ? shards - 1 : shards
        var index = index
        if index < others { return .send(to: server(index), bytes: bytes(server(index)), .uplink) }
        index -= others
        if isServer {
            if index < ranks - 1 { return .receive(from: (rank + 1 + index) % ranks) }
            index -= ranks - 1
            if index < ranks - 1 { return .send(to: (rank + 1 + index) % ranks, bytes: bytes(rank), .downlink) }
            index -= ranks - 1
        }
        return index < others ? .receive(from: server(index)) : nil
    }
}
