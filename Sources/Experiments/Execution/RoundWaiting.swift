import Cluster
import Fabrics

/// How long the clients of a server's rounds wait for others: from when the server has a client's update until it has the
/// last one of the round. What a client waits besides cannot be told from waiting to be drawn.
final class RoundWaiting: SimulationObserver {
    private let server: Int
    /// Messages to the server.
    private var underWay: Set<Int> = []
    /// When the updates of the present round came, in nanoseconds.
    private var arrivals: [Int64] = []
    /// Of all clients together, which may be more than one clock can tell.
    private var nanoseconds: Int128 = 0

    init(server: Int) { self.server = server }

    /// Of all clients together, the present round's included.
    var seconds: Double { Double(nanoseconds + waited) * 1e-9 }

    private var waited: Int128 {
        guard let last = arrivals.last else { return 0 }
        return arrivals.reduce(0) { $0 + Int128(last - $1) }
    }

    var needsMessages: Bool { true }

    func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime) {
        if message.receiver == server {
            underWay.insert(message.number)
        } else if message.sender == server {
            // The next round begins.
            nanoseconds += waited
            arrivals.removeAll(keepingCapacity: true)
        }
    }

    func delivered(_ number: Int, at now: VirtualTime) {
        if underWay.remove(number) != nil { arrivals.append(now.nanoseconds) }
    }

    func began(_ operation: Fabrics.Operation, on rank: Int, at now: VirtualTime) {}
    func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime) {}
}
