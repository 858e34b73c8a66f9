import Foundation
import Testing

@Suite struct SpeedCommandTests {
    @Test func csvHasTheColumnsThatAreDocumented() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                ["speed", "--task", "digits", "--batch", "32,64", "--repetitions", "1", "--format", "csv"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let rows = table(outcome.output)
            #expect(
                rows.first?.joined(separator: ",") == """
                    workload,batch,threads,samples_per_second_median,samples_per_second_min,samples_per_second_max,gflops,\
                    percent_of_peak
                    """)
            #expect(rows.dropFirst().map { $0.prefix(3) } == [["digits", "32", "1"], ["digits", "64", "1"]])
            for field in rows.dropFirst().flatMap({ $0.dropFirst(3) }) {
                #expect(Double(field).map { $0 > 0 } == true, "\(outcome.testDescription)")
            }
            #expect(folder.files.isEmpty)
        }
    }

    @Test func federatedPrintsSecondsARoundAndRates() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                [
                    "speed", "--federated", "--task", "digits", "--clients", "20", "--fraction", "0.5",
                    "--local-epochs",
                    "2", "--local-batch", "8", "--threads", "2", "--repetitions", "3", "--format", "csv",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let rows = table(outcome.output)
            #expect(rows.count == 2 && rows.last?.prefix(6) == ["digits", "20", "10", "2", "8", "2"])
            guard let header = rows.first, let row = rows.last, header.count == row.count else { return }
            let values = Dictionary(uniqueKeysWithValues: zip(header, row.map { Double($0) ?? 0 }))
            let (seconds, samples) = (values["seconds_per_round_median"], values["samples_per_second"])
            // 1,437 / 20 samples of a client, ten clients, two epochs; the seconds have four decimals.
            let expected = 71.0 * 10 * 2
            #expect(abs((seconds ?? 0) * (samples ?? 0) - expected) <= 0.5e-4 * (samples ?? 0) + 1)
        }
    }

    @Test func tableIsForPeople() async throws {
        try await withFolder { folder in
            let outcome = try await bench(["speed", "--repetitions", "1"], in: folder)
            #expect(outcome.code == 0 && outcome.output.hasPrefix("workload"), "\(outcome.testDescription)")
            #expect(outcome.output.contains("samples per second median"))
        }
    }

    @Test(
        arguments: [
            (["--batch", "0"], Int32(64), ["'0'", "samples above 0"]), (["--batch", "8,,9"], 64, ["''"]),
            (["--task", "mnist"], 64, ["task 'mnist'", "digits, mnist-softmax"]),
            (["--format", "xml"], 64, ["'xml'", "table, csv"]),
            (["--clients", "5"], 64, ["--clients is for --federated"]),
            (["--federated", "--batch", "5"], 64, ["--local-batch"]),
            (["--threads", "0"], 64, ["--threads is 0", "1 to 256"]),
            (["--repetitions", "0"], 64, ["--repetitions is 0"]),
            (["--repetitions", "-1"], 64, ["--repetitions is -1"]),
            (["--batch", "4", "--threads", "8"], 64, ["--batch is 4", "--threads (8)"]),
            (["--batch", "5000"], 1, ["--batch is 5000", "1437"]),
            (["--federated", "--fraction", "0"], 64, ["--fraction is 0"]),
            (["--task", "mnist-2nn", "--data", "nowhere"], 1, ["nowhere", "bench data fetch mnist"]),
        ] as [([String], Int32, [String])])
    func aWrongWishIsAnsweredWithWhatIsAllowed(_ wrong: ([String], Int32, [String])) async throws {
        try await expectError(["speed"] + wrong.0, code: wrong.1, wrong.2)
    }
}
