import Foundation
import Testing

@Suite(.timeLimit(.minutes(60))) struct TraceCommandTests {
    private func events(_ data: Data) throws -> [[String: Any]] {
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require(root["traceEvents"] as? [[String: Any]])
    }

    @Test func aTraceHasATrackForEveryRank() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "sync", "--workers", "3", "--trace", "trace.json"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let events = try events(folder.read("trace.json"))
            let names = events.filter { $0["name"] as? String == "thread_name" }
                .compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
            #expect(names == ["rank 0", "rank 1", "rank 2"])
            // An epoch of 1,437 samples is 23 steps.
            let computations = events.filter { $0["name"] as? String == "compute" }
            #expect(computations.count == 3 * 23)
        }
    }

    @Test func theTracesOfSeveralRunsGoToSeveralFiles() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "sync,federated", "--seeds", "2", "--repetitions", "2", "--trace", "t.json"],
                in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let names = ["federated-seed1", "federated-seed2", "sync-seed1", "sync-seed2"].map { "t-\($0).json" }
            #expect(folder.files.filter { $0.hasPrefix("t") } == names)
            for name in names { #expect(try !events(folder.read(name)).isEmpty) }
        }
    }

    @Test(
        arguments: [
            (
                ["--strategy", "all", "--trace", "t.json"], 64,
                "--trace: single, threads would be measured, not simulated"
            ),
            (
                ["--strategy", "sync", "--clock", "emulate", "--trace", "t.json"], 64,
                "--trace: sync would be measured, not simulated"
            ),
            (["--strategy", "sync", "--trace", ""], 64, "--trace is empty"),
            (["--strategy", "sync", "--trace", "x", "--save", "x"], 64, "both name 'x'"),
            (["--strategy", "sync", "--trace", "nowhere/t.json"], 1, "--trace 'nowhere/t.json': the folder"),
            (["--strategy", "threads", "--record"], 64, "--record: no chosen run"),
            (
                ["--strategy", "gossip", "--record"], 64,
                "(gossip: what it does depends on how long things take, so that its runs cannot be priced elsewhere)"
            ),
            (["--strategy", "gossip", "--record"], 64, "dpsgd, push-sum, choco, epidemic, clustered, community"),
            (["--strategy", "threads", "--trace", "t.json"], 64, "local-sgd"),
            (["--strategy", "sync", "--limit-time", "1s", "--record"], 64, "--record: no chosen run"),
        ] as [([String], Int32, String)])
    func whatCannotBeTracedOrRecordedSaysWhy(_ arguments: [String], _ code: Int32, _ answer: String) async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick + arguments, in: folder)
            #expect(outcome.code == code && outcome.errors.contains(answer), "\(outcome.testDescription)")
            #expect(folder.files.isEmpty, "\(folder.files)")
        }
    }
}
