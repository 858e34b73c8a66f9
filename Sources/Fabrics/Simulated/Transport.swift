import Cluster

/// The network of a simulated job: hands messages to their senders' ports, charges and counts them.
///
/// Not thread-safe: belongs to a ``Simulation``.
final class Transport {
    private struct InFlight {
        let transit: NetworkModel.Transit
        let parcel: Parcel
    }

    let ledger: TrafficLedger
    @exclusivity(unchecked) private var network: NetworkModel
    /// Carries the messages where `network` cannot, since they pass more than two ports, share links or can be lost;
    /// else nil.
    private let routed: RoutedTraffic?
    /// The messages under way in `network`, at the places by which events name them.
    @exclusivity(unchecked) private var inFlight = Slots<InFlight>()
    private let loop: EventLoop
    private let dropouts: DropoutState
    private let observer: (any SimulationObserver)?
    @exclusivity(unchecked) private(set) var underWay = 0
    /// Messages that were handed to a port so far.
    @exclusivity(unchecked) private(set) var posted = 0
    /// How many of the `posted` messages are of collectives that were played as a whole.
    private(set) var postedInRounds = 0

    /// - Parameter countsByRank: whether traffic is counted by rank, and not in total only.
    init(_ fabric: SimulatedFabric, _ loop: EventLoop, _ dropouts: DropoutState, countsByRank: Bool) {
        (self.loop, self.dropouts, observer) = (loop, dropouts, fabric.observer)
        ledger = TrafficLedger(ranks: countsByRank ? fabric.nodes.count : 0)
        network = NetworkModel(
            nodes: fabric.nodes, jitter: fabric.jitter, seeds: fabric.seeds, hasLatency: fabric.hasLatency)
        routed =
            RoutedNetwork.isNeeded(fabric.interconnect, fabric.nodes)
            ? RoutedTraffic(
                RoutedNetwork(
                    nodes: fabric.nodes, jitter: fabric.jitter, interconnect: fabric.interconnect, seeds: fabric.seeds,
                    hasLatency: fabric.hasLatency),
                ledger) : nil
    }

    /// Hands a message to the sender's port and charges it; returns when it has left the port. If the sender leaves before
    /// that, the message is lost (``DropoutState/isCutOff(_:before:)``).
    func post(
        _ content: Parcel.Content, from sender: Int, to receiver: Int, bytes: Int, _ purpose: TrafficPurpose,
        _ direction: TrafficDirection
    ) -> VirtualTime {
        let now = loop.now
        underWay += 1
        ledger.charge(from: sender, to: receiver, bytes: bytes, purpose, direction)
        let parcel = Parcel(number: posted, sender: sender, receiver: receiver, sentAt: now, content: content)
        posted += 1
        let leaving: VirtualTime
        let isLost: Bool
        if let routed {
            let (message, departed, next) = routed.post(parcel, bytes: bytes, direction, at: now)
            leaving = departed
            isLost = dropouts.isCutOff(sender, before: leaving)
            if !isLost { loop.schedule(.routed(message), at: next) }
        } else {
            let transit = network.depart(from: sender, to: receiver, bytes: bytes, at: now)
            leaving = transit.departed
            isLost = dropouts.isCutOff(sender, before: leaving)
            if !isLost {
                let place = inFlight.insert(InFlight(transit: transit, parcel: parcel))
                loop.schedule(.arriving(place), at: transit.arriving)
            }
        }
        if let observer {
            let message = SimulatedMessage(
                number: parcel.number, sender: sender, receiver: receiver, bytes: bytes, purpose: purpose)
            observer.posted(message, at: now, departs: leaving)
        }
        if isLost { dropped(parcel) }
        return leaving
    }

    /// The message at this place asks for its receiver's port.
    func arrive(_ place: Int) {
        loop.schedule(.delivered(place), at: network.arrive(inFlight[place].transit))
    }

    /// Takes out the message at this place, which is there.
    func takeDelivered(_ place: Int) -> Parcel { inFlight.take(place).parcel }

    /// Takes a message of a routed network a step farther.
    func advance(_ message: Int, deliver: (Parcel) -> Void, drop: (Parcel) -> Void) {
        guard let next = routed?.advance(message, at: loop.now, deliver: deliver, drop: drop) else { return }
        loop.schedule(.routed(message), at: next)
    }

    /// The end of a flow, if it comes before all events: moves the clock there.
    /// - Returns: the flow's message, which is to be advanced.
    func endFlowBeforeNextEvent() -> Int? {
        guard let routed, let end = routed.network.nextFlowEnd(before: loop.nextTime, at: loop.now) else { return nil }
        loop.moveClock(to: end)
        return routed.network.endFlow()
    }

    func delivered(_ parcel: Parcel) {
        underWay -= 1
        observer?.delivered(parcel.number, at: loop.now)
    }

    func dropped(_ parcel: Parcel) {
        underWay -= 1
        observer?.dropped(parcel.number, at: loop.now)
    }

    /// A rank leaves; returns its messages that will not arrive.
    func leave(_ rank: Int) -> [Parcel] { routed?.leave(rank) ?? [] }

    // MARK: Collectives as a whole

    /// Whether a collective in rounds can be played as a whole: nothing is under way, and the network has ports alone.
    var isIdle: Bool { underWay == 0 && routed == nil }

    /// Plays a collective's messages on a copy of the network; nil where they must be played one by one.
    func play(_ run: CollectiveRun, _ entries: [RoundPlay.Entry]) -> RoundPlay? {
        RoundPlay(run.algorithm, elements: run.elements, entries, of: run.group, on: network)
    }

    /// Takes over the network and the traffic that a collective's messages have led to.
    func adopt(_ play: RoundPlay, of run: CollectiveRun) {
        network = play.network
        for (place, traffic) in play.traffic.enumerated() {
            posted += traffic.sent.messages
            postedInRounds += traffic.sent.messages
            ledger.charge(
                run.group.rank(at: place), sent: traffic.sent, received: traffic.received, run.purpose, .peer)
        }
    }

    // MARK: What repeats

    /// Appends all that decides what the network does from now on; false where the future depends on more.
    func appendState(to words: inout [Int64], parcel: (Parcel, inout [Int64]) -> Void) -> Bool {
        guard let routed else { return network.appendState(to: &words, at: loop.now) }
        return routed.appendState(to: &words, at: loop.now, parcel: parcel)
    }

    /// Appends what is known of a message that has not asked for its receiver's port.
    func appendArriving(_ place: Int, to words: inout [Int64], parcel: (Parcel, inout [Int64]) -> Void) {
        inFlight[place].transit.appendState(to: &words, at: loop.now)
        appendDelivered(place, to: &words, parcel: parcel)
    }

    /// Appends what is known of a message that has asked for its receiver's port.
    func appendDelivered(_ place: Int, to words: inout [Int64], parcel: (Parcel, inout [Int64]) -> Void) {
        parcel(inFlight[place].parcel, &words)
    }

    /// Appends what is known of a message of a routed network.
    func append(_ message: Int, to words: inout [Int64], parcel: (Parcel, inout [Int64]) -> Void) {
        routed?.append(message, to: &words, parcel: parcel)
    }
}
