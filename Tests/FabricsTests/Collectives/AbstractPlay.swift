import Cluster

@testable import Fabrics

/// A collective's schedule played without time: a message is there as soon as it is sent, and pairs are FIFO.
struct AbstractPlay {
    var bytes = 0
    var messages = 0
    var messagesByDirection: [TrafficDirection: Int] = [:]
    var messagesSent: [Int]
    var bytesSent: [Int]
    /// Ranks whose next message never came.
    var stuck: [Int] = []
    /// Messages that nobody took.
    var leftOver = 0

    /// - Parameters:
    ///   - outgoing: what a rank puts into the message of one of its steps.
    ///   - incoming: a rank takes a message.
    init<Payload>(
        _ algorithm: any CollectiveAlgorithm, ranks: Int, elements: Int,
        outgoing: (_ rank: Int, _ step: Int, _ bytes: Int) -> Payload,
        incoming: (_ rank: Int, _ payload: Payload) -> Void
    ) {
        messagesSent = Array(repeating: 0, count: ranks)
        bytesSent = messagesSent
        var queues: [Int: [Payload]] = [:]
        var next = Array(repeating: 0, count: ranks)
        var hasSent = Array(repeating: false, count: ranks)
        var isDone = hasSent
        var progress = true
        while progress {
            progress = false
            for rank in 0..<ranks where !isDone[rank] {
                while true {
                    guard let step = algorithm.step(next[rank], rank: rank, of: ranks, elements: elements) else {
                        isDone[rank] = true
                        break
                    }
                    if let send = step.send, !hasSent[rank] {
                        queues[send.to * ranks + rank, default: []].append(outgoing(rank, next[rank], send.bytes))
                        hasSent[rank] = true
                        messages += 1
                        bytes += send.bytes
                        messagesSent[rank] += 1
                        bytesSent[rank] += send.bytes
                        messagesByDirection[send.direction, default: 0] += 1
                        progress = true
                    }
                    if let sender = step.receiveFrom {
                        let key = rank * ranks + sender
                        guard queues[key]?.isEmpty == false, let payload = queues[key]?.removeFirst() else { break }
                        incoming(rank, payload)
                        progress = true
                    }
                    next[rank] += 1
                    hasSent[rank] = false
                }
            }
        }
        stuck = (0..<ranks).filter { !isDone[$0] }
        leftOver = queues.values.reduce(0) { $0 + $1.count }
    }

    init(_ algorithm: any CollectiveAlgorithm, ranks: Int, elements: Int) {
        self.init(algorithm, ranks: ranks, elements: elements, outgoing: { _, _, _ in }, incoming: { _, _ in })
    }
}
