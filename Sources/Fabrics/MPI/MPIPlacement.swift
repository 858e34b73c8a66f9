/// Which process of an MPI job runs which ranks: each its own where there are as many of both. Else ranks are dealt out to the
/// processes, of which each runs several; a server, which is rank 0, has process 0 to itself, since all wait for what it does.
/// Where there is one process only, it runs all.
struct MPIPlacement: Hashable {
    let ranks: Int
    let processes: Int
    /// Whether rank 0 serves the others.
    let hasServer: Bool

    /// Whether collectives can be MPI's own.
    var isOneRankAProcess: Bool { ranks == processes }

    func process(of rank: Int) -> Int {
        if isOneRankAProcess { return rank }
        guard hasServer else { return rank % processes }
        return rank == 0 || processes == 1 ? 0 : 1 + (rank - 1) % (processes - 1)
    }

    func ranks(of process: Int) -> [Int] { (0..<ranks).filter { self.process(of: $0) == process } }
}
