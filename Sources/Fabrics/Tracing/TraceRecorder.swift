import Cluster

/// Writes what the ranks of a simulated job do as Chrome trace events: a track for each rank, an arrow for each message,
/// a counter of the bytes under way.
///
/// Only the first ``tracedRanks`` ranks have tracks, and of a long job only some steps (``TraceBudget``); the file says
/// so. What a rank does outside of its operations is nothing: a gap.
package final class TraceRecorder: SimulationObserver {
    /// Ranks that have a track of their own.
    package static let tracedRanks = 64
    /// The most that events take, in bytes: an operation has up to two waits; a message at its sender a wait, a slice and
    /// an end of an arrow, at its receiver a slice and the other end; then a value of the counter.
    private static let (operationBytes, sendingBytes, receiptBytes, counterBytes) = (700, 600, 300, 200)

    /// The message of a step as its sender's track shows it.
    private struct Sending {
        let message: SimulatedMessage
        /// When the message has its sender's port; `end` is when it leaves the port.
        let begin: Int64
        var end: Int64
        /// Whether it will not arrive, so that no arrow leads to its receiver.
        var isDropped = false
    }

    private struct Track {
        /// The operation that the rank is in; nil where it is not traced.
        var operation: Operation?
        var began: Int64 = 0
        var sendings: [Sending] = []
        /// Messages that came during the operation: numbers and times. Written behind it, since of slices that begin
        /// together the longer one comes first.
        var receipts: [(number: Int, time: Int64)] = []
        /// Whether what the rank computes beside its messages has a track yet.
        var hasComputingTrack = false
        /// When the rank's port is free.
        var portFree: Int64 = 0
    }

    private let file: TraceFile
    private let ranks: Int
    private let allReduce: AllReduceAlgorithm
    private let allReduceByLength: [Int: AllReduceAlgorithm]
    private var tracks: [Track]
    private var budget: TraceBudget
    /// Traced messages under way to receivers that have tracks: these.
    private var underWay: [Int: Int] = [:]
    /// Ranks that have left, and the lowest that has not, whose computations are the steps.
    private var gone: Set<Int> = []
    private var stepRank = 0
    /// The bytes of all messages under way, by the messages' numbers.
    private var bytes: [Int: Int] = [:]
    private var bytesUnderWay = 0
    private var counterTime: Int64 = -1

    /// - Parameters:
    ///   - path: the file's.
    ///   - title: what is traced.
    ///   - server: the rank that is called so.
    /// - Throws: ``TraceError`` if the file cannot be made.
    package convenience init(
        _ path: String, title: String, ranks: Int, server: Int?, allReduce: AllReduceAlgorithm,
        allReduceByLength: [Int: AllReduceAlgorithm] = [:]
    ) throws(TraceError) {
        try self.init(
            path, title: title, ranks: ranks, server: server, allReduce: allReduce,
            allReduceByLength: allReduceByLength, TraceBudget())
    }

    init(
        _ path: String, title: String, ranks: Int, server: Int?, allReduce: AllReduceAlgorithm,
        allReduceByLength: [Int: AllReduceAlgorithm] = [:], _ budget: TraceBudget
    ) throws(TraceError) {
        self.ranks = ranks
        self.allReduce = allReduce
        self.allReduceByLength = allReduceByLength
        self.budget = budget
        tracks = Array(repeating: Track(), count: min(ranks, Self.tracedRanks))
        file = try TraceFile(path)
        file.processName(title)
        for rank in tracks.indices { file.trackName(rank == server ? "server" : "rank \(rank)", of: rank + 1) }
    }

    /// - Throws: ``TraceError`` if something could not be written.
    package func finish() throws(TraceError) {
        if counterTime >= 0 { file.counter("bytes in flight", at: counterTime, bytesUnderWay) }
        let tracksText = tracks.count == ranks ? "all \(ranks) ranks" : "the first \(tracks.count) of \(ranks) ranks"
        file.processLabel("\(budget.description); \(tracksText)")
        try file.finish(notes: [
            ("clock", "cluster time, virtual"), ("steps", budget.description), ("tracks", tracksText),
            ("step", "what rank 0, or the lowest that has not left, does from one of its computations to the next"),
        ])
    }

    /// Takes away the file of a job that has failed.
    package func discard() { file.discard() }

    // MARK: What happens

    package var needsMessages: Bool { true }

    package func began(_ operation: Operation, on rank: Int, at now: VirtualTime) {
        switch operation {
        case .compute(let work) where rank == stepRank && work != .none: budget.nextStep()
        case .step where rank == stepRank: budget.nextStep()
        default: break
        }
        guard rank < tracks.count, budget.reserve(Self.operationBytes) else { return }
        tracks[rank].operation = operation
        tracks[rank].began = now.nanoseconds
    }

    package func computes(on rank: Int, from begin: VirtualTime, to end: VirtualTime) {
        guard rank < tracks.count, case .step(let work, let elements, _)? = tracks[rank].operation, end > begin else {
            return
        }
        let track = Self.tracedRanks + rank + 1
        if !tracks[rank].hasComputingTrack {
            tracks[rank].hasComputingTrack = true
            file.trackName("rank \(rank), gradient", of: track)
        }
        file.slice(
            "forward and backward", on: track, from: begin.nanoseconds, to: end.nanoseconds,
            [.count("samples", work.samplesPerStep), .count("elements", elements)])
    }

    package func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime) {
        count(message.bytes, at: now)
        bytes[message.number] = message.bytes
        guard message.sender < tracks.count else { return }
        // A message that leaves by another link, while others still use theirs, is shown as a moment, so that slices do
        // not overlap.
        let begin = min(max(now.nanoseconds, tracks[message.sender].portFree), departs.nanoseconds)
        tracks[message.sender].portFree = max(tracks[message.sender].portFree, departs.nanoseconds)
        guard tracks[message.sender].operation != nil else { return budget.leaveOut() }
        let hasReceipt = message.receiver < tracks.count
        guard budget.reserve(Self.sendingBytes + (hasReceipt ? Self.receiptBytes : 0)) else { return }
        tracks[message.sender].sendings.append(Sending(message: message, begin: begin, end: departs.nanoseconds))
        if hasReceipt { underWay[message.number] = message.receiver }
    }

    package func delivered(_ number: Int, at now: VirtualTime) {
        count(-(bytes.removeValue(forKey: number) ?? 0), at: now)
        guard let receiver = underWay.removeValue(forKey: number) else { return }
        if tracks[receiver].operation != nil {
            tracks[receiver].receipts.append((number, now.nanoseconds))
        } else {
            writeReceipt(of: number, receiver, at: now.nanoseconds)
        }
    }

    package func dropped(_ number: Int, at now: VirtualTime) {
        count(-(bytes.removeValue(forKey: number) ?? 0), at: now)
        guard let receiver = underWay.removeValue(forKey: number) else { return }
        defer { budget.wrote(total: file.byteCount, reserved: Self.receiptBytes) }
        for sender in tracks.indices {
            guard let place = tracks[sender].sendings.firstIndex(where: { $0.message.number == number }) else {
                continue
            }
            tracks[sender].sendings[place].isDropped = true
            return
        }
        // The sender's slice is written already, and the message's arrow begins there; the arrow ends here.
        let end = max(now.nanoseconds, 1)
        file.slice("lost", on: receiver + 1, from: end - 1, to: end)
        file.flow(isStart: false, number, "message", on: receiver + 1, at: end - 1)
    }

    package func left(_ rank: Int, at now: VirtualTime) {
        gone.insert(rank)
        while gone.contains(stepRank) { stepRank += 1 }
        if rank < tracks.count { file.instant("left", on: rank + 1, at: now.nanoseconds) }
    }

    private func writeReceipt(of number: Int, _ receiver: Int, at time: Int64) {
        // The nanosecond before: slices begin and end at whole ones, so that it lies within one or outside of it.
        let end = max(time, 1)
        file.slice("receive", on: receiver + 1, from: end - 1, to: end)
        file.flow(isStart: false, number, "message", on: receiver + 1, at: end - 1)
        budget.wrote(total: file.byteCount, reserved: Self.receiptBytes)
    }

    package func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime) {
        guard rank < tracks.count, let operation = tracks[rank].operation else { return }
        let (began, ended) = (tracks[rank].began, now.nanoseconds)
        write(operation, rank, from: began, to: ended)
        var time = began
        for sending in tracks[rank].sendings where sending.begin < ended || !gone.contains(rank) {
            var sending = sending
            // A rank that leaves takes along what is in its port.
            if gone.contains(rank) { sending.end = min(sending.end, ended) }
            // What was posted leaves while the rank does something else: it is shown as a moment.
            if case .post = operation { sending = Sending(message: sending.message, begin: ended, end: ended) }
            if case .collective = operation {
                waits(rank, from: time, to: min(sending.begin, ended), ready: ready.nanoseconds)
            }
            write(sending, rank)
            time = max(time, sending.end)
        }
        switch operation {
        case .collective, .receive, .receiveFirst: waits(rank, from: time, to: ended, ready: ready.nanoseconds)
        case .compute, .step, .ready, .update, .send, .post, .sleep, .evaluation, .show: break
        }
        budget.wrote(
            total: file.byteCount,
            reserved: Self.operationBytes + tracks[rank].sendings.count * Self.sendingBytes)
        for receipt in tracks[rank].receipts { writeReceipt(of: receipt.number, rank, at: receipt.time) }
        tracks[rank].operation = nil
        tracks[rank].receipts.removeAll(keepingCapacity: true)
        tracks[rank].sendings.removeAll(keepingCapacity: true)
    }

    // MARK: Events

    private func write(_ operation: Operation, _ rank: Int, from began: Int64, to ended: Int64) {
        switch operation {
        case .compute(let work):
            guard ended > began else { return }
            file.slice(
                "compute", on: rank + 1, from: began, to: ended,
                [
                    .count("steps", work.fullSteps + work.shortSteps), .count("samples", work.samplesPerStep),
                    .count("vector_elements", work.vectorElements),
                ])
        case .collective(let kind, let elements, let purpose):
            guard ended > began else { return }
            file.slice(
                kind.name, on: rank + 1, from: began, to: ended,
                [.count("elements", elements), .name("purpose", purpose.rawValue)]
                    + (kind.isAllReduce
                        ? [.name("algorithm", (allReduceByLength[elements] ?? allReduce).rawValue)] : []))
        case .update:
            guard ended > began else { return }
            file.slice("update", on: rank + 1, from: began, to: ended)
        case .sleep:
            guard ended > began else { return }
            file.slice("sleep", on: rank + 1, from: began, to: ended)
        case .evaluation, .show: file.instant("evaluation", on: rank + 1, at: began)
        // While a rank waits for a part of its gradient, that is on the track of its computing.
        case .send, .post, .receive, .receiveFirst, .step, .ready: break
        }
    }

    /// A message in its sender's port; where that takes no time, the nanosecond before for the arrow to begin in.
    private func write(_ sending: Sending, _ rank: Int) {
        let message = sending.message
        let begin = sending.end > sending.begin ? sending.begin : max(sending.begin - 1, 0)
        file.slice(
            "send", on: rank + 1, from: begin, to: max(sending.end, begin + 1),
            [
                .count("to", message.receiver), .count("bytes", message.bytes),
                .name("purpose", message.purpose.rawValue),
            ])
        // An arrow needs both ends.
        if message.receiver < tracks.count, !sending.isDropped {
            file.flow(isStart: true, message.number, "message", on: rank + 1, at: begin)
        }
    }

    /// Waiting: until `ready` for others to send or to come, then for the messages.
    private func waits(_ rank: Int, from begin: Int64, to end: Int64, ready: Int64) {
        let middle = min(max(begin, ready), end)
        if middle > begin { file.slice("wait for others", on: rank + 1, from: begin, to: middle) }
        if end > middle { file.slice("wait for messages", on: rank + 1, from: middle, to: end) }
    }

    /// The value before a change is written when time goes on, so that of one moment there is one value.
    private func count(_ change: Int, at now: VirtualTime) {
        if now.nanoseconds != counterTime, counterTime >= 0, budget.isOn, budget.hasRoom(Self.counterBytes) {
            file.counter("bytes in flight", at: counterTime, bytesUnderWay)
            budget.wrote(total: file.byteCount, reserved: 0)
        }
        counterTime = now.nanoseconds
        bytesUnderWay += change
    }
}
