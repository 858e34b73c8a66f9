@testable import Cluster

/// A message that a test sends; times in nanoseconds.
struct Sending {
    let from, to, bytes: Int
    var at: Int64 = 0
}

/// When messages get where, in nanoseconds, in the order in which they were given.
struct Deliveries {
    var departed: [Int64]
    var delivered: [Int64]
    /// The numbers of messages in the order of delivery.
    var order: [Int] = []
    var retransmissions = 0
}

/// The smallest simulator that a network can be in.
func play(_ network: RoutedNetwork, _ sendings: [Sending]) -> Deliveries {
    var result = Deliveries(
        departed: Array(repeating: -1, count: sendings.count), delivered: Array(repeating: -1, count: sendings.count))
    var queue = EventQueue()
    var (now, sequence) = (VirtualTime.zero, 0)
    var sending: [Int: Int] = [:]
    func schedule(_ item: Int, _ time: VirtualTime) {
        queue.insert(item, at: time.nanoseconds, sequence: sequence)
        sequence += 1
    }
    func advance(_ message: Int) {
        switch network.advance(message, at: now) {
        case .waits(let next): schedule(sendings.count + message, next)
        case .sentAgain(let next):
            result.retransmissions += 1
            schedule(sendings.count + message, next)
        case .flows: break
        case .cut: preconditionFailure("a message of a rank that left, where none does")
        case .arrived:
            for ready in network.takeDelivered() {
                guard let index = sending[ready] else { continue }
                result.delivered[index] = now.nanoseconds
                result.order.append(index)
            }
        }
    }
    for (index, sending) in sendings.enumerated() { schedule(index, VirtualTime(nanoseconds: sending.at)) }
    while true {
        let next = queue.min.map { VirtualTime(nanoseconds: $0.nanoseconds) }
        if let end = network.nextFlowEnd(before: next, at: now) {
            now = end
            advance(network.endFlow())
        } else if let event = queue.popMin() {
            now = VirtualTime(nanoseconds: event.nanoseconds)
            if event.item >= sendings.count {
                advance(event.item - sendings.count)
            } else {
                let message = sendings[event.item]
                let (id, departed, next) = network.depart(
                    from: message.from, to: message.to, bytes: message.bytes, at: now)
                sending[id] = event.item
                result.departed[event.item] = departed.nanoseconds
                schedule(sendings.count + id, next)
            }
        } else {
            return result
        }
    }
}

/// Plays messages on the ports of one switch.
func play(_ network: NetworkModel, _ sendings: [Sending]) -> Deliveries {
    var network = network
    var result = Deliveries(
        departed: Array(repeating: -1, count: sendings.count), delivered: Array(repeating: -1, count: sendings.count))
    var queue = EventQueue()
    var transits: [Int: NetworkModel.Transit] = [:]
    for (index, sending) in sendings.enumerated() { queue.insert(index, at: sending.at, sequence: index) }
    var sequence = sendings.count
    while let event = queue.popMin() {
        let now = VirtualTime(nanoseconds: event.nanoseconds)
        if event.item < sendings.count {
            let message = sendings[event.item]
            let transit = network.depart(from: message.from, to: message.to, bytes: message.bytes, at: now)
            transits[event.item] = transit
            result.departed[event.item] = transit.departed.nanoseconds
            queue.insert(sendings.count + event.item, at: transit.arriving.nanoseconds, sequence: sequence)
            sequence += 1
        } else if let transit = transits[event.item - sendings.count] {
            result.delivered[event.item - sendings.count] = network.arrive(transit).nanoseconds
        }
    }
    return result
}

/// One byte a nanosecond, 1 µs of latency, 100 ns of overhead.
let byteLink = Link(latencySeconds: 1000e-9, bytesPerSecond: 1e9, overheadSeconds: 100e-9)
