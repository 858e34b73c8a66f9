import Locking

/// What strategies without a server tell of their nodes, beside what is evaluated.
package struct NodeNotes: Hashable, Codable, Sendable {
    /// How much the node has listened to others, by rank: the sum of the weights that their numbers had.
    package internal(set) var listened: [Int: Double] = [:]
    /// The sum, over all uses of others' numbers, of how many steps old the numbers were. `stale` counts the uses.
    private var staleness = 0.0
    private var stale = 0
    /// Which of several models the node has chosen last.
    package internal(set) var chosenModel: Int?

    /// How many steps old others' numbers were when the node used them, on average; nil where none were noted.
    package var meanStaleness: Double? { stale == 0 ? nil : staleness / Double(stale) }

    mutating func add(staleness: Double) {
        self.staleness += staleness
        stale += 1
    }
}

/// The notes of all ranks of a run.
final class NodeNoteBook: Sendable {
    private let notes: Guarded<[Int: NodeNotes]>

    init(from notes: [Int: NodeNotes]) { self.notes = Guarded(notes) }

    func change(_ rank: Int, _ body: (inout NodeNotes) -> Void) {
        notes.withLock { body(&$0[rank, default: NodeNotes()]) }
    }

    /// The notes by rank; ranks without notes are missing.
    var current: [Int: NodeNotes] { notes.withLock { $0 } }
}

extension TrainingRun {
    /// A rank has averaged a peer's numbers with this weight.
    package func noteListened(_ rank: Int, to peer: Int, weight: Double) {
        noteBook.change(rank) { $0.listened[peer, default: 0] += weight }
    }

    /// A rank has used numbers that were so many steps old.
    package func noteStaleness(_ rank: Int, _ steps: Double) { noteBook.change(rank) { $0.add(staleness: steps) } }

    /// A rank has chosen one of several models.
    package func noteModelChoice(_ rank: Int, _ model: Int) { noteBook.change(rank) { $0.chosenModel = model } }
}
