/// Which steps of a job are traced, so that a file stays under a size whatever the job's length: all until half of the
/// room is used, then every 10th until three quarters are, every 100th until seven eighths, and so on.
///
/// A step is what rank 0 does from one of its computations to the next: of `sync` a step, of `federated` a round.
struct TraceBudget {
    /// Bytes of a file.
    static let room = 48_000_000

    private let room: Int
    private(set) var stride = 1
    /// What the file has.
    private var written = 0
    /// The most that the events will take of what has begun and is not written yet.
    private var reserved = 0
    private var limit: Int
    private(set) var steps = 0
    /// The steps before the first of which something was left out; nil while nothing was.
    private(set) var stepsInFull: Int?
    /// What the events of untraced steps would have been: operations and messages.
    private(set) var leftOut = 0
    private(set) var isOn = true

    init(room: Int = room) {
        self.room = room
        limit = room / 2
    }

    /// Rank 0 begins another step.
    mutating func nextStep() {
        isOn = steps.isMultiple(of: stride) && hasRoom(0)
        steps += 1
    }

    func hasRoom(_ bytes: Int) -> Bool { written + reserved + bytes <= limit }

    /// The file has got events, for which so many bytes had been reserved.
    mutating func wrote(total: Int, reserved bytes: Int) {
        written = total
        reserved -= bytes
    }

    /// An operation or a message is not traced.
    mutating func leaveOut() { leftOut += 1 }

    /// Reserves room for something of at most so many bytes. Returns false, and counts the thing as left out, where
    /// there is none.
    mutating func reserve(_ bytes: Int) -> Bool {
        guard isOn else {
            leftOut += 1
            return false
        }
        if !hasRoom(bytes) {
            // The rest of this step goes, too: from here on steps are longer apart.
            if stepsInFull == nil { stepsInFull = max(0, steps - 1) }
            (stride, isOn) = (stride * 10, false)
            limit += (room - limit) / 2
            leftOut += 1
            return false
        }
        reserved += bytes
        return true
    }

    /// What a reader has to know.
    var description: String {
        guard let stepsInFull else { return "all \(steps) steps" }
        return
            "the first \(stepsInFull) of \(steps) steps in full, of the rest every 10th, later every 100th and so on; "
            + "\(leftOut) operations and messages left out"
    }
}
