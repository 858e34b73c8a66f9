#if MPI
    import CMPI
    import Cluster
    import Foundation
    import Kernel
    import Locking

    /// The ranks of one process in one run of an ``MPIFabric``, and their messages.
    ///
    /// All of it happens on the thread that calls ``run(_:)``: it runs the ranks' tasks, and when all of them wait, it looks
    /// for messages.
    ///
    /// `@unchecked Sendable`: used by that thread alone.
    final class MPIJob: @unchecked Sendable {
        let world: MPIWorld
        let placement: MPIPlacement
        let clock = PausableClock()
        let ledger: TrafficLedger
        private let executor = PolledExecutor()
        private var ranks: [MPIRank] = []
        /// The mailboxes of this process's ranks, by rank.
        private var mailboxes: [Int: MPIMailbox] = [:]
        private var sleepers: [Sleeper] = []
        private var remarks: [Int: [Double]] = [:]
        private var sends: [PendingSend] = []
        private var endedRanks: Set<Int> = []
        private var failure: (any Error)?
        /// Bytes that ranks of other processes have sent, as far as this process can know.
        private(set) var bytesOfOthers = 0

        struct Route: Hashable {
            let sender: Int
            let receiver: Int
        }

        /// A rank that does nothing until the clock shows a time.
        private struct Sleeper {
            let seconds: Double
            let waiter: CheckedContinuation<Void, Never>
        }

        /// A message on its way out, whose memory has to stay.
        private struct PendingSend {
            var request: cmpi_request
            let buffer: MPIBuffer
            let waiter: CheckedContinuation<Void, Never>?
        }

        private let start: FabricSnapshot?
        /// What the other processes told for a checkpoint so far. `reportsWaiter` goes on when all have told.
        private var reports: [[Double]] = []
        private var reportsWaiter: CheckedContinuation<Void, Never>?

        init(_ world: MPIWorld, _ placement: MPIPlacement, from start: FabricSnapshot? = nil) {
            self.world = world
            self.placement = placement
            self.start = start
            // What was sent before is in the ledger of one process only.
            let entries = world.rank == 0 ? start?.traffic ?? [] : []
            ledger = TrafficLedger(ranks: placement.ranks, entries: entries)
        }

        // MARK: The run

        /// - Throws: what a rank of this process threw, and ``FabricError/mpi(_:)``: then the other processes are still
        ///   running, and the job has to be ended.
        func run(_ program: @escaping RankProgram) throws -> FabricReport {
            ranks = placement.ranks(of: world.rank).map {
                MPIRank(index: $0, job: self, account: start?.accounts[$0] ?? TimeAccount())
            }
            for rank in ranks { mailboxes[rank.index] = MPIMailbox() }
            try world.barrier()
            clock.start(at: start?.seconds ?? 0)
            for rank in ranks {
                Task(executorPreference: executor) {
                    do {
                        try await program(rank)
                        self.end(rank)
                    } catch {
                        if self.failure == nil { self.failure = error }
                    }
                }
            }
            try serve()
            let seconds = clock.seconds
            return try report(seconds: seconds)
        }

        /// Runs tasks and carries messages until all ranks of the job have ended.
        private func serve() throws {
            var idlePolls = 0
            while true {
                let ran = executor.runReadyJobs()
                if let failure { throw failure }
                let moved = try progress()
                if ran || moved || wakeInTime() {
                    idlePolls = 0
                    world.watchdog.end()
                    continue
                }
                if endedRanks.count == placement.ranks, sends.isEmpty { break }
                // While a rank sleeps or has a deadline, a long wait is no sign of a lost process.
                if idlePolls == 0, sleepers.isEmpty, !mailboxes.values.contains(where: \.hasDeadline) {
                    let waiting = waitingRanks()
                    world.watchdog.begin { waiting }
                }
                idlePolls += 1
                // The first polls are quick, for answers that come at once; later ones leave the core to others.
                if idlePolls > Self.quickPolls { Thread.sleep(forTimeInterval: Self.slowPollSeconds) }
            }
            world.watchdog.end()
        }

        private static let quickPolls = 2_000
        private static let slowPollSeconds = 50e-6

        private func waitingRanks() -> String {
            let waiting = mailboxes.compactMap { rank, mailbox in mailbox.awaited.map { (rank, $0) } }
                .sorted { $0.0 < $1.0 }
            let most = 3
            let texts = waiting.prefix(most).map { "rank \($0) for a message of \($1.description)" }
            if texts.isEmpty { return "for the other processes to end" }
            return texts.joined(separator: ", ") + (waiting.count > most ? " and \(waiting.count - most) more" : "")
        }

        /// Wakes the ranks whose time has come; returns whether there were any.
        private func wakeInTime() -> Bool {
            let now = clock.seconds
            var isAny = false
            for mailbox in mailboxes.values where mailbox.clockShows(now) { isAny = true }
            let due = sleepers.filter { $0.seconds <= now }
            sleepers.removeAll { $0.seconds <= now }
            for sleeper in due { sleeper.waiter.resume() }
            return isAny || !due.isEmpty
        }

        func sleep(until seconds: Double) async {
            await withCheckedContinuation { sleepers.append(Sleeper(seconds: seconds, waiter: $0)) }
        }

        private func end(_ rank: MPIRank) {
            endedRanks.insert(rank.index)
            tellAll(.ended, [Double(rank.index)])
            for mailbox in mailboxes.values { mailbox.senderEnded() }
        }

        // MARK: Messages

        /// Looks after messages on their way out and in.
        /// - Returns: whether anything has happened.
        private func progress() throws -> Bool {
            var moved = false
            for index in sends.indices.reversed() {
                var isOver = false
                let code = cmpi_test(&sends[index].request, &isOver)
                try world.require(code, "sending")
                guard isOver else { continue }
                sends.remove(at: index).waiter?.resume()
                moved = true
            }
            var (isThere, from, tag, count): (Bool, Int32, Int32, Int32) = (false, 0, 0, 0)
            let code = cmpi_probe(&isThere, &from, &tag, &count)
            try world.require(code, "looking for messages")
            guard isThere else { return moved }
            try receive(from: Int(from), tag: Int(tag), bytes: Int(count))
            return true
        }

        private func receive(from process: Int, tag: Int, bytes: Int) throws {
            let begin = clock.seconds
            let buffer = MPIBuffer(count: bytes)
            try world.check("receiving \(bytes) bytes of process \(process)") {
                cmpi_receive(buffer.bytes, Int32(bytes), Int32(process), Int32(tag))
            }
            switch MPITag(tag) {
            case .message(let purpose, let direction, let isEncoded):
                let message = MPIMessage(buffer, isEncoded: isEncoded)
                bytesOfOthers += message.bytes
                let told = remarks.removeValue(forKey: message.sender) ?? []
                deliver(
                    MPIMailbox.Parcel(
                        message: Message(
                            message.payload, weight: message.weight, purpose: purpose, direction: direction, told: told),
                        beginSeconds: begin, endSeconds: clock.seconds),
                    Route(sender: message.sender, receiver: message.receiver))
            case .remarks:
                let numbers = buffer.doubles
                remarks[Int(numbers[0])] = Array(numbers.dropFirst())
            case .ended:
                let rank = Int(buffer.doubles[0])
                endedRanks.insert(rank)
                for mailbox in mailboxes.values { mailbox.senderEnded() }
            case .paused: clock.skip(seconds: buffer.doubles[0])
            case .reportWanted: try start(MPIBuffer(ownReport), to: process, .report, nil)
            case .report:
                reports.append(buffer.doubles)
                if reports.count == world.count - 1 {
                    reportsWaiter?.resume()
                    reportsWaiter = nil
                }
            case nil:
                throw FabricError.mpi("a message of an unknown kind (\(tag)) came from process \(process)")
            }
        }

        private func deliver(_ parcel: MPIMailbox.Parcel, _ route: Route) {
            mailbox(of: route.receiver).put(parcel, from: route.sender)
        }

        private func mailbox(of rank: Int) -> MPIMailbox {
            guard let mailbox = mailboxes[rank] else {
                preconditionFailure("rank \(rank) is not one of process \(world.rank)")
            }
            return mailbox
        }

        /// The next message of one of the senders; nil when the deadline has come, or they have ended and none is left.
        func receive(
            _ receiver: Int, from senders: Senders, until deadline: Double?
        ) async -> (sender: Int, parcel: MPIMailbox.Parcel)? {
            let mailbox = mailbox(of: receiver)
            // Messages come in while all ranks of the process wait, so also one that only asks for what is there waits once.
            var hasWaited = false
            while true {
                if let found = mailbox.take(from: senders) { return found }
                if haveEnded(senders, receiver) { return nil }
                if let deadline, hasWaited, clock.seconds >= deadline { return nil }
                hasWaited = true
                await mailbox.wait(for: senders, until: deadline)
            }
        }

        func haveEnded(_ senders: Senders, _ receiver: Int) -> Bool {
            senders.haveAllEnded(endedRanks, ranks: placement.ranks, receiver: receiver)
        }

        /// Returns when the message has gone: into another process, or to a rank of this one.
        func send(_ message: Message, _ route: Route) async throws {
            guard let (buffer, process) = try begin(message, route) else { return }
            var failure: (any Error)?
            await withCheckedContinuation { waiter in
                do {
                    try start(buffer, to: process, .message(message), waiter)
                } catch {
                    failure = error
                    waiter.resume()
                }
            }
            if let failure { throw failure }
        }

        /// Lets the message go while its sender goes on.
        func post(_ message: Message, _ route: Route) throws {
            guard let (buffer, process) = try begin(message, route) else { return }
            try start(buffer, to: process, .message(message), nil)
        }

        /// Charges a message; delivers it to a rank of this process, or returns what another process is to get.
        private func begin(_ message: Message, _ route: Route) throws -> (MPIBuffer, process: Int)? {
            ledger.charge(
                from: route.sender, to: route.receiver, bytes: message.bytes, message.purpose, message.direction)
            let process = placement.process(of: route.receiver)
            guard process != world.rank else {
                let now = clock.seconds
                deliver(MPIMailbox.Parcel(message: message, beginSeconds: now, endSeconds: now), route)
                return nil
            }
            if let telling = message.telling {
                try start(MPIBuffer([Double(route.sender)] + telling()), to: process, .remarks, nil)
            }
            return (try MPIMessage.encode(message, from: route.sender, to: route.receiver), process)
        }

        private func start(
            _ buffer: MPIBuffer, to process: Int, _ tag: MPITag, _ waiter: CheckedContinuation<Void, Never>?
        ) throws {
            var request = cmpi_request()
            let bytes = buffer.count
            try world.check("sending \(bytes) bytes to process \(process)") {
                cmpi_start_send(buffer.bytes, Int32(buffer.count), Int32(process), Int32(tag.number), &request)
            }
            sends.append(PendingSend(request: request, buffer: buffer, waiter: waiter))
        }

        /// Sends numbers to all other processes.
        func tellAll(_ tag: MPITag, _ numbers: [Double]) {
            for process in 0..<world.count where process != world.rank {
                do {
                    try start(MPIBuffer(numbers), to: process, tag, nil)
                } catch {
                    if failure == nil { failure = error }
                }
            }
        }

        /// A collective in which every rank hands in and gets so many bytes.
        func chargeCollective(_ rank: Int, sent: Int, received: Int, sentByOthers: Int, _ purpose: TrafficPurpose) {
            ledger.charge(rank, sent: (1, sent), received: (1, received), purpose, .peer)
            bytesOfOthers += sentByOthers
        }

        // MARK: The report

        private var ownReport: [Double] {
            MPIReport(rows: ranks.map { MPIReport.Row($0.index, $0.account) }, entries: ledger.entries).numbers
        }

        private func report(seconds: Double) throws -> FabricReport {
            let all = try world.allGather(ownReport).map(MPIReport.init)
            return FabricReport(
                seconds: seconds, accounts: MPIReport.accounts(all, ranks: placement.ranks),
                ledger: MPIReport.ledger(all, ranks: placement.ranks))
        }

        /// What the job has taken so far, of all processes, which call it together while the clock stands.
        func snapshotTogether() throws -> FabricSnapshot { snapshot(try world.allGather(ownReport)) }

        /// What the job has taken so far, of all processes. To be called by one process while the others wait for its
        /// messages.
        func snapshotAskingOthers() async -> FabricSnapshot {
            reports = []
            if world.count > 1 {
                tellAll(.reportWanted, [])
                await withCheckedContinuation { reportsWaiter = $0 }
            }
            return snapshot([ownReport] + reports)
        }

        private func snapshot(_ numbers: [[Double]]) -> FabricSnapshot {
            let all = numbers.map(MPIReport.init)
            return FabricSnapshot(
                seconds: clock.seconds, accounts: MPIReport.accounts(all, ranks: placement.ranks),
                traffic: MPIReport.ledger(all, ranks: placement.ranks).entries)
        }
    }
#endif
