#if MPI
    import Foundation
    import Testing

    /// Processes of one job that were started differently end at once, with the rank that differs and what it has otherwise.
    @Suite(.serialized, .timeLimit(.minutes(60))) struct MPIAgreementTests {
        private static let common = [
            "--task", "digits", "--epochs", "1", "--seeds", "1", "--quiet", "--output", "results", "--fabric", "mpi",
            "--compute", "reference",
        ]

        private func expectRefusal(
            _ first: [String], _ second: [String], code: Int32, saying parts: [String],
            prepare: (TemporaryFolder) throws -> Void = { _ in }
        ) async throws {
            try await withFolder { folder in
                try prepare(folder)
                let before = folder.files
                let job = try await mpirun(benchExecutable, each: [first, second], in: folder)
                #expect(job.code == code, "\(job.testDescription)")
                for part in parts { #expect(job.errors.contains(part), "\(part): \(job.testDescription)") }
                #expect(job.errors.components(separatedBy: "Error: ").count == 2, "\(job.testDescription)")
                #expect(folder.files == before)
            }
        }

        private static let options: [(strategy: String, first: [String], second: [String], says: [String])] = [
            ("sync", ["--learning-rate", "0.1"], ["--learning-rate", "0.2"], ["--learning-rate 0.2", "rank 0 0.1"]),
            ("sync", [], ["--first-seed", "7"], ["--first-seed 7", "rank 0 1"]),
            ("sync", ["--batch", "64"], ["--batch", "32"], ["--batch 32", "rank 0 64"]),
            ("sync", [], ["--momentum", "0.5"], ["--momentum 0.5", "rank 0 0"]),
            ("sync", [], ["--no-shuffle"], ["has --no-shuffle on, and rank 0 off; all"]),
            ("sync", [], ["--evaluate-every", "0.25"], ["--evaluate-every 0.25"]),
            ("sync", [], ["--repetitions", "2"], ["--repetitions 2"]),
            ("sync", [], ["--overlap"], ["overlap"]),
            ("sync", [], ["--limit-updates", "3"], ["has --limit-updates 3, and rank 0 nothing; all"]),
            ("sync", [], ["--strategy", "sync,federated"], ["--strategy sync, federated", "rank 0 sync"]),
            ("federated", [], ["--clients", "7"], ["--clients 7"]),
            ("federated", [], ["--partition", "shards:2"], ["--partition 'shards:2'"]),
        ]

        @Test(arguments: options.indices) func anotherOptionIsNamed(_ index: Int) async throws {
            let (strategy, first, second, says) = Self.options[index]
            let base = Self.common + (second.contains("--strategy") ? [] : ["--strategy", strategy])
            let own = second.contains("--strategy") ? ["--strategy", strategy] : []
            try await expectRefusal(base + own + first, base + second, code: 64, saying: ["rank 1 of 2"] + says)
        }

        /// The first is wrong for one process only, the second for none by itself, the third would wait for the others.
        @Test(arguments: [0, 1]) func aWrongCommandLineOfOneProcessEndsAll(_ wrong: Int) async throws {
            let right = Self.common + ["--strategy", "sync"]
            for (extra, says) in [
                (["--batch", "many"], "many"), (["--task", "digit"], "did you mean 'digits'?"),
                (["--workers", "5"], "this one has 2"),
            ] {
                let lines = wrong == 0 ? [right + extra, right] : [right, right + extra]
                try await expectRefusal(lines[0], lines[1], code: 64, saying: ["rank \(wrong) of 2", says])
            }
        }

        /// One that prints its help is no part of the job, and must not be waited for.
        @Test func aProcessThatWantsHelpEndsTheJob() async throws {
            let right = Self.common + ["--strategy", "sync"]
            try await withFolder { folder in
                let job = try await mpirun(benchExecutable, each: [right, right + ["--help"]], in: folder)
                #expect(job.code != 0, "\(job.testDescription)")
                #expect(job.errors.contains("rank 1 of 2"), "\(job.testDescription)")
            }
        }

        @Test func aFileThatOneProcessDoesNotFindEndsAll() async throws {
            let right = Self.common + ["--strategy", "federated"]
            try await expectRefusal(
                right, right + ["--init", "nowhere.safetensors"], code: 1,
                saying: ["rank 1 of 2", "nowhere.safetensors", "does not exist"])
        }

        @Test(arguments: ["sync", "federated"]) func otherInitialParametersAreNamed(_ strategy: String) async throws {
            try await withFolder { folder in
                for seed in ["1", "2"] {
                    let saved = try await bench(
                        ["--strategy", "single", "--task", "digits", "--epochs", "0.1", "--seeds", "1", "--quiet"]
                            + ["--first-seed", seed, "--save", "\(seed).safetensors", "--output", "o"], in: folder)
                    #expect(saved.code == 0, "\(saved.testDescription)")
                }
                try folder.write(folder.read("1.safetensors"), "same.safetensors")
                let common = Self.common + ["--strategy", strategy, "--init"]
                let same = try await mpirun(
                    benchExecutable, each: [common + ["1.safetensors"], common + ["same.safetensors"]], in: folder)
                #expect(same.code == 0, "a file of the same contents: \(same.testDescription)")
                for other in ["2.safetensors"] {
                    let job = try await mpirun(
                        benchExecutable, each: [common + ["1.safetensors"], common + [other]], in: folder)
                    #expect(job.code == 1, "\(job.testDescription)")
                    #expect(job.errors.contains("rank 1 of 2"), "\(job.testDescription)")
                    #expect(job.errors.contains("other initial parameters"), "\(job.testDescription)")
                    #expect(job.errors.components(separatedBy: "Error: ").count == 2, "\(job.testDescription)")
                }
            }
        }

        /// MNIST's files with one bit of one sample changed.
        @Test(arguments: ["train-labels-idx1-ubyte", "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"])
        func otherDataAreNamed(_ changed: String) async throws {
            func write(_ folder: TemporaryFolder, _ name: String, changing file: String?) throws {
                for (name, data) in SmallMNIST.files(in: "\(name)/mnist") {
                    var data = data
                    if let file, name.hasSuffix(file) { data[data.count - 1] ^= 1 }
                    try folder.write(data, name)
                }
            }
            let common =
                ["--task", "mnist-softmax"] + Self.common.dropFirst(2) + ["--strategy", "sync", "--batch", "8"]
            try await expectRefusal(
                common + ["--data", "one"], common + ["--data", "other"], code: 1,
                saying: ["rank 1 of 2", "has other data than rank 0"]
            ) {
                try write($0, "one", changing: nil)
                try write($0, "other", changing: changed)
            }
        }

        @Test func dataThatOneProcessDoesNotHaveEndTheJob() async throws {
            let common =
                ["--task", "mnist-softmax"] + Self.common.dropFirst(2) + ["--strategy", "sync", "--batch", "8"]
            try await withFolder { folder in
                for (name, data) in SmallMNIST.files(in: "one/mnist") { try folder.write(data, name) }
                let job = try await mpirun(
                    benchExecutable, each: [common + ["--data", "one"], common + ["--data", "none"]], in: folder)
                #expect(job.code != 0, "\(job.testDescription)")
                #expect(job.errors.contains("rank 1 of 2"), "\(job.testDescription)")
                #expect(job.errors.contains("does not exist"), "\(job.testDescription)")
            }
        }
    }

    /// Files of the form of MNIST's, with 100 and 20 images.
    private enum SmallMNIST {
        static func files(in folder: String) -> [(name: String, data: Data)] {
            [
                ("\(folder)/train-images-idx3-ubyte", idx([100, 28, 28])),
                ("\(folder)/train-labels-idx1-ubyte", idx([100])),
                ("\(folder)/t10k-images-idx3-ubyte", idx([20, 28, 28])),
                ("\(folder)/t10k-labels-idx1-ubyte", idx([20])),
            ]
        }

        /// Labels are 0 to 9 in turn, and images as good as random.
        private static func idx(_ shape: [Int]) -> Data {
            let extents = shape.flatMap { extent in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: extent >> $0) } }
            let count = shape.reduce(1, *)
            let bytes = (0..<count).map {
                shape.count == 1 ? UInt8($0 % 10) : UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 8)
            }
            return Data([0, 0, 8, UInt8(shape.count)] + extents + bytes)
        }
    }
#endif
