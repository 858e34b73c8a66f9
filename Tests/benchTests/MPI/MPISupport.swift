#if MPI
    import Foundation

    /// Starts a program as an MPI job of so many processes, with `mpirun` or what `BENCH_MPIRUN` names: the launcher of
    /// the MPI that the program is built with.
    func mpirun(
        _ processes: Int, _ executable: URL, _ arguments: [String], environment: [String: String] = [:],
        in folder: TemporaryFolder, started: (@Sendable (Process) -> Void)? = nil
    ) async throws -> Outcome {
        try await mpirun(
            ["-n", "\(processes)", executable.path] + arguments, environment: environment, in: folder, started: started)
    }

    /// Starts an MPI job with a command line of its own for each process.
    func mpirun(
        _ executable: URL, each commandLines: [[String]], environment: [String: String] = [:],
        in folder: TemporaryFolder
    ) async throws -> Outcome {
        let parts = commandLines.map { ["-n", "1", executable.path] + $0 }
        return try await mpirun(
            Array(parts.joined(separator: [":"])), environment: environment, in: folder, started: nil)
    }

    private func mpirun(
        _ words: [String], environment: [String: String], in folder: TemporaryFolder,
        started: (@Sendable (Process) -> Void)?
    ) async throws -> Outcome {
        let launcher = ProcessInfo.processInfo.environment["BENCH_MPIRUN"] ?? "mpirun"
        // Open MPI's settings, which others do not look at: more processes than cores, which then yield them; and root, as
        // in containers.
        let settings = [
            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
            "OMPI_MCA_hwloc_base_binding_policy": "none",
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        ]
        return try await launch(
            URL(fileURLWithPath: "/usr/bin/env"), [launcher] + words,
            environment: settings.merging(environment) { $1 }, in: folder, started: started)
    }

    /// The process that runs a rank of a job whose command line has `mark` in it.
    func process(ofRank rank: Int, mark: String) -> pid_t? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(pid_t.init).first { id in
            guard let command = FileManager.default.contents(atPath: "/proc/\(id)/cmdline"),
                let environment = FileManager.default.contents(atPath: "/proc/\(id)/environ")
            else { return false }
            let words = String(decoding: command, as: UTF8.self).split(separator: "\0")
            let settings = String(decoding: environment, as: UTF8.self).split(separator: "\0")
            return words.first?.hasSuffix("/bench") == true && words.contains { $0.contains(mark) }
                && settings.contains { $0 == "OMPI_COMM_WORLD_RANK=\(rank)" || $0 == "PMI_RANK=\(rank)" }
        }
    }
#endif
