extension TrainingRun {
    /// The clients whose memory can hold what training takes, of those with these ranks; how many cannot goes into the
    /// record.
    ///
    /// - Returns: their ranks, ascending.
    /// - Throws: ``MemoryError`` where none is left.
    package func capableRanks(of ranks: Range<Int>, need: (Int) -> MemoryNeed) throws -> [Int] {
        let shortage = MemoryShortage(among: ranks, memory: { memoryBytes(ofRank: $0) }, need: need)
        guard let shortage else { return Array(ranks) }
        guard shortage.ranks < ranks.count else { throw MemoryError(shortage: shortage) }
        let capable = ranks.filter { rank in memoryBytes(ofRank: rank).map { need(rank).total <= $0 } ?? true }
        leaveOut(ranks.filter(Set(ranks).subtracting(capable).contains), shortage)
        return capable
    }
}
