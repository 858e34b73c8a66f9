import Cluster

/// What a measured job has taken so far: a fabric whose time cannot be played again starts with it, to go on where another
/// process was killed.
///
/// A simulated fabric needs none. Its time does not depend on numbers, so a resumed run plays its program from the start
/// without them (``Fabric/replaysTime``) and comes to the same nanosecond.
package struct FabricSnapshot: Hashable, Codable, Sendable {
    /// Seconds of cluster time since the job began.
    package var seconds: Double
    /// Each rank's account, by rank. The account of a rank that is waiting ends when its wait began.
    package var accounts: [TimeAccount]
    package var traffic: [TrafficLedger.Entry]

    package init(seconds: Double, accounts: [TimeAccount], traffic: [TrafficLedger.Entry]) {
        self.seconds = seconds
        self.accounts = accounts
        self.traffic = traffic
    }

    /// Messages that each rank has sent.
    func messagesSent(ranks: Int) -> [Int] {
        traffic.reduce(into: Array(repeating: 0, count: ranks)) { $0[$1.rank] += $1.messagesSent }
    }
}
