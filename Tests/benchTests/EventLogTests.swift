import Foundation
import Testing

@testable import Reports
@testable import Storage

/// `--log`: JSON Lines with MLPerf's keys while a run goes on.
@Suite struct EventLogTests {
    private struct Event {
        let key: String
        let type: String
        let value: Any?
        let metadata: [String: Any]

        init(_ line: Substring) throws {
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(Set(object.keys) == ["namespace", "time_ms", "event_type", "key", "value", "metadata"], "\(line)")
            key = try #require(object["key"] as? String)
            type = try #require(object["event_type"] as? String)
            value = object["value"].flatMap { $0 is NSNull ? nil : $0 }
            metadata = try #require(object["metadata"] as? [String: Any])
        }

        var number: Double? { (value as? NSNumber)?.doubleValue }
        var strategy: String { metadata["strategy"] as? String ?? "" }
    }

    private func events(_ text: String) throws -> [Event] { try text.split(separator: "\n").map { try Event($0) } }

    @Test func everyRunHasItsStartItsOptionsItsEvaluationsAndItsEnd() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--seeds", "2", "--strategy", "single,federated", "--log", "log.jsonl"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let events = try events(try folder.text("log.jsonl"))
            #expect(Set(events.map(\.key)).isSubset(of: EventLog.keys))
            let single = events.filter { $0.strategy == "single" && $0.metadata["seed"] as? Int == 2 }
            #expect(
                single.map(\.key) == [
                    "run_start", "submission_benchmark", "seed", "global_batch_size", "opt_base_learning_rate",
                    "eval_accuracy",
                    "eval_accuracy", "run_stop",
                ])
            #expect(
                single.map(\.type) == ["INTERVAL_START"] + Array(repeating: "POINT_IN_TIME", count: 6) + [
                    "INTERVAL_END"
                ])
            #expect(single[1].value as? String == "digits" && single[2].number == 2 && single[3].number == 64)
            #expect(single[7].metadata["status"] as? String == "success")
            #expect(events.count(where: { $0.key == "run_stop" }) == 4)

            // The log has the same accuracies as the curves, which have six decimals.
            let curves = table(try folder.text("results/curves.csv"))
            let logged = events.filter { $0.key == "eval_accuracy" }
            #expect(logged.count == curves.count - 1)
            let (round, accuracy) = (curves[0].firstIndex(of: "round"), curves[0].firstIndex(of: "test_accuracy"))
            let strategies = curves.dropFirst().map { $0[0] }
            for strategy in ["single", "federated"] {
                let rows = zip(strategies, curves.dropFirst()).filter { $0.0 == strategy }.map(\.1)
                let own = logged.filter { $0.strategy == strategy }
                #expect(
                    own.map { $0.metadata["step_num"] as? Int } == rows.map { row in round.flatMap { Int(row[$0]) } })
                for (event, row) in zip(own, rows) {
                    let expected = accuracy.flatMap { Double(row[$0]) } ?? -1
                    #expect(abs((event.number ?? 0) - expected) < 1e-6, "\(row)")
                }
            }
        }
    }

    @Test func theFirstLineSaysWhatIsRunAndByWhomAndTheLastThatItHasEnded() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--seeds", "2", "--strategy", "single,federated", "--log", "log.jsonl"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let events = try events(try folder.text("log.jsonl"))
            let first = try #require(events.first)
            #expect(first.key == "experiment_start" && first.value as? String == "digits")
            #expect(first.metadata["strategies"] as? [String] == ["single", "federated"])
            #expect(first.metadata["clocks"] as? [String] == ["measured", "simulated"])
            #expect(first.metadata["seeds"] as? [Int] == [1, 2] && first.metadata["runs"] as? [Int] == [2, 2])
            #expect((first.metadata["pid"] as? Int ?? 0) > 1 && first.metadata["kind"] as? String == "run")
            #expect(events.last?.key == "experiment_stop" && events.last?.metadata["status"] as? String == "success")
            #expect(events.count { $0.key.hasPrefix("experiment_") } == 2)
            // Runs have their numbers, and shares of their samples come to an end.
            #expect(events.filter { $0.key == "run_start" }.map { $0.metadata["run"] as? Int } == [0, 1, 2, 3])
            let shares = events.filter { $0.key == "eval_accuracy" && $0.metadata["run"] as? Int == 0 }.map {
                $0.metadata["share"] as? Double
            }
            #expect(shares == [0, 1])
        }
    }

    @Test func whatARunBesideAnotherHasComeToIsToldAtOnce() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + [
                    "--strategy", "sync", "--seeds", "2", "--jobs", "2", "--epochs", "5", "--log", "log.jsonl",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let all = try events(try folder.text("log.jsonl"))
            // In their order whatever is told beside them.
            let ordered = all.filter { $0.key != "run_progress" && $0.metadata["run"] != nil }
            #expect(
                ordered.map { $0.metadata["run"] as? Int ?? 9 }
                    == ordered.map { $0.metadata["run"] as? Int ?? 9 }.sorted())
            #expect(all.filter { $0.key == "run_progress" }.allSatisfy { $0.metadata["run"] as? Int == 1 })
        }
    }

    @Test func repetitionsAndDivergencesAreTold() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "sync", "--repetitions", "2", "--learning-rate", "1e30", "--log", "log.jsonl"],
                in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let stops = try events(try folder.text("log.jsonl")).filter { $0.key == "run_stop" }
            #expect(stops.map { $0.metadata["repetition"] as? Int } == [0, 1])
            #expect(
                stops.allSatisfy {
                    $0.metadata["status"] as? String == "aborted" && $0.metadata["target_reached"] as? Bool == false
                })
        }
    }

    @Test(.timeLimit(.minutes(60))) func aKilledRunHasLeftWhatItHad() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--epochs", "1000000", "--evaluate-every", "1", "--strategy", "single", "--log", "log.jsonl"],
                in: folder
            ) { process in
                func lines() -> Int { (try? folder.text("log.jsonl"))?.count { $0 == "\n" } ?? 0 }
                while lines() < 20, process.isRunning { Thread.sleep(forTimeInterval: 0.005) }
                kill(process.processIdentifier, SIGKILL)
            }
            #expect(outcome.code == -SIGKILL, "\(outcome.testDescription)")
            let text = try folder.text("log.jsonl")
            #expect(text.hasSuffix("\n"), "no half of a line")
            let events = try events(text)
            #expect(events.count >= 20 && events.last?.key == "eval_accuracy")
            let samples = events.filter { $0.key == "eval_accuracy" }.compactMap {
                $0.metadata["samples_count"] as? Int
            }
            // An epoch of 1,437 samples from evaluation to evaluation.
            #expect(samples.count > 10 && samples == samples.indices.map { 1437 * $0 })
            #expect(!folder.exists("results/results.json"))
        }
    }

    @Test func aLogThatCannotBeWrittenIsNamedBeforeAnythingIsComputed() async throws {
        try await expectError(["--log", "no/such/log"], code: 1, ["--log 'no/such/log'", "does not exist"])
        try await expectError(["--log", ""], code: 64, ["--log is empty"])
        try await expectError(["--log", "a", "--save", "a"], code: 64, ["--save and --log both name 'a'"])
    }
}
