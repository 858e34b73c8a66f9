#if MPI
    import CMPI
    import Cluster
    import Host
    import Kernel

    /// A rank of an MPI job in the process that runs it.
    ///
    /// The processes' clocks differ, so nobody knows when the last rank has come to a collective: an account has the
    /// time of waiting for others in its communication.
    ///
    /// `@unchecked Sendable`: used by its own task, which runs on the job's one thread.
    final class MPIRank: Rank, @unchecked Sendable {
        let index: Int
        let job: MPIJob
        var account = TimeAccount()
        /// Where the rank computes what it contributes to an all-reduce; kept for its memory.
        private var contribution = KeptVector()

        init(index: Int, job: MPIJob, account: TimeAccount) {
            self.index = index
            self.job = job
            self.account = account
        }

        var count: Int { job.placement.ranks }
        var now: VirtualTime { VirtualTime(seconds: job.clock.seconds) }

        // MARK: Computing

        func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws { measure(body) }

        func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws {
            // The other cores of the host are other ranks'.
            measure { for part in 0..<parts { body(part) } }
        }

        func compute(
            _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
        ) async throws -> DeferredVector {
            measure { DeferredVector(DeferredVector.frozen(body)) }
        }

        func measure<Result>(_ body: () -> Result) -> Result {
            let start = job.clock.seconds
            let result = body()
            account.computeSeconds += job.clock.seconds - start
            return result
        }

        // MARK: Messages

        func send(_ message: Message, to receiver: Int) async throws {
            let start = job.clock.seconds
            try await job.send(message, MPIJob.Route(sender: index, receiver: receiver))
            account.communicationSeconds += job.clock.seconds - start
        }

        func post(_ message: Message, to receiver: Int) throws {
            let start = job.clock.seconds
            try job.post(message, MPIJob.Route(sender: index, receiver: receiver))
            account.communicationSeconds += job.clock.seconds - start
        }

        func receive(from senders: Senders, until deadline: VirtualTime?) async throws -> Reception {
            let start = job.clock.seconds
            guard let (sender, parcel) = await job.receive(index, from: senders, until: deadline?.seconds) else {
                if job.haveEnded(senders, index) { return .ended }
                account.waitingSeconds += job.clock.seconds - start
                return .timedOut
            }
            account.waitingSeconds += max(0, parcel.beginSeconds - start)
            account.communicationSeconds += max(0, parcel.endSeconds - max(start, parcel.beginSeconds))
            return .message(parcel.message, from: sender)
        }

        func sleep(until time: VirtualTime) async throws {
            let start = job.clock.seconds
            if time.seconds > start { await job.sleep(until: time.seconds) }
            account.waitingSeconds += job.clock.seconds - start
        }

        // MARK: All-reduce

        func allReduce(_ request: AllReduceRequest) async throws {
            switch request.source {
            case .vector(let vector): try addUp(vector, request)
            case .computed(_, let body):
                let vector = contribution.take(count: request.count)
                if count > 1, !request.buckets.isEmpty { return try overlap(body, vector, request) }
                measure { body(vector, nil) }
                try addUp(vector, request)
            }
        }

        private func addUp(_ vector: ParameterVector, _ request: AllReduceRequest) throws {
            if count > 1 {
                try requireOwnProcess("an all-reduce")
                let (numbers, elements) = (vector.storage, vector.count)
                try communicate {
                    try job.world.check("in an all-reduce of \(elements) numbers") {
                        cmpi_all_reduce(numbers, Int32(elements))
                    }
                    if request.reduction == .mean { vector.scale(by: request.reduction.scale(ranks: count)) }
                }
                charge(sent: elements, received: elements, sentByAll: elements * count, request.purpose)
            }
            if let update = request.update { measure { update(vector, 0..<vector.count) } }
        }

        private func overlap(
            _ body: AllReduceRequest.Contribution, _ vector: ParameterVector, _ request: AllReduceRequest
        ) throws {
            try requireOwnProcess("an all-reduce")
            var flight = BucketFlight(request.buckets, vector, job)
            let start = job.clock.seconds
            body(vector) { flight.advance(readyFrom: $0) }
            let end = job.clock.seconds
            account.computeSeconds += end - start
            flight.computationEnded()
            try flight.land()
            account.hiddenCommunicationSeconds += flight.hiddenSeconds
            account.communicationSeconds += job.clock.seconds - end
            charge(
                sent: request.count, received: request.count, sentByAll: request.count * count, request.purpose)
            measure {
                if request.reduction == .mean { vector.scale(by: request.reduction.scale(ranks: count)) }
                request.update?(vector, 0..<request.count)
            }
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

    extension MPIRank: HarnessRank {
        var sharesMemory: Bool { job.world.count == 1 }
        /// Complete where all messages concern this process, as a server's do, or are collectives.
        var totalBytesSent: Int { job.ledger.totalBytes + job.bytesOfOthers }

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

        func offTheClock(
            showing vector: ParameterVector, chunks: Int,
            _ body: @escaping @Sendable (_ chunk: Int, _ shown: [ShownVector]) -> Void,
            finish: @escaping @Sendable (_ shown: [ShownVector]) -> Void
        ) async throws {
            let time = now
            try meetOffTheClock {
                let times = try job.world.allGather([time.seconds])
                let all = ParameterVector(count: vector.count * count)
                try gatherAll(vector, into: all)
                guard index == 0 else { return }
                let shown = all.split(into: count).enumerated().map { rank, vector in
                    ShownVector(
                        rank: rank, vector: vector, time: VirtualTime(seconds: times[rank][0]))
                }
                ParallelLoop.run(chunks) { body($0, shown) }
                finish(shown)
            }
        }
    }
#endif
