import Foundation
import Testing

@Suite(.timeLimit(.minutes(60))) struct DropoutCommandTests {
    @Test func aRunThatARankLeavesSaysSoEverywhere() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + [
                    "--strategy", "sync,federated", "--dropout", "3@40ms", "--failure-detection", "10ms", "--log",
                    "log",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.output.contains("`sync` was stopped in 1 of 1 run, with seed 1 since rank 3 left at 40 ms"))
            #expect(outcome.output.contains("`federated` went on without those that left"))
            let stops = try folder.text("log").split(separator: "\n").filter { $0.contains("run_stop") }
            #expect(stops[0].contains(#""outcome":"stopped""#) && stops[0].contains(#""status":"aborted""#))
            #expect(stops[0].contains(#""stopped_by_rank":3"#) && stops[0].contains(#""stopped_at_seconds":0.04"#))
            #expect(stops[1].contains(#""outcome":"completed""#) && stops[1].contains(#""ranks_left":1"#))
            let json = try folder.text("results/results.json")
            #expect(json.contains(#""outcome" : "stopped""#) || json.contains(#""outcome": "stopped""#))
        }
    }

    @Test func continueTrainsToTheEndWithTheOthers() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + [
                    "--strategy", "sync", "--dropout", "0@10ms", "--dropout", "5@40ms", "--on-dropout", "continue",
                ],
                in: folder)
            #expect(outcome.code == 0 && outcome.output.contains("without rank 0 (10 ms), rank 5 (40 ms)"))
            let rows = table(try folder.text("results/summary.csv"))
            let fields = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
            #expect(fields["samples"] == "1437" && fields["seeds_stopped"] == "0" && fields["ranks_left_median"] == "2")
        }
    }

    @Test func aTraceShowsARankLeaving() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "sync", "--dropout", "0@40ms", "--on-dropout", "continue", "--trace", "t.json"],
                in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let root = try JSONSerialization.jsonObject(with: folder.read("t.json")) as? [String: Any]
            let events = try #require(root?["traceEvents"] as? [[String: Any]])
            let left = events.filter { $0["name"] as? String == "left" }
            #expect(left.count == 1 && left[0]["tid"] as? Int == 1 && left[0]["ts"] as? Double == 40_000)
            // Nothing of it is later, every arrow that begins ends, and others compute on.
            func end(_ event: [String: Any]) -> Double {
                (event["ts"] as? Double ?? 0) + (event["dur"] as? Double ?? 0)
            }
            let slices = events.filter { $0["ph"] as? String == "X" && $0["name"] as? String != "lost" }
            #expect(slices.filter { $0["tid"] as? Int == 1 }.allSatisfy { end($0) <= 40_000.001 })
            #expect(slices.contains { $0["name"] as? String == "compute" && end($0) > 1_000_000 })
            func arrows(_ phase: String) -> Set<Int> {
                Set(events.filter { $0["ph"] as? String == phase }.compactMap { $0["id"] as? Int })
            }
            #expect(arrows("s") == arrows("f") && !arrows("s").isEmpty)
            // 23 steps, one of them twice.
            #expect(slices.count { $0["name"] as? String == "compute" && $0["tid"] as? Int == 2 } >= 24)
        }
    }

    @Test(
        arguments: [
            (
                ["--strategy", "threads", "--dropout", "1@1s"], 64,
                "--dropout: ranks can leave where they are simulated"
            ),
            (["--strategy", "single", "--lifetime", "exponential:1s"], 64, "--clock simulated"),
            (["--strategy", "sync", "--dropout", "8@1s"], 64, "no strategy has a rank 8"),
            (["--strategy", "sync", "--dropout", "1"], 64, "RANK@TIME, such as 3@12s"),
            (["--strategy", "sync", "--dropout", "1@5"], 64, "'5' has no unit"),
            (["--strategy", "sync", "--dropout", "1@1s", "--dropout", "1@2s"], 64, "rank 1 leaves twice"),
            (["--strategy", "sync", "--lifetime", "normal:1s"], 64, "exponential:TIME"),
            (["--strategy", "sync", "--on-dropout", "wait"], 64, "Allowed: stop, continue"),
            (["--strategy", "sync", "--dropout", "1@1s", "--failure-detection", "2h"], 64, "up to one hour"),
            (["--strategy", "sync", "--dropout", "1@1s", "--clock", "emulate"], 64, "--clock simulated"),
            (["--strategy", "sync", "--dropout", "1@1s", "--record"], 64, "--record: no chosen run"),
        ] as [([String], Int32, String)])
    func whatCannotLeaveSaysWhy(_ arguments: [String], _ code: Int32, _ answer: String) async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick + arguments, in: folder)
            #expect(outcome.code == code && outcome.errors.contains(answer), "\(outcome.testDescription)")
            #expect(folder.files.isEmpty, "\(folder.files)")
        }
    }

    @Test func aClusterWithDropoutsNeedsAStrategyThatIsSimulated() async throws {
        try await withFolder { folder in
            let file = "latency: 1ms\nbandwidth: 1Gbit\ndropouts:\n  - {rank: 1, at: 10ms}\n"
            try folder.write(Data(file.utf8), "c.yaml")
            let refused = try await bench(quick + ["--strategy", "threads", "--cluster", "c.yaml"], in: folder)
            #expect(refused.code == 64 && refused.errors.contains("--cluster 'c.yaml' with dropouts"))
            let noted = try await bench(quick + ["--strategy", "threads,sync", "--cluster", "c.yaml"], in: folder)
            #expect(
                noted.code == 0 && noted.output.contains("`threads` is measured on this machine, which no rank leaves"))
            #expect(
                try folder.text("results/report.md").contains("`threads` is measured on this machine, which no rank"))
        }
    }

    @Test func aRecordedRunIsNotPricedOnAClusterThatRanksLeave() async throws {
        try await withFolder { folder in
            try folder.write(Data("latency: 1ms\nbandwidth: 1Gbit\nlifetime: exponential:1s\n".utf8), "c.yaml")
            let recorded = try await bench(quick + ["--strategy", "sync", "--record"], in: folder)
            #expect(recorded.code == 0, "\(recorded.testDescription)")
            let priced = try await bench(["reprice", "results", "--cluster", "c.yaml"], in: folder)
            #expect(priced.code != 0 && priced.errors.contains("its machines leave"), "\(priced.testDescription)")
        }
    }
}
