import Foundation
import Testing

@Suite struct CalibrateCommandTests {
    /// Two steps of half of S bytes and their frames, at 10 MB/s and 50 µs a message.
    private static let points: String = {
        let lines = (0..<6).map { index in
            let bytes = 1024 << index
            return "all-reduce,,\(bytes),1,2,0,\(2 * (50e-6 + (Double(bytes) / 2 + 16) / 10e6))"
        }
        let step = "step,digits,1,1,2,0,3e-3\nstep,digits,64,1,2,0,3e-3\nvector-element,digits,4810,1,2,0,1e-9\n"
        return "kind,task,size,messages,ranks,repetition,seconds\n" + step + lines.joined(separator: "\n") + "\n"
    }()

    @Test func pointsOfAFileBecomeAClusterThatIsSimulated() async throws {
        try await withFolder { folder in
            try folder.write(Data(Self.points.utf8), "p.csv")
            let outcome = try await bench(["calibrate", "--from", "p.csv", "--output", "c.yaml"], in: folder)
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            for part in ["80 Mbit/s", "50 µs", "over 6 sizes of all-reduces", "largest 0.0 %", "c.yaml"] {
                #expect(outcome.output.contains(part), "'\(part)' in \(outcome.testDescription)")
            }
            let file = try folder.text("c.yaml")
            for line in ["latency: 50us", "bandwidth: 80Mbit", "      64: 3ms", "# Fitted by: bench calibrate"] {
                #expect(file.contains(line), "'\(line)' in \(file)")
            }
            let run = try await bench(
                [
                    "--strategy", "sync", "--workers", "2", "--cluster", "c.yaml", "--epochs", "1", "--seeds", "1",
                    "--output", "r",
                ], in: folder)
            #expect(run.code == 0, "\(run.testDescription)")
            let report = try folder.text("r/report.md")
            #expect(report.contains("1: 3 ms, 64: 3 ms"), "\(report)")
        }
    }

    @Test func thisMachineIsMeasuredWithTheLinksOfAnotherCluster() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                [
                    "calibrate", "--task", "digits", "--batch", "4", "--network", "infiniband", "--output", "c.yaml",
                    "--points", "p.csv",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            for part in ["Memory: ", "not measured", "'infiniband'", "mpirun -n 2 bench calibrate"] {
                #expect(outcome.output.contains(part), "'\(part)' in \(outcome.testDescription)")
            }
            #expect(folder.files == ["c.yaml", "p.csv"])
            let sizes = table(try folder.text("p.csv")).filter { $0[0] == "step" }.map { $0[2] }
            #expect(Set(sizes) == ["1", "2", "4"])
            let list = try await bench(["list", "--cluster", "c.yaml"], in: folder)
            #expect(list.output.contains("step times of digits"), "\(list.testDescription)")
        }
    }

    @Test(
        arguments: [
            (["--task", "mnist"], Int32(64), ["--task", "'mnist'", "digits, mnist-softmax"]),
            (["--task", ""], 64, ["task ''"]), (["--batch", "0"], 64, ["'0'", "above 0"]),
            (["--batch", "8,x"], 64, ["'x'"]), (["--sizes", "1kB,2kB"], 64, ["2 different sizes", "3 or more"]),
            (["--sizes", "1kB,2,1MB"], 64, ["'2'", "4 B to 1.07 GB"]),
            (["--sizes", "1kB,2kB,1TiB"], 64, ["unit 'TiB'", "64kB"]),
            (["--network-time", "1ms"], 64, ["--network-time is 0.001 s", "0.1 s to one hour"]),
            (["--pause", "1min"], 64, ["--pause is 60", "up to 10 s"]),
            (["--allreduce", "rings"], 64, ["'rings'", "did you mean 'ring'?", "rabenseifner"]),
            (["--allreduce", "auto"], 64, ["'auto'"]), (["--fit", "ping"], 64, ["'ping'", "all-reduce, messages"]),
            (["--network", "lan"], 64, ["--network", "'lan'"]), (["--output", "c.txt"], 64, [".yaml or .yml"]),
            (["--from", "p.csv", "--task", "digits"], 64, ["--task is for measuring"]),
            (["--from", "p.csv", "--points", "q.csv"], 64, ["--points is for measuring"]),
            (["--from", "nowhere.csv"], 1, ["'nowhere.csv' does not exist"]),
            (["--output", "nowhere/c.yaml"], 1, ["--output", "nowhere"]),
            (["--points", "nowhere/p.csv"], 1, ["--points", "nowhere"]),
        ] as [([String], Int32, [String])])
    func aWrongWishIsAnsweredWithWhatIsAllowed(_ wrong: ([String], Int32, [String])) async throws {
        try await expectError(["calibrate"] + wrong.0, code: wrong.1, wrong.2)
    }

    @Test func aClusterWithoutTheTasksStepTimesIsRefused() async throws {
        let cluster = """
            latency: 1ms
            bandwidth: 1Gbit
            compute: {mnist-2nn: {steps: {1: 1ms}, vector_element: 1ns}}
            """
        try await expectError(
            ["run", "--strategy", "sync", "--cluster", "c.yaml"], code: 1,
            ["step times of mnist-2nn", "bench calibrate --task digits"]
        ) { try $0.write(Data(cluster.utf8), "c.yaml") }
        try await expectError(
            ["--strategy", "sync", "--cluster", "c.yaml"], code: 1, ["c.yaml:3: ", "'stepz'", "steps, vector_element"]
        ) { try $0.write(Data(cluster.replacing("steps", with: "stepz").utf8), "c.yaml") }
    }
}
