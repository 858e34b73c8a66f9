public import Cluster

/// What went wrong between ranks.
public enum FabricError: Error, CustomStringConvertible {
    /// Ranks wait for messages that nobody will send.
    case deadlock(String)
    /// This rank's machine has left; nothing that it asks for is done any more.
    case left(at: VirtualTime)
    /// Another rank has left, and what was asked for needs it.
    case rankLeft(rank: Int, at: VirtualTime)
    /// The job takes longer than a virtual clock can tell.
    case beyondClock
    /// The job sends more bytes than are counted.
    case tooMuchTraffic(mostBytes: Int)
    /// Another rank failed; its error is the one that the fabric reports.
    case aborted
    /// The fabric cannot run so many ranks.
    case tooManyRanks(String)
    /// MPI did not do what it was asked for.
    case mpi(String)

    public var description: String {
        switch self {
        case .deadlock(let what): "deadlock: \(what)"
        case .left(let time): "left the job at \(time.seconds) s"
        case .rankLeft(let rank, let time): "rank \(rank) left the job at \(time.seconds) s"
        case .beyondClock:
            """
            the job would take more than 9e9 s (285 years) of cluster time, where the virtual clock ends; allowed are \
            machines, links and work that take less
            """
        case .tooMuchTraffic(let most): "the job would send more than \(most) bytes, which is the most that is counted"
        case .aborted: "another rank failed"
        case .tooManyRanks(let what): what
        case .mpi(let what): what
        }
    }
}
