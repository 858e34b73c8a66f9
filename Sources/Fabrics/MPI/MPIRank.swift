#if MPI
    import CMPI
    import Cluster
    import Host
    import Kernel

    /// A rank of an MPI job in the process that runs it.
    ///
    /// Of a collective nobody knows when the last rank has come, since the processes' clocks differ: waiting for others is
    /// part of its communication.
    ///
    /// `@unchecked Sendable`: used by its own task, which runs on the job's one thread.
    final class MPIRank: Rank, @unchecked Sendable {
        let index: Int
        let job: MPIJob
        var account = TimeAccount()
        /// Where the rank computes what it contributes to an all-reduce; kept for its memory.
        var contribution = KeptVector()

        init(index: Int, job: MPIJob, account: TimeAccount) {
            self.index = index
            self.job = job
            self.account = account
        }

        var count: Int { job.placement.ranks }
        var now: VirtualTime { VirtualTime(nanoseconds: VirtualTime.span(seconds: job.clock.seconds)) }
        var sharesMemory: Bool { job.world.count == 1 }
        /// Complete where all messages concern this process, as a server's do, or are collectives.
        var totalBytesSent: Int { job.ledger.totalBytes + job.bytesOfOthers }

        // MARK: Computing

        func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws { measure(body) }

        func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws {
            // The other cores of the host are other ranks'.
            measure { for part in 0..<parts { body(part) } }
        }

        func compute(
            _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
        ) async throws -> DeferredVector {
            measure { DeferredVector(body()) }
        }

        func measure<Result>(_ body: () -> Result) -> Result {
            let start = job.clock.seconds
            let result = body()
            account.computeSeconds += job.clock.seconds - start
            return result
        }

        // MARK: Off the clock

        func offTheClock(
            _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void,
            finish: @escaping @Sendable () -> Void
        ) async throws {
            func work() {
                ParallelLoop.run(chunks, body)
                finish()
            }
            switch pause {
            case .thisRank:
                job.clock.pause()
                let start = ContinuousClock.now
                work()
                job.tellAll(.paused, [(ContinuousClock.now - start).inSeconds])
                job.clock.resume()
            case .allRanks, .allRanksTogether:
                try meetOffTheClock { if index == 0 { work() } }
            }
        }

        func checkpoint(
            _ pause: Pause, _ write: @escaping @Sendable (_ fabric: FabricSnapshot?) throws -> Void
        ) async throws {
            switch pause {
            case .thisRank:
                job.clock.pause()
                let start = ContinuousClock.now
                try write(await job.snapshotAskingOthers())
                job.tellAll(.paused, [(ContinuousClock.now - start).inSeconds])
                job.clock.resume()
            case .allRanks, .allRanksTogether:
                try meetOffTheClock {
                    let snapshot = try job.snapshotTogether()
                    if index == 0 { try write(snapshot) }
                }
            }
        }

        func exchange(_ numbers: [Double]) async throws -> [[Double]] {
            var all: [[Double]] = []
            try meetOffTheClock { all = try job.world.allGather(numbers) }
            return all
        }

        /// Pauses the clock when all have come, and lets it go on when all are done.
        private func meetOffTheClock(_ body: () throws -> Void) throws {
            try requireOwnProcess("what all ranks do together")
            try communicate { try job.world.barrier() }
            job.clock.pause()
            try body()
            try job.world.meet("for rank 0, which evaluates or writes")
            job.clock.resume()
        }

        // MARK: Messages

        func send(_ message: Message, to receiver: Int) async throws {
            let start = job.clock.seconds
            try await job.send(message, MPIJob.Route(sender: index, receiver: receiver))
            account.communicationSeconds += job.clock.seconds - start
        }

        func receive(from sender: Int) async throws -> Message? {
            let start = job.clock.seconds
            guard let parcel = await job.mailbox(MPIJob.Route(sender: sender, receiver: index)).take() else {
                return nil
            }
            account.waitingSeconds += max(0, parcel.beginSeconds - start)
            account.communicationSeconds += max(0, parcel.endSeconds - max(start, parcel.beginSeconds))
            return parcel.message
        }

        // MARK: All-reduce

        func allReduce(_ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose) async throws {
            guard count > 1 else { return }
            try requireOwnProcess("an all-reduce")
            let (numbers, elements) = (vector.storage, vector.count)
            try communicate {
                try job.world.check("in an all-reduce of \(elements) numbers") {
                    cmpi_all_reduce(numbers, Int32(elements))
                }
                if reduction == .mean { vector.scale(by: reduction.scale(ranks: count)) }
            }
            charge(sent: elements, received: elements, sentByAll: elements * count, purpose)
        }

        func allReduce(
            _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose,
            update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
        ) async throws {
            try await allReduce(vector, reduction, purpose: purpose)
            measure { update(vector, 0..<vector.count) }
        }

        func allReduce(
            _ reduction: Reduction, count: Int, computing work: ComputeWork, purpose: TrafficPurpose,
            contribution body: @escaping @Sendable (_ vector: ParameterVector) -> Void,
            update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
        ) async throws {
            let vector = contribution.take(count: count)
            measure { body(vector) }
            try await allReduce(vector, reduction, purpose: purpose, update: update)
        }

        // MARK: The fabric's part

        func communicate(_ body: () throws -> Void) throws {
            let start = job.clock.seconds
            try body()
            account.communicationSeconds += job.clock.seconds - start
        }

        func charge(sent: Int, received: Int, sentByAll: Int, _ purpose: TrafficPurpose) {
            job.chargeCollective(
                index, sent: sent * bytesPerElement, received: received * bytesPerElement,
                sentByOthers: (sentByAll - sent) * bytesPerElement, purpose)
        }

        /// Collectives are MPI's, among processes.
        func requireOwnProcess(_ what: String) throws {
            guard job.placement.isOneRankAProcess else {
                throw FabricError.mpi(
                    "\(what) needs a process for each of the \(count) ranks; the job has \(job.world.count)")
            }
        }
    }
#endif
