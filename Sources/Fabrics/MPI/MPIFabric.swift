#if MPI
    /// Runs ranks as processes of an MPI job, on the cluster one has, in real time.
    ///
    /// Every process of the job makes the same call with the same program, and runs those ranks of it that are placed
    /// in the process (``MPIPlacement``). Collectives are MPI's own, and need a process for each rank. Process 0 gets
    /// the report of the whole job, the others one without figures.
    ///
    /// The ledger counts what the ranks hand to MPI and get from it: a message with its framing; for a collective the
    /// rank's vector and its result, whatever MPI's algorithm makes of them. Messages of the fabric itself, such as the
    /// end of a program or losses for the record, are not in the ledger, and those that are sent off the clock cost no
    /// time.
    package struct MPIFabric: Fabric {
        package let world: MPIWorld
        package let ranks: Int
        private let hasServer: Bool
        private let start: FabricSnapshot?

        /// - Parameters:
        ///   - hasServer: whether rank 0 serves the others, and has a process to itself where others share one.
        ///   - start: where the job goes on, the same in all processes; nil for the beginning.
        package init(_ world: MPIWorld, ranks: Int, hasServer: Bool = false, from start: FabricSnapshot? = nil) {
            precondition(ranks > 0, "a fabric of no ranks")
            precondition(start.map { $0.accounts.count == ranks } ?? true, "a snapshot of another number of ranks")
            self.world = world
            self.ranks = ranks
            self.hasServer = hasServer
            self.start = start
        }

        package var replaysTime: Bool { false }

        package func run(_ program: @escaping RankProgram) throws -> FabricReport {
            let job = MPIJob(
                world, MPIPlacement(ranks: ranks, processes: world.count, hasServer: hasServer), from: start)
            return try job.run(program)
        }
    }
#endif
