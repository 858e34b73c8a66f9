/// Which process of an MPI job runs which ranks: each its own where there are as many of both. Else rank 0, which is a
/// server, has process 0 to itself, and the others are dealt out to the other processes, of which each runs several;
/// where there is one process only, it runs all.
struct MPIPlacement: Hashable {
    let ranks: Int
    let processes: Int

    /// Whether collectives can be MPI's own.
    var isOneRankAProcess: Bool { ranks == processes }

    func process(of rank: Int) -> Int {
        if isOneRankAProcess { return rank }
        return rank == 0 || processes == 1 ? 0 : 1 + (rank - 1) % (processes - 1)
    }

    func ranks(of process: Int) -> [Int] { (0..<ranks).filter { self.process(of: $0) == process } }
}
