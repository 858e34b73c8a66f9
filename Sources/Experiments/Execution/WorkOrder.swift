/// Which piece of work is next where several are done side by side and some want the machine for themselves.
///
/// Pieces have numbers from 0. The first unfinished piece goes before all others: if it has to be alone, nothing else
/// is begun until it has been; otherwise it is begun at once. Other pieces may be begun if they are not far ahead of
/// it.
struct WorkOrder {
    private enum State { case waiting, underWay, done }

    private let isAlone: [Bool]
    private let reach: Int
    private var states: [State]
    /// The first piece that is not done.
    private var first = 0
    private var underWay = 0
    private var isOneAlone = false
    /// No piece from here on is begun any more.
    private var end: Int

    /// - Parameters:
    ///   - isAlone: for each piece, whether nothing may be done beside it.
    ///   - reach: a piece may be begun if it is less than this many places after the first unfinished piece.
    init(_ isAlone: [Bool], reach: Int) {
        precondition(reach > 0, "a reach of \(reach)")
        self.isAlone = isAlone
        self.reach = reach
        states = Array(repeating: .waiting, count: isAlone.count)
        end = isAlone.count
    }

    /// Whether nothing is under way and nothing can be begun any more.
    var isOver: Bool { underWay == 0 && first >= end }

    /// Begins a piece; nil where none can be begun before another is done.
    mutating func begin() -> Int? {
        guard !isOneAlone, first < end else { return nil }
        if isAlone[first] {
            guard underWay == 0 else { return nil }
            isOneAlone = true
            return begin(first)
        }
        return (first..<min(end, first + reach)).first { states[$0] == .waiting && !isAlone[$0] }.map { begin($0) }
    }

    private mutating func begin(_ piece: Int) -> Int {
        states[piece] = .underWay
        underWay += 1
        return piece
    }

    mutating func finish(_ piece: Int) {
        precondition(states[piece] == .underWay, "piece \(piece) is not under way")
        states[piece] = .done
        underWay -= 1
        if isAlone[piece] { isOneAlone = false }
        while first < states.count, states[first] == .done { first += 1 }
    }

    /// Notes that the piece failed: pieces before it are still done, and none after it is begun.
    mutating func fail(_ piece: Int) {
        finish(piece)
        end = min(end, piece)
    }
}
