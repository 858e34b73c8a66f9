import ArgumentParser
import Calibration
import Experiments
import Fabrics
import Foundation
import Locking
import Tasks

/// The MPI job that this process may belong to.
enum MPILaunch {
    /// - Throws: `ValidationError` in a program that was built without MPI.
    static func checkIsBuilt() throws {
        #if !MPI
            throw ValidationError("--fabric mpi: \(StrategyPlan.mpiIsMissing)")
        #endif
    }

    /// Joins the job, and returns its number of processes.
    ///
    /// - Parameter patience: how long to wait for the other processes to join.
    static func processCount(patience: Duration) throws -> Int {
        #if MPI
            MPIWorld.setStartPatience(seconds: patience.inSeconds)
            return try MPIWorld.join().count
        #else
            return 1
        #endif
    }

    /// Joins the job, agrees with its other processes on the plan, and returns the job's description for the results.
    ///
    /// Where a process has another plan or cannot take part, all processes end, and one prints the reason.
    static func description(
        of plan: ExperimentPlan, patience: Duration
    ) throws -> MachineDescription.MPIDescription? {
        #if MPI
            MPIWorld.setStartPatience(seconds: patience.inSeconds)
            let world = try MPIWorld.join()
            world.setPatience(seconds: patience.inSeconds)
            try settle(world, rollCall(world, plan: plan))
            let hosts = try world.hostsOfAll()
            return MachineDescription.MPIDescription(library: world.library, hosts: hosts)
        #else
            return nil
        #endif
    }

    /// The ranks among which `bench calibrate` measures.
    struct CalibrationJob {
        let network: any MeasurableNetwork
        let transport: MessageTransport
        let library: String
    }

    /// Joins the job in which a launcher started this process; nil where it started only one process, or there is no
    /// launcher.
    ///
    /// - Throws: ``FabricError``; ``ExperimentError`` where a program without MPI is one of several processes.
    static func calibrationJob() throws -> CalibrationJob? {
        #if MPI
            guard startedAsRank != nil else { return nil }
            let world = try MPIWorld.join()
            guard world.count > 1 else { return nil }
            try settle(world, rollCall(world, arguments: Array(CommandLine.arguments.dropFirst())))
            let network = try MPINetwork(world)
            return CalibrationJob(
                network: network,
                transport: MessageTransport(
                    hosts: network.hosts, environment: ProcessInfo.processInfo.environment),
                library: world.library)
        #else
            if let rank = startedAsRank, rank > 0 { throw ExperimentError(StrategyPlan.mpiIsMissing) }
            return nil
        #endif
    }

    /// How to measure a network, for a process without one.
    static var howToMeasureANetwork: String {
        #if MPI
            "'mpirun -n 2 bench calibrate' measures it"
        #else
            "'mpirun -n 2 bench calibrate' measures it, with a bench that is built with MPI: './setup.sh --mpi', then 'swift build -c release --traits MPI'"
        #endif
    }

    /// Whether another process of the job reports and writes files.
    static var isFollower: Bool {
        #if MPI
            return MPIWorld.current.map { !$0.isReporter } ?? false
        #else
            return false
        #endif
    }

    /// Sets what this process does before it ends the job because of its own error or the loss of another process.
    static func setLastWords(_ words: @escaping @Sendable () -> Void) {
        #if MPI
            MPIWorld.current?.setLastWords(words)
        #endif
    }

    /// Leaves the job, if this process has joined one.
    static func finish() {
        #if MPI
            MPIWorld.current?.finish()
        #endif
    }

    /// Ends the program, with an error or without. One process of a job prints the error, and a process that fails ends
    /// all others.
    static func exit(withError error: any Error) -> Never {
        Console.flush()
        let code = Bench.exitCode(for: error)
        #if MPI
            let failure = RollCall.Failure(
                message: code == .success ? "only prints its help" : Bench.message(for: error),
                exitCode: code.rawValue)
            if let world = MPIWorld.current, world.count > 1, hasAgreed.withLock({ $0 }) {
                world.end(because: failure.message, exitCode: max(1, failure.exitCode))
            }
            if let rank = startedAsRank, isForMPI {
                failBeforeTheJob(failure, rank: rank, text: Bench.fullMessage(for: error))
            }
            finish()
        #endif
        if let refusal = Bench.visibleRefusal(for: error) {
            Console.error(TerminalAbilities.error.shown(refusal) + "\n")
            Bench.exit(withError: ExitCode.validationFailure)
        }
        let text = Bench.fullMessage(for: error)
        let place = code == .success ? TerminalAbilities.output : .error
        if place.needsASCII, !text.utf8.allSatisfy({ $0 < 0x80 }) {
            (code == .success ? Console.output : Console.error)(place.layout.shown(text) + "\n")
            Console.flush()
            Bench.exit(withError: code)
        }
        Bench.exit(withError: error)
    }

    #if MPI
        /// Whether all processes have agreed to do the same.
        private static let hasAgreed = Guarded(false)
        /// Seconds that a failing process waits for others, which may not belong to an MPI job.
        private static let failurePatienceSeconds = 10.0

        /// Whether the command line, which may be wrong, asks for MPI. Processes that a launcher started for something
        /// else do not wait for each other.
        private static var isForMPI: Bool {
            let arguments = CommandLine.arguments.dropFirst()
            return MPIWorld.current != nil || arguments.first == "calibrate"
                || arguments.contains { $0 == "mpi" || $0.hasSuffix("=mpi") }
        }

        private static func rollCall(
            _ world: MPIWorld, failure: RollCall.Failure? = nil, plan: ExperimentPlan? = nil, arguments: [String]? = nil
        ) -> RollCall {
            let machine = MachineDescription.current(arguments: CommandLine.arguments)
            return RollCall(
                host: world.host, failure: failure,
                version: "\(Bench.configuration.version), schema \(Results.currentSchema)", commit: machine.commit,
                arithmetic: "\(machine.blas) on \(machine.processor)", plan: plan, arguments: arguments)
        }

        /// Exchanges roll calls with all processes, and returns if they agree.
        ///
        /// - Parameter text: what this process prints if all fail alike.
        private static func settle(_ world: MPIWorld, _ own: RollCall, text: String = "") throws {
            let all = try exchange(world, own)
            switch RollCall.verdict(all) {
            case .agreed(let notes):
                if world.isReporter { for note in notes { printError(note) } }
                hasAgreed.withLock { $0 = true }
                return
            case .failedAlike: leave(world, saying: text, exitCode: own.failure?.exitCode ?? 1)
            case .refused(let failure): leave(world, saying: "Error: \(failure.message)", exitCode: failure.exitCode)
            }
        }

        private static func exchange(_ world: MPIWorld, _ own: RollCall) throws -> [RollCall?] {
            let encoder = JSONEncoder()
            let decoder = JSONDecoder()
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            decoder.nonConformingFloatDecodingStrategy = .convertFromString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            return try world.allGather(encoder.encode(own)).map { try? decoder.decode(RollCall.self, from: $0) }
        }

        /// Ends all processes, after one has printed the reason: a launcher may end the others as soon as the first one
        /// ends.
        private static func leave(_ world: MPIWorld, saying text: String, exitCode: Int32) -> Never {
            if world.isReporter { if exitCode == 0 { print(text) } else { printError(text) } }
            fflush(nil)
            try? world.barrier()
            finish()
            Foundation.exit(exitCode)
        }

        /// Tells the other processes of the job, which may be about to begin, that this one cannot take part.
        private static func failBeforeTheJob(_ failure: RollCall.Failure, rank: Int, text: String) -> Never {
            do {
                let world = try MPIWorld.join(within: failurePatienceSeconds) {
                    printError("rank \(rank): \(text)")
                    _exit(max(1, failure.exitCode))
                }
                try settle(world, rollCall(world, failure: failure), text: text)
            } catch {
                printError("rank \(rank): \(text)")
            }
            Foundation.exit(max(1, failure.exitCode))
        }
    #endif

    /// The rank of this process as a launcher's environment gives it before MPI is started; nil without a launcher. The
    /// variables are those of Open MPI, PMI (MPICH, Intel MPI), PMIx and Slurm.
    private static var startedAsRank: Int? {
        ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"].lazy
            .compactMap { ProcessInfo.processInfo.environment[$0] }.compactMap { Int($0) }.first
    }
}
