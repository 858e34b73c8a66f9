#if MPI
    import Experiments
    import Foundation
    import Storage
    import Testing

    @testable import Reports

    /// Strategies on the processes of an MPI job.
    @Suite(.serialized, .timeLimit(.minutes(60))) struct MPIJobTests {
        private static let common = [
            "--task", "digits", "--epochs", "3", "--seeds", "2", "--compute", "reference", "--trace-loss", "loss.csv",
            "--quiet", "--output", "results", "--evaluate-every", "0.5",
        ]

        private func results(_ folder: TemporaryFolder) throws -> Results {
            try ResultsFile.decode(try folder.read("results/results.json"), file: "results.json")
        }

        /// Runs the same on an MPI job and on a simulated cluster, and compares the losses of every step.
        private func expectSameLosses(
            _ processes: Int, _ options: [String], relative tolerance: Double, strategy: String
        ) async throws -> (mpi: Results, simulated: Results) {
            try await withFolder { folder in
                let arguments = Self.common + ["--strategy", strategy] + options
                let job = try await mpirun(processes, benchExecutable, arguments + ["--fabric", "mpi"], in: folder)
                #expect(job.code == 0, "\(job.testDescription)")
                let onMPI = try table(folder.text("loss.csv"))
                let mpi = try results(folder)
                let workers = strategy == "sync" ? ["--workers", "\(processes)"] : []
                let simulation = try await bench(arguments + workers, in: folder)
                #expect(simulation.code == 0, "\(simulation.testDescription)")
                let simulated = try table(folder.text("loss.csv"))
                #expect(onMPI.count == simulated.count && onMPI.count > 50)
                #expect(onMPI.map { $0.prefix(3) } == simulated.map { $0.prefix(3) })
                for (one, other) in zip(onMPI, simulated).dropFirst() {
                    let (one, other) = (try #require(Double(one[3])), try #require(Double(other[3])))
                    #expect(abs(one - other) <= tolerance * abs(other), "\(one), \(other)")
                }
                return (mpi, try results(folder))
            }
        }

        @Test(arguments: [
            (2, []), (3, []), (3, ["--momentum", "0.9"]), (4, ["--overlap", "--bucket", "1kB"]), (1, []),
            (3, ["--batch", "5"]),
        ]) func syncHasTheLossesOfTheSimulationToRounding(_ processes: Int, _ options: [String]) async throws {
            let (mpi, simulated) = try await expectSameLosses(
                processes, ["--learning-rate", "0.1"] + options, relative: 1e-4, strategy: "sync")
            #expect(mpi.runs.map(\.samples) == simulated.runs.map(\.samples))
            #expect(mpi.runs.map(\.rounds) == simulated.runs.map(\.rounds))
            // Every rank hands its gradient to MPI in every step: 4,810 floats.
            let steps = mpi.runs[0].rounds
            let gradient = processes == 1 ? 0 : 4 * 4_810 * steps
            #expect(mpi.runs[0].traffic.bytesTotal == processes * gradient)
            #expect(mpi.runs[0].evaluations.last?.bytesSent == processes * gradient)
            for entry in mpi.runs[0].traffic.entries ?? [] { #expect(entry.bytesSent == gradient, "\(entry)") }
            #expect(mpi.runs.allSatisfy { $0.clusterSeconds > 0 && $0.computeSeconds > 0 })
            if options.contains("--overlap") {
                #expect(mpi.runs.allSatisfy { ($0.hiddenCommunicationSeconds ?? 0) <= $0.computeSeconds })
            }
        }

        /// Clients compute and the server adds as in the simulation: to the bit.
        @Test(arguments: [1, 2, 4]) func federatedIsTheSimulationToTheBit(_ processes: Int) async throws {
            let options = ["--clients", "10", "--fraction", "0.3", "--partition", "dirichlet:0.5"]
            let (mpi, simulated) = try await expectSameLosses(processes, options, relative: 0, strategy: "federated")
            for (one, other) in zip(mpi.runs, simulated.runs) {
                #expect(one.evaluations.map(\.testAccuracy) == other.evaluations.map(\.testAccuracy))
                #expect(one.evaluations.map(\.trainLoss) == other.evaluations.map(\.trainLoss))
                #expect(one.evaluations.map(\.bytesSent) == other.evaluations.map(\.bytesSent))
                #expect(one.traffic == other.traffic)
            }
        }

        /// Nodes in no rounds together come to all evaluations, and none waits for one who has come before it.
        @Test(arguments: ["push", "pairwise"], [2, 3]) func gossipComesToItsEnd(
            _ exchange: String, processes: Int
        ) async throws {
            try await withFolder { folder in
                let arguments =
                    Self.common + [
                        "--strategy", "gossip", "--fabric", "mpi", "--workers", "\(processes)", "--protocol", exchange,
                    ]
                let job = try await mpirun(processes, benchExecutable, arguments, in: folder)
                #expect(job.code == 0, "\(job.testDescription)")
                for run in try results(folder).runs {
                    #expect(run.evaluations.count > 3, "\(run.evaluations.count) evaluations")
                    #expect(run.traffic.bytesTotal > 0)
                }
            }
        }

        @Test func aLimitThatRankZeroFindsEndsAllRanks() async throws {
            try await withFolder { folder in
                let arguments =
                    Self.common + [
                        "--strategy", "sync", "--fabric", "mpi", "--epochs", "1000", "--limit-bytes", "1MB",
                    ]
                let job = try await mpirun(3, benchExecutable, arguments, in: folder)
                #expect(job.code == 0, "\(job.testDescription)")
                let run = try #require(try results(folder).runs.first)
                #expect(run.traffic.bytesTotal >= 1_000_000 && run.traffic.bytesTotal < 2_000_000)
            }
        }

        @Test func onlyRankZeroReportsAndWrites() async throws {
            try await withFolder { folder in
                let arguments =
                    Self.common + [
                        "--strategy", "all", "--fabric", "mpi", "--log", "log.jsonl", "--save", "model",
                    ]
                let job = try await mpirun(3, benchExecutable, arguments, in: folder)
                #expect(job.code == 0, "\(job.testDescription)")
                #expect(job.output.components(separatedBy: "Report, CSV and JSON").count == 2, "\(job.output)")
                for name in ["single", "threads"] {
                    let notes = job.errors.components(separatedBy: "'\(name)' is left out")
                    #expect(notes.count == 2, "\(job.errors)")
                }
                let results = try results(folder)
                #expect(results.plan.strategies.map(\.name) == ["sync", "federated", "community", "alone"])
                #expect(results.machine.mpi?.hosts.count == 3)
                #expect(try folder.text("results/report.md").contains("3 processes, measured"))
                let ends = try folder.text("log.jsonl").components(separatedBy: "run_stop").count - 1
                #expect(ends == 8, "four strategies, two seeds")
            }
        }

        // MARK: Errors and faults

        private func expectEnd(
            _ outcome: Outcome, code: Int32?, saying parts: [String], once: String
        ) {
            #expect(code.map { outcome.code == $0 } ?? (outcome.code != 0), "\(outcome.testDescription)")
            for part in parts { #expect(outcome.errors.contains(part), "\(part): \(outcome.testDescription)") }
            #expect(outcome.errors.components(separatedBy: once).count == 2, "\(outcome.testDescription)")
        }

        @Test func aWrongCommandLineIsSaidOnce() async throws {
            try await withFolder { folder in
                let unknown = try await mpirun(
                    3, benchExecutable, Self.common + ["--fabric", "mpi", "--strategy", "synk"], in: folder)
                expectEnd(unknown, code: 64, saying: ["did you mean 'sync'?"], once: "Error: ")
                let workers = try await mpirun(
                    2, benchExecutable, Self.common + ["--fabric", "mpi", "--strategy", "sync", "--workers", "5"],
                    in: folder)
                expectEnd(workers, code: 64, saying: ["--workers 5", "has 2"], once: "Error: ")
                let single = try await mpirun(
                    2, benchExecutable, Self.common + ["--fabric", "mpi", "--strategy", "single"], in: folder)
                expectEnd(
                    single, code: 64, saying: ["does not carry single", "It carries sync, federated"], once: "Error: ")
                #expect(folder.files.isEmpty)
            }
        }

        @Test func whatIsWrongForAllRanksIsSaidOnce() async throws {
            try await withFolder { folder in
                let arguments =
                    ["--task", "mnist-softmax", "--data", "nowhere", "--strategy", "sync", "--fabric", "mpi"]
                let job = try await mpirun(3, benchExecutable, arguments, in: folder)
                expectEnd(job, code: 1, saying: ["rank 0 of 3", "nowhere"], once: "does not exist")
            }
        }

        private static let long = [
            "--task", "digits", "--compute", "reference", "--quiet", "--strategy", "sync,federated", "--fabric", "mpi",
            "--save", "model",
        ]

        /// Strikes a rank when the first run is finished, while a later one trains.
        private func strike(
            _ signal: Int32, rank: Int, _ options: [String] = [], in folder: TemporaryFolder
        ) async throws -> Outcome {
            let mark = "results-\(UUID().uuidString)"
            let arguments = Self.long + ["--seeds", "500", "--epochs", "200", "--output", mark] + options
            let outcome = try await mpirun(3, benchExecutable, arguments, in: folder) { launcher in
                while launcher.isRunning, !folder.exists("model-sync-seed1") { Thread.sleep(forTimeInterval: 0.01) }
                if let id = process(ofRank: rank, mark: mark) { kill(id, signal) }
            }
            // What was finished is there, whole.
            let results = try ResultsFile.decode(try folder.read("\(mark)/results.json"), file: "results.json")
            #expect(!results.runs.isEmpty && !results.isComplete)
            for rank in 0..<3 {
                // The launcher may be gone before the last of its processes.
                var wait = 0
                while let id = process(ofRank: rank, mark: mark), wait < 200 {
                    // One that was stopped for the test is let go.
                    if wait == 100 { kill(id, SIGCONT) }
                    try await Task.sleep(for: .milliseconds(50))
                    wait += 1
                }
                #expect(process(ofRank: rank, mark: mark) == nil, "rank \(rank) is still there")
            }
            return outcome
        }

        @Test(arguments: [1, 2]) func aRankThatIsKilledEndsTheJob(_ rank: Int) async throws {
            try await withFolder { folder in
                let job = try await strike(SIGKILL, rank: rank, in: folder)
                #expect(job.code != 0, "\(job.testDescription)")
                // Who it was is for the launcher to say; Open MPI's names the rank.
                let isNamed = job.errors.contains("rank \(rank) ")
                #expect(isNamed || !job.errors.contains("mpirun noticed"), "\(job.testDescription)")
                #expect(job.errors.contains("Killed") || job.output.contains("Killed"), "\(job.testDescription)")
            }
        }

        /// Nothing comes of a process that is stopped, as of a host that is cut off.
        @Test func aRankThatIsSilentEndsTheJobWhenPatienceDoes() async throws {
            try await withFolder { folder in
                let job = try await strike(SIGSTOP, rank: 1, ["--patience", "2s"], in: folder)
                #expect(job.code != 0, "\(job.testDescription)")
                #expect(job.errors.contains("has waited 2.0 s"), "\(job.testDescription)")
                #expect(job.errors.contains("--patience"), "\(job.testDescription)")
                #expect(job.errors.contains("finished run"), "\(job.testDescription)")
            }
        }
    }

    /// Jobs that are killed and go on.
    @Suite(.serialized, .timeLimit(.minutes(60))) struct MPICheckpointTests {
        private func arguments(_ strategy: String, _ options: [String]) -> [String] {
            [
                "--task", "digits", "--epochs", "40", "--seeds", "2", "--compute", "reference", "--quiet", "--fabric",
                "mpi", "--strategy", strategy, "--trace-loss", "loss.csv", "--save", "model",
            ] + options
        }

        /// Measured times differ; what is computed and sent does not.
        @Test(arguments: [
            ("sync", ["--momentum", "0.9", "--learning-rate", "0.05"]), ("federated", ["--clients", "12"]),
        ]) func aKilledJobGoesOnToTheSameBits(_ strategy: String, _ options: [String]) async throws {
            try await withFolder { folder in
                let arguments = arguments(strategy, options)
                let whole = try await mpirun(3, benchExecutable, arguments + ["--output", "whole"], in: folder)
                #expect(whole.code == 0, "\(whole.testDescription)")
                let losses = try folder.read("loss.csv")
                let models = try ["1", "2"].map { try folder.read("model-\(strategy)-seed\($0)") }
                let mark = "resumed-\(UUID().uuidString)"
                let resumable = arguments + ["--output", mark, "--checkpoint", "state", "--every", "20", "--resume"]
                // The first job is struck when it has a checkpoint, the second when it has another; the third ends.
                for attempt in 0..<2 {
                    let before = folder.files.filter { $0.hasPrefix("state/") }
                    let struck = try await mpirun(3, benchExecutable, resumable, in: folder) { launcher in
                        while launcher.isRunning {
                            let files = folder.files.filter { $0.hasPrefix("state/") && !$0.contains("tmp") }
                            if Set(files).subtracting(before).count > 1 { break }
                        }
                        if let id = process(ofRank: attempt == 0 ? 0 : 2, mark: mark) { kill(id, SIGKILL) }
                    }
                    #expect(struck.code != 0, "\(struck.testDescription)")
                }
                let last = try await mpirun(3, benchExecutable, resumable, in: folder)
                #expect(last.code == 0, "\(last.testDescription)")
                #expect(try folder.read("loss.csv") == losses)
                #expect(try ["1", "2"].map { try folder.read("model-\(strategy)-seed\($0)") } == models)
                let (one, other) = (try results("whole", folder), try results(mark, folder))
                for (one, other) in zip(one.runs, other.runs) {
                    #expect(one.traffic == other.traffic)
                    #expect(one.evaluations.map(\.testLoss) == other.evaluations.map(\.testLoss))
                    #expect(one.evaluations.map(\.bytesSent) == other.evaluations.map(\.bytesSent))
                    let times = other.evaluations.map(\.clusterSeconds)
                    #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }, "\(times)")
                    #expect(other.computeSeconds > 0 && other.clusterSeconds >= times.last ?? 0)
                }
                #expect(one.runs.count == 2 && other.runs.count == 2)
            }
        }

        private func results(_ name: String, _ folder: TemporaryFolder) throws -> Results {
            try ResultsFile.decode(try folder.read("\(name)/results.json"), file: "results.json")
        }
    }

    /// The fabric itself, by a program of its own whose ranks check what they get.
    @Suite(.serialized, .timeLimit(.minutes(60))) struct MPIFabricTests {
        private static let executable = benchExecutable.deletingLastPathComponent().appendingPathComponent(
            "mpi-conformance")

        @Test(arguments: [1, 2, 3, 4, 5]) func collectivesAndMessagesGiveWhatTheyShould(_ processes: Int) async throws {
            try await withFolder { folder in
                let job = try await mpirun(processes, Self.executable, [], in: folder)
                #expect(job.code == 0, "\(job.testDescription)")
                #expect(job.output.contains("conforms"), "\(job.testDescription)")
            }
        }

        /// An error of one rank ends all, with its name.
        @Test(arguments: [0, 2]) func anErrorOfARankEndsTheJob(_ rank: Int) async throws {
            try await withFolder { folder in
                let job = try await mpirun(3, Self.executable, ["fail", "\(rank)"], in: folder)
                #expect(job.code != 0, "\(job.testDescription)")
                #expect(job.errors.contains("rank \(rank) of 3"), "\(job.testDescription)")
                #expect(job.errors.contains("something is wrong here"), "\(job.testDescription)")
            }
        }
    }
#else
    import Testing

    @Suite struct WithoutMPITests {
        @Test func aProgramWithoutMPISaysHowToBuildOneWithIt() async throws {
            try await expectError(
                ["--fabric", "mpi", "--strategy", "sync"], code: 64, ["--fabric mpi", "setup.sh --mpi", "--traits MPI"])
        }
    }
#endif
