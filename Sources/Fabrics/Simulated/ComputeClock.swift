import Cluster
import Kernel

/// What the ranks of a simulated job compute: how long it takes, beside which messages, and the accounts of their time.
///
/// Not thread-safe: belongs to a ``Simulation``.
final class ComputeClock {
    private struct RankState {
        var account = TimeAccount()
        /// Until when the rank computes while it does something else.
        var computingUntil = VirtualTime.zero
        /// When each share of the gradient is ready, in a step that the rank computes beside its messages.
        var readyTimes: [VirtualTime] = []
        /// Nanoseconds of the model's update at the end of the step that the rank computes beside its messages.
        var updateSpan = Int64(0)
    }

    private let nodes: [Node]
    private let model: ComputeModel
    /// The speeds of ranks over time; nil where ranks keep their speed.
    private let speeds: RankSpeeds?
    /// Where the clock would be without skipped repetitions, in a replay that skips them; nil otherwise.
    private let journal: ReplayJournal?
    private let loop: EventLoop
    private let dropouts: DropoutState
    private let observer: (any SimulationObserver)?
    private var ranks: [RankState]

    init(_ fabric: SimulatedFabric, _ loop: EventLoop, _ dropouts: DropoutState, journal: ReplayJournal?) {
        nodes = fabric.nodes
        model = fabric.compute
        speeds = fabric.slowdowns.map { RankSpeeds($0, ranks: fabric.nodes.count, seeds: fabric.seeds) }
        observer = fabric.observer
        (self.loop, self.dropouts, self.journal) = (loop, dropouts, journal)
        ranks = Array(repeating: RankState(), count: fabric.nodes.count)
    }

    var accounts: [TimeAccount] { ranks.map(\.account) }

    private var now: VirtualTime { loop.now }

    // MARK: Computations

    /// Books a computation that begins now; returns when it ends.
    func charge(_ work: ComputeWork, _ rank: Int) -> VirtualTime {
        observer?.began(.compute(work), on: rank, at: now)
        let seconds = model.seconds(work, on: nodes[rank])
        let end = end(ofNanoseconds: VirtualTime.span(seconds: seconds), on: rank, from: now)
        let lived = dropouts.lived(until: end, rank)
        bookIfSpeedsChange(rank, until: lived)
        if speeds == nil {
            let isWhole = !dropouts.isCutOff(rank, before: end)
            ranks[rank].account.computeSeconds += isWhole ? seconds : lived.seconds - now.seconds
            journal?.computed(rank, seconds: seconds)
        }
        return end
    }

    /// What a computation takes, in nanoseconds, whenever it begins; 0 where that is not known.
    func knownSpan(of work: ComputeWork, on rank: Int) -> Int64 {
        speeds == nil ? VirtualTime.span(seconds: model.seconds(work, on: nodes[rank])) : 0
    }

    /// When so much work is done.
    private func end(ofNanoseconds work: Int64, on rank: Int, from begin: VirtualTime) -> VirtualTime {
        speeds?.end(ofNanoseconds: work, on: rank, from: begin) ?? begin.later(by: work)
    }

    /// Books a computation that begins now and lasts as long as the rank's speed makes it, not as its work says.
    private func bookIfSpeedsChange(_ rank: Int, until end: VirtualTime) {
        if speeds != nil { ranks[rank].account.computeSeconds += end.seconds - now.seconds }
    }

    // MARK: Overlap

    /// Begins a step whose gradient is sent while it is computed; what the rank does besides, it does beside that.
    ///
    /// - Parameters:
    ///   - elements: numbers in the gradient.
    ///   - shares: of the gradient's computation, ascending; for each there is a ``beginWaiting(forShare:rank:)``.
    func begin(overlapped work: ComputeWork, elements: Int, shares: [Double], rank: Int) {
        observer?.began(.step(work, elements: elements, shares: shares), on: rank, at: now)
        let step = OverlappedStep(work, elements: elements, on: nodes[rank], model)
        if speeds == nil {
            ranks[rank].account.computeSeconds += step.seconds
            journal?.computed(rank, seconds: step.seconds)
        }
        var (time, done) = (now, Int64(0))
        func advance(to share: Double) -> VirtualTime {
            time = end(ofNanoseconds: step.span(share) - done, on: rank, from: time)
            done = step.span(share)
            return time
        }
        ranks[rank].readyTimes = shares.map(advance)
        ranks[rank].computingUntil = advance(to: 1)
        ranks[rank].updateSpan = step.updateSpan
        bookIfSpeedsChange(rank, until: ranks[rank].computingUntil)
        observer?.computes(on: rank, from: now, to: dropouts.lived(until: ranks[rank].computingUntil, rank))
        observer?.ended(on: rank, at: now, ready: now)
    }

    /// When a share of the rank's gradient is ready. The rank waits for it from now on.
    func beginWaiting(forShare share: Int, rank: Int) -> VirtualTime {
        observer?.began(.ready(share: share), on: rank, at: now)
        return ranks[rank].readyTimes[share]
    }

    /// Begins the update that follows the gradient; returns when it is over.
    func beginUpdate(rank: Int) -> VirtualTime {
        observer?.began(.update, on: rank, at: now)
        let end = end(ofNanoseconds: ranks[rank].updateSpan, on: rank, from: now)
        if dropouts.mayHappen { (ranks[rank].computingUntil, ranks[rank].updateSpan) = (end, 0) }
        bookIfSpeedsChange(rank, until: end)
        return end
    }

    /// A rank leaves in the midst of a step that it computes beside its messages: takes what is left of the step off
    /// its account.
    func abandonStep(_ rank: Int) {
        guard dropouts.mayHappen else { return }
        // Where speeds change, the update is booked when it begins.
        let rest =
            max(0, ranks[rank].computingUntil.nanoseconds - now.nanoseconds)
            + (speeds == nil ? ranks[rank].updateSpan : 0)
        ranks[rank].account.computeSeconds -= VirtualTime(nanoseconds: rest).seconds
        ranks[rank].computingUntil = min(ranks[rank].computingUntil, now)
        ranks[rank].updateSpan = 0
    }

    // MARK: Accounts

    /// Books time on a rank's account.
    func book(_ account: TimeAccount.Part, _ rank: Int, from begin: VirtualTime, to end: VirtualTime) {
        guard end > begin else { return }
        guard let journal else { return ranks[rank].account.add(account, from: begin, to: end) }
        let (begin, end) = (journal.clusterTime(begin), journal.clusterTime(end))
        ranks[rank].account.add(account, from: begin, to: end)
        journal.booked(account, rank, from: begin, to: end)
    }

    /// Books time in which the rank only waited, as far as it did not compute meanwhile.
    func bookWaiting(_ rank: Int, from begin: VirtualTime, to end: VirtualTime) {
        book(.waiting, rank, from: min(max(begin, ranks[rank].computingUntil), end), to: end)
    }

    /// Books communication that ends now, apart what the rank's computation hides of it.
    func bookCommunication(_ rank: Int, from begin: VirtualTime) {
        let exposed = min(max(begin, ranks[rank].computingUntil), now)
        book(.hiddenCommunication, rank, from: begin, to: exposed)
        book(.communication, rank, from: exposed, to: now)
    }

    /// Applies to a rank's account what a replay has booked for repetitions that it skipped.
    func bookAgain(_ change: (inout TimeAccount) -> Void, _ rank: Int) { change(&ranks[rank].account) }

    // MARK: What repeats

    /// Whether the future depends on no time but the present one.
    var hasConstantSpeeds: Bool { speeds == nil }

    /// Appends what decides how a rank's computation goes on.
    func appendState(of rank: Int, to words: inout [Int64]) {
        let state = ranks[rank]
        // An overlapped step: its end, which may lie in the past, since the collective that the rank is in may have begun
        // before it, and what of the step is still to come.
        words.append(state.computingUntil == .zero ? .min : state.computingUntil.nanoseconds - now.nanoseconds)
        words.append(Int64(state.readyTimes.count))
        for time in state.readyTimes { words.append(max(0, time.nanoseconds - now.nanoseconds)) }
        words.append(state.updateSpan)
    }
}
