import Cluster

@testable import Fabrics

/// The plainest simulator of a collective on one switch: all that is going to happen stands in a list, from which the
/// earliest entry is taken next, and among equal times the one that was put in first. The collective's steps are all
/// that it shares with the simulation.
struct PlainPorts {
    private struct Message {
        let from, to: Int
        let port: Int64
        /// Asks for its receiver's port, or is there.
        var isThere = false
    }

    private let times: PortTimes
    private let steps: [[CollectiveStep]]
    private var position: [Int]
    private var hasSent: [Bool]
    private var outFree: [Int64]
    private var inFree: [Int64]
    private var mailbox: [Int: Int] = [:]
    private var list: [(at: Int64, message: Message)] = []
    private var ends: [Int64]

    /// When the last rank is done; nil where one never is.
    static func nanoseconds(
        _ algorithm: any CollectiveAlgorithm, ranks: Int, elements: Int, times: PortTimes
    ) -> Int64? {
        var play = PlainPorts(algorithm, ranks: ranks, elements: elements, times: times)
        return play.run()
    }

    private init(_ algorithm: any CollectiveAlgorithm, ranks: Int, elements: Int, times: PortTimes) {
        self.times = times
        steps = (0..<ranks).map { rank in
            var steps: [CollectiveStep] = []
            while let step = algorithm.step(steps.count, rank: rank, of: ranks, elements: elements) {
                steps.append(step)
            }
            return steps
        }
        position = Array(repeating: 0, count: ranks)
        hasSent = Array(repeating: false, count: ranks)
        outFree = Array(repeating: 0, count: ranks)
        inFree = outFree
        ends = Array(repeating: -1, count: ranks)
    }

    private mutating func run() -> Int64? {
        for rank in steps.indices { advance(rank, at: 0) }
        while let first = list.indices.min(by: { list[$0].at < list[$1].at }) {
            var (now, message) = list.remove(at: first)
            if message.isThere {
                mailbox[message.to * steps.count + message.from, default: 0] += 1
                advance(message.to, at: now)
            } else {
                now = max(now, inFree[message.to]) + message.port
                inFree[message.to] = now
                message.isThere = true
                list.append((now, message))
            }
        }
        return ends.contains(-1) ? nil : ends.max()
    }

    private mutating func advance(_ rank: Int, at now: Int64) {
        while position[rank] < steps[rank].count {
            let step = steps[rank][position[rank]]
            if let send = step.send, !hasSent[rank] {
                let message = Message(from: rank, to: send.to, port: times.port(send.bytes))
                let begin = max(now, outFree[rank]) + times.overhead
                outFree[rank] = begin + message.port
                list.append((begin + times.latency, message))
                hasSent[rank] = true
            }
            if let sender = step.receiveFrom {
                let key = rank * steps.count + sender
                guard let count = mailbox[key], count > 0 else { return }
                mailbox[key] = count - 1
            }
            position[rank] += 1
            hasSent[rank] = false
        }
        if ends[rank] < 0 { ends[rank] = max(now, outFree[rank]) }
    }
}
