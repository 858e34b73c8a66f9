/// Rank 0 receives every vector and sends every rank the result: two steps for a worker, but all bytes pass the
/// server's link (the synchronous case of Li et al. 2014, *Scaling Distributed Machine Learning with the Parameter
/// Server*, with one server).
public struct ParameterServerAllReduce: CollectiveAlgorithm {
    public init() {}

    public func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let bytes = elements * bytesPerElement
        guard ranks > 1 else { return nil }
        if rank > 0 {
            return index == 0 ? .send(to: 0, bytes: bytes, .uplink) : index == 1 ? .receive(from: 0) : nil
        }
        let workers = ranks - 1
        if index < workers { return .receive(from: index + 1) }
        return index < 2 * workers ? .send(to: index - workers + 1, bytes: bytes, .downlink) : nil
    }
}
