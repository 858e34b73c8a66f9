import Foundation
import Testing

@Suite(.timeLimit(.minutes(60))) struct PriceCommandTests {
    static let profile = """
        {"format": "bench-profile-1", "name": "mine", "device": "a card", "source": "a test", "bytes_per_number": 4,
         "steps": [{"samples": 16, "forward": 0.02, "backward": 0.04, "update": 0.01},
                   {"samples": 32, "forward": 0.04, "backward": 0.08, "update": 0.01}],
         "tensors": [{"name": "a", "numbers": 1000000, "ready": 1}, {"name": "b", "numbers": 2000000, "ready": 0.5}]}
        """

    /// 2 (n - 1) messages of an n-th of 12 MB at 125 MB/s with 250 µs each, behind a step of 130 ms.
    @Test func writesWhatItPricedAsTableCSVAndJSON() async throws {
        try await withFolder { folder in
            try folder.write(Data((Self.profile).utf8), "mine.json")
            let priced = try await bench(
                [
                    "price", "mine.json", "--cluster", "ethernet-1g", "--workers", "2,4", "--strategy",
                    "sync,local-sgd",
                    "--csv", "prices.csv", "--json", "prices.json",
                ], in: folder)
            #expect(priced.code == 0, "\(priced.testDescription)")
            #expect(priced.output.contains("No model was trained"))
            #expect(priced.output.contains("times the samples of sync"))
            let rows = table(try folder.text("prices.csv"))
            #expect(rows.count == 5)
            #expect(rows.dropFirst().allSatisfy { $0[0] == "priced" })
            let seconds = try #require(rows[0].firstIndex(of: "seconds_per_update"))
            for (row, n) in [(rows[1], 2.0), (rows[2], 4.0)] {
                let expected = 0.13 + 2 * (n - 1) * (250e-6 + (12e6 / n + 16) / 125e6)
                #expect(abs((Double(row[seconds]) ?? 0) - expected) < 1e-6, "\(n) workers")
            }
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(folder.text("prices.json").utf8)) as? [String: Any])
            #expect(json["class"] as? String == "priced")
            #expect((json["rows"] as? [[String: Any]])?.count == 4)
        }
    }

    /// What a profile cannot price has a line, and so has what the cluster does not say, or says of another device.
    @Test func whatHasNoPriceIsToldBesideWhatHas() async throws {
        try await withFolder { folder in
            try folder.write(Data((Self.profile).utf8), "mine.json")
            let cluster = "name: gpus\nhardware: H100\nlatency: 50us\nbandwidth: 10Gbit\nprice_per_hour: 4\n"
            try folder.write(Data(cluster.utf8), "gpus.yaml")
            let words = ["price", "mine.json", "--cluster", "gpus.yaml", "--workers", "4", "--samples", "10000"]
            let priced = try await bench(words + ["--strategy", "every"], in: folder)
            #expect(priced.code == 0, "\(priced.testDescription)")
            for part in [
                "A step was measured on a card, and gpus has H100", "No cost: gpus has no price_per_gb.",
                "No energy: gpus has no watts_busy, watts_idle, ", "Not priced: gossip with 4 workers: what it does",
                "Not priced: threads with 4 workers: ", "Not priced: community with 4 workers: ",
            ] { #expect(priced.output.contains(part), "\(part): \(priced.testDescription)") }
            let report = try await bench(
                quick + ["--strategy", "sync", "--cluster", "gpus.yaml"], in: folder)
            #expect(report.code == 0, "\(report.testDescription)")
            let text = try folder.text("results/report.md")
            #expect(text.contains("## Cost\n"))
            #expect(
                text.contains(
                    "\n- `sync`: No cost: gpus has no price_per_gb, and a sum without it would be too small.\n"))
        }
    }

    @Test func aCurveGivesTimesToATarget() async throws {
        try await withFolder { folder in
            try folder.write(Data((Self.profile).utf8), "mine.json")
            try folder.write(Data(("samples,accuracy\n0,10%\n6400,76%\n").utf8), "curve.csv")
            let arguments = [
                "price", "mine.json", "--cluster", "ethernet-1g", "--workers", "2", "--strategy", "sync",
                "--global-batch",
                "64", "--curve", "curve.csv", "--target", "75%", "--csv", "prices.csv",
            ]
            let priced = try await bench(arguments, in: folder)
            #expect(priced.code == 0, "\(priced.testDescription)")
            let rows = table(try folder.text("prices.csv"))
            let seconds = try #require(rows[0].firstIndex(of: "seconds_per_update"))
            let target = try #require(rows[0].firstIndex(of: "seconds_to_target"))
            #expect(abs((Double(rows[1][target]) ?? 0) - 100 * (Double(rows[1][seconds]) ?? 1)) < 1e-6)
        }
    }

    @Test func wrongRequestsAreAnsweredInOneLine() async throws {
        try await withFolder { folder in
            try folder.write(Data((Self.profile).utf8), "mine.json")
            try folder.write(Data((Self.profile.replacing("0.02", with: "-1")).utf8), "broken.json")
            let cases: [([String], Int32, String)] = [
                (["none.json"], 1, "profile 'none.json' does not exist or cannot be read"),
                (["broken.json"], 1, "broken.json:2: 'steps[0].forward' is -1"),
                (["mine.json", "--strategy", "sync", "--batch", "64"], 1, "from 16 to 32 samples"),
                (["mine.json", "--strategy", "gossip"], 1, "depends on time"),
                (["mine.json", "--strategy", "sync(batch=3)"], 1, "allowed are all other options"),
                (["mine.json", "--strategy", "federated"], 1, "--samples"),
                (["mine.json", "--workers", "0"], 64, "allowed are up to 100 from 1 to 10000"),
                (["mine.json", "--batch", "32", "--global-batch", "64"], 64, "leave one of them out"),
                (["mine.json", "--target", "75%"], 64, "--target needs --curve"),
                (["mine.json", "--csv", "mine.json"], 64, "would overwrite"),
            ]
            for (words, code, part) in cases {
                let found = try await bench(["price"] + words + ["--cluster", "ethernet-1g"], in: folder)
                #expect(found.code == code, "\(words): \(found.testDescription)")
                #expect(found.testDescription.contains(part), "\(words): \(found.testDescription)")
            }
        }
    }
}
