/// Brings events of runs that are made side by side into the order of the runs. Events of the first unfinished run are
/// due at once; events of any other run are due when all runs before it have ended.
package struct InOrder<Event> {
    private var turn: Int
    private var waiting: [Int: [Event]] = [:]
    private var ended: Set<Int> = []

    /// - Parameter first: the run that begins the order; the runs before it were made by an earlier process.
    package init(from first: Int = 0) { turn = first }

    /// Takes up an event of a run, and returns the events that are now due, in order.
    ///
    /// - Parameter isLast: whether the run has ended.
    package mutating func add(_ event: Event, of run: Int, isLast: Bool = false) -> [Event] {
        if isLast { ended.insert(run) }
        guard run == turn else {
            waiting[run, default: []].append(event)
            return []
        }
        var due = [event]
        while ended.remove(turn) != nil {
            turn += 1
            due += waiting.removeValue(forKey: turn) ?? []
        }
        return due
    }

    /// The events that are not due yet, run after run, for the case that no more will come.
    package mutating func rest() -> [Event] {
        defer { waiting = [:] }
        return waiting.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}
