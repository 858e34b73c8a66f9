import ArgumentParser
import Experiments
import Fabrics
import Foundation

/// The MPI job that this process may have been started in.
enum MPILaunch {
    /// - Throws: `ValidationError` in a program that is built without MPI.
    static func checkIsBuilt() throws {
        #if !MPI
            throw ValidationError("--fabric mpi: \(StrategyPlan.mpiIsMissing)")
        #endif
    }

    /// Joins the job.
    static func processCount() throws -> Int {
        #if MPI
            return try MPIWorld.join().count
        #else
            return 1
        #endif
    }

    /// Joins the job, and what of it goes into the results.
    static func description(patience: Duration) throws -> MachineDescription.MPIDescription? {
        #if MPI
            let world = try MPIWorld.join()
            world.setPatience(seconds: patience.inSeconds)
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

    /// Joins the job that a launcher started this process in; nil where it started one process, or none did.
    /// - Throws: ``FabricError``; ``ExperimentError`` where a program without MPI is one of several processes.
    static func calibrationJob() throws -> CalibrationJob? {
        #if MPI
            guard startedAsRank != nil else { return nil }
            let world = try MPIWorld.join()
            guard world.count > 1 else { return nil }
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

    /// For a process that has none.
    static var howToMeasureANetwork: String {
        #if MPI
            "'mpirun -n 2 bench calibrate' measures it"
        #else
            "'mpirun -n 2 bench calibrate' measures it, with a bench that is built with MPI: './setup.sh --mpi', then 'swift build -c release --traits MPI'"
        #endif
    }

    /// Whether another process reports and writes files.
    static var isFollower: Bool {
        #if MPI
            return MPIWorld.current.map { !$0.isReporter } ?? false
        #else
            return false
        #endif
    }

    /// What this process does before it ends the job because of an error, its own or that another is lost.
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

    /// The end of the program, with an error or without: of a job's processes one says what is wrong with the command line,
    /// and whoever fails ends them all.
    static func exit(withError error: any Error) -> Never {
        Console.flush()
        #if MPI
            let code = Bench.exitCode(for: error)
            let isUsage = code == .validationFailure || code == .success
            if !isUsage, let world = MPIWorld.current, world.count > 1 {
                world.end(because: "\(error)", exitCode: code.rawValue)
            }
            finish()
            if isUsage, let rank = startedAsRank, rank != 0 {
                // The first process that ends with an error may take the others with it, before they have said why.
                Thread.sleep(forTimeInterval: 1)
                Foundation.exit(code.rawValue)
            }
        #endif
        Bench.exit(withError: error)
    }

    /// The process among those that a launcher started together, as its environment says before MPI is started: of Open MPI,
    /// of PMI (MPICH, Intel MPI), of PMIx, and of Slurm.
    private static var startedAsRank: Int? {
        ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"].lazy
            .compactMap { ProcessInfo.processInfo.environment[$0] }.compactMap { Int($0) }.first
    }
}
