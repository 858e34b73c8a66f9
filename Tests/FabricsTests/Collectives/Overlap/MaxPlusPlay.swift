@testable import Fabrics

/// When the ranks of a collective are done where every message takes the same time, whatever its bytes, and none waits
/// for another in a port: the recursion of maxima and sums over the collective's steps, without a simulator.
struct MaxPlusPlay {
    /// When each rank is done, in nanoseconds, by rank.
    private(set) var ends: [Int64]

    /// - Parameters:
    ///   - entered: when each rank begins.
    ///   - latency: from sending to receiving.
    init(_ algorithm: any CollectiveAlgorithm, elements: Int, entered: [Int64], latency: Int64) {
        let ranks = entered.count
        ends = entered
        var arrivals: [Int: [Int64]] = [:]
        var next = Array(repeating: 0, count: ranks)
        var hasSent = Array(repeating: false, count: ranks)
        var goesOn = true
        while goesOn {
            goesOn = false
            for rank in 0..<ranks {
                while let step = algorithm.step(next[rank], rank: rank, of: ranks, elements: elements) {
                    if let send = step.send, !hasSent[rank] {
                        arrivals[send.to * ranks + rank, default: []].append(ends[rank] + latency)
                        (hasSent[rank], goesOn) = (true, true)
                    }
                    if let sender = step.receiveFrom {
                        let key = rank * ranks + sender
                        guard let first = arrivals[key]?.first else { break }
                        arrivals[key]?.removeFirst()
                        ends[rank] = max(ends[rank], first)
                    }
                    next[rank] += 1
                    (hasSent[rank], goesOn) = (false, true)
                }
            }
        }
    }
}
