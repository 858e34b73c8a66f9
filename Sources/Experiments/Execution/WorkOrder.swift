/// Which piece of work is next where several are done side by side and some want the machine for themselves.
///
/// Pieces have numbers from 0. The first that is not done goes before all others: where it has to be alone, nothing else is
/// begun until it can be, and otherwise it is begun at once. Others may be begun as long as they are not far ahead of it.
struct WorkOrder {
    private enum State { case waiting, underWay, done }

    private let isAlone: [Bool]
    private let reach: Int
    private var states: [State]
    /// The first that is not done.
    private var first = 0
    private var underWay = 0
    private var isOneAlone = false
    /// No piece from here on is begun any more.
    private var end: Int

    /// - Parameters:
    ///   - isAlone: of each piece, whether nothing may be done beside it.
    ///   - reach: a piece may be begun when fewer than so many pieces before it, the first that is not done among them, can
    ///     be unfinished.
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

    /// The piece could not be done: those before it still are, and none after it is begun.
    mutating func fail(_ piece: Int) {
        finish(piece)
        end = min(end, piece)
    }
}
