import Cluster
import Fabrics

/// How long the clients of a server's rounds wait for each other: from the arrival of a client's update at the server
/// to that of the round's last update. Other waiting of a client cannot be told from waiting to be drawn.
final class RoundWaiting: SimulationObserver {
    private let server: Int
    /// Numbers of the messages that are on their way to the server.
    private var underWay: Set<Int> = []
    /// When the updates of the present round arrived, in nanoseconds.
    private var arrivals: [Int64] = []
    /// Waiting of all clients together in past rounds; the sum can exceed what a 64-bit clock holds.
    private var nanoseconds: Int128 = 0

    init(server: Int) { self.server = server }

    /// Waiting of all clients together, the present round included.
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
