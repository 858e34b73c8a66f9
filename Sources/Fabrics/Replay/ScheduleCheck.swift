/// What a schedule that was edited could have wrong and still be of the right form.
extension Schedule {
    /// What no ranks could do together, with what was found; nil where they can, as far as that is seen without a clock.
    ///
    /// - Parameter mostElements: numbers in the longest vector of the job.
    /// - Complexity: O(n) for n operations of all programs, and as much for each rank as it has partners.
    package func problem(mostElements: Int) -> String? {
        operations.lazy.compactMap { elementsProblem($0, most: mostElements) }.first
            ?? programs.lazy.compactMap(stepProblem).first ?? collectivesProblem ?? messagesProblem
    }

    private func elementsProblem(_ operation: Operation, most: Int) -> String? {
        let elements: Int
        switch operation {
        case .step(_, let count, _), .collective(_, let count, _): elements = count
        // No coding makes a vector longer.
        case .send(_, let bytes, _, _), .post(_, let bytes, _, _):
            elements = bytes / bytesPerElement + (bytes % bytesPerElement == 0 ? 0 : 1)
        case .compute, .ready, .update, .receive, .receiveFirst, .sleep, .evaluation, .show: return nil
        }
        return (0...most).contains(elements)
            ? nil : "a vector of \(elements) numbers, where the longest that is sent has \(most)"
    }

    /// What belongs to a step comes after it, and names one of its shares.
    private func stepProblem(_ program: [UInt32]) -> String? {
        var shares: Int?
        for index in program {
            switch operations[Int(index)] {
            case .step(_, _, let own): shares = own.count
            case .ready(let share) where share >= shares ?? 0:
                return "an operation 'ready' with share \(share) of a step that has \(shares ?? 0)"
            case .update where shares == nil: return "an operation 'update' before any step"
            default: break
            }
        }
        return nil
    }

    /// All ranks take part in the same collectives in the same order.
    private var collectivesProblem: String? {
        // Operations that stand twice in the list are one.
        var numbers: [Operation: UInt32] = [:]
        let number = operations.enumerated().map { index, operation -> UInt32? in
            guard case .collective = operation else { return nil }
            if let known = numbers[operation] { return known }
            numbers[operation] = UInt32(index)
            return UInt32(index)
        }
        let sequences = programs.lazy.map { $0.compactMap { number[Int($0)] } }
        guard let first = sequences.first else { return nil }
        for (program, sequence) in sequences.enumerated() where sequence != first {
            let place = zip(sequence, first).enumerated().first { $1.0 != $1.1 }?.offset
            let what =
                place.map { "another collective \($0 + 1) than" }
                ?? "\(sequence.count) collectives, and not \(first.count) as"
            return "ranks that disagree: rank \(programOfRank.firstIndex(of: program) ?? 0) has \(what) rank "
                + "\(programOfRank.firstIndex(of: 0) ?? 0)"
        }
        return nil
    }

    /// Every message is received; the one receive more of a pair learns that the sender has ended.
    private var messagesProblem: String? {
        struct Pair: Hashable { let sender, receiver: Int }
        var sends: [Pair: Int] = [:]
        var receives: [Pair: Int] = [:]
        let partners = programs.map(partners)
        for (rank, program) in programOfRank.enumerated() {
            if partners[program].sends[rank] != nil || partners[program].receives[rank] != nil {
                return "rank \(rank) exchanges messages with itself"
            }
            for (peer, count) in partners[program].sends { sends[Pair(sender: rank, receiver: peer)] = count }
            for (peer, count) in partners[program].receives { receives[Pair(sender: peer, receiver: rank)] = count }
        }
        let odd = Set(sends.keys).union(receives.keys).filter {
            let (sent, received) = (sends[$0] ?? 0, receives[$0] ?? 0)
            return !(sent...sent + 1).contains(received)
        }.min { ($0.sender, $0.receiver) < ($1.sender, $1.receiver) }
        return odd.map {
            """
            rank \($0.sender) sends \(sends[$0] ?? 0) messages to rank \($0.receiver), which receives \(receives[$0] ?? 0); \
            allowed are as many, or one more to learn that no more come
            """
        }
    }

    /// How often a program sends to and receives from each other rank.
    private func partners(_ program: [UInt32]) -> (sends: [Int: Int], receives: [Int: Int]) {
        var (sends, receives): ([Int: Int], [Int: Int]) = ([:], [:])
        for index in program {
            switch operations[Int(index)] {
            case .send(let peer, _, _, _), .post(let peer, _, _, _): sends[peer, default: 0] += 1
            case .receive(let peer): receives[peer, default: 0] += 1
            default: break
            }
        }
        return (sends, receives)
    }
}
