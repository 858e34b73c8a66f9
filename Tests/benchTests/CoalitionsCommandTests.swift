import Foundation
import Testing

@testable import BenchCommands

/// `bench coalitions` from end to end.
@Suite(.timeLimit(.minutes(60)))
struct CoalitionsCommandTests {
    private let three = [
        "coalitions", "--workers", "3", "--objectives", "rotations:2", "--epochs", "2", "--seeds", "2", "--compute",
        "reference", "--output", "out",
    ]

    @Test func everyCoalitionIsTrainedAndWhatLastsIsTold() async throws {
        try await withFolder { folder in
            let outcome = try await bench(three, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.output.contains("value of its data"), "\(outcome.output)")
            let csv = try folder.text("out/coalitions.csv")
            // Each of three nodes is in four of seven coalitions.
            #expect(csv.split(separator: "\n").count == 1 + 12)
            // Again, from what is there: nothing is left to train, and the files are the same.
            let again = try await bench(three + ["--resume"], in: folder)
            #expect(again.code == 0 && again.output == outcome.output, "\(again.testDescription)")
            #expect(try folder.text("out/coalitions.csv") == csv)
            let other = try await bench(three + ["--resume", "--learning-rate", "0.05"], in: folder)
            #expect(other.code == 1 && other.errors.contains("is of other coalitions"), "\(other.testDescription)")
        }
    }

    @Test(arguments: [
        (["--workers", "11"], "has 11 nodes; allowed are 2 to 10"),
        (["--strategy", "sync"], "draw from the whole training set"),
        (["--strategy", "federated"], "share a model and are judged alike"),
        (["--strategy", "dpsgd,alone"], "trained with one strategy"), (["--repetitions", "2"], "trained once"),
    ])
    func whatCannotBeACommunityIsAnError(_ words: [String], _ says: String) async throws {
        try await withFolder { folder in
            let outcome = try await bench(["coalitions"] + words, in: folder)
            #expect(outcome.code == 64 && outcome.errors.contains(says), "\(outcome.testDescription)")
        }
    }
}
