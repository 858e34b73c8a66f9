import Foundation
import Testing

/// `bench list --overlay`, and what overlays are refused where.
@Suite struct OverlayListTests {
    private func list(_ words: String...) async throws -> Outcome {
        try await withFolder { folder in try await bench(["list"] + words, in: folder) }
    }

    /// A ring of 16: (1 + 2 cos(2π/16)) / 3, and n_W = n / Σ λ² (1 - γ) / (1 - γ λ²).
    @Test func aRingHasItsEigenvalue() async throws {
        let outcome = try await list("--overlay", "ring")
        #expect(outcome.code == 0, "\(outcome.testDescription)")
        for line in [
            "nodes                 16, each sending to 2 others a round", "edges                 16 a round",
            "second eigenvalue     0.9493", "spectral gap          0.0507",
        ] { #expect(outcome.output.contains("  \(line)"), "\(outcome.testDescription)") }
        let trace = { (decay: Double) in
            (0..<16).reduce(0.0) { sum, mode in
                let value = (1 + 2 * cos(2 * Double.pi * Double(mode) / 16)) / 3
                return sum + value * value * (1 - decay) / (1 - decay * value * value)
            }
        }
        for decay in [0.9, 0.99] {
            let expected = String(format: "%.3g", 16 / trace(decay))
            #expect(outcome.output.contains("\(expected) at γ = \(decay)"), "\(outcome.testDescription)")
        }
    }

    @Test func whatFollowsIsSaid() async throws {
        let torus = try await list("--overlay", "torus:2x4", "--workers", "8")
        #expect(torus.output.contains("second eigenvalue     0.5000") && torus.output.contains("which counts once"))
        let star = try await list("--overlay", "star", "--mixing", "uniform", "--workers", "4")
        #expect(star.code == 0 && star.output.contains("none of uniform") && star.output.contains("push-sum"))
        let onePeer = try await list("--overlay", "one-peer")
        #expect(onePeer.output.contains("second eigenvalue     0.0000, a round's of 4"), "\(onePeer.testDescription)")
    }

    @Test(arguments: [
        (["--overlay", "rign"], "did you mean 'ring'?"),
        (["--overlay", "torus:3x4"], "allowed are sides whose product is 16, such as torus:4x4"),
        (["--overlay", "ring", "--mixing", "even"], "unknown mixing 'even'"),
        (["--overlay", "ring", "--workers", "0"], "0 workers; allowed are 1 to 1000000"),
    ]) func whatDoesNotExistIsRefused(_ words: [String], _ text: String) async throws {
        let outcome = try await withFolder { folder in try await bench(["list"] + words, in: folder) }
        #expect(outcome.code == 64 && outcome.errors.contains(text), "\(outcome.testDescription)")
    }

    /// The weights of a file are its own, and no rule's.
    @Test func weightsOfAFileAreNotCalledARules() async throws {
        try await withFolder { folder in
            try folder.write(Data("a,b,weight\n0,1,0.25\n1,2,0.25\n2,3,0.25\n0,3,0.25\n".utf8), "own.csv")
            try folder.write(Data("a,b\n0,1\n1,2\n2,3\n0,3\n".utf8), "edges.csv")
            let own = try await bench(["list", "--overlay", "own.csv", "--workers", "4"], in: folder)
            #expect(own.code == 0 && own.output.contains("of the file: every node"), "\(own.testDescription)")
            #expect(!own.output.contains("metropolis") && own.output.contains("second eigenvalue     0.5000"))
            let asked = try await bench(
                ["list", "--overlay", "own.csv", "--workers", "4", "--mixing", "uniform"], in: folder)
            #expect(asked.output.contains("--mixing uniform has no effect: the file gives"), "\(asked.output)")
            let edges = try await bench(["list", "--overlay", "edges.csv", "--workers", "4"], in: folder)
            #expect(edges.output.contains("metropolis: every node"), "\(edges.output)")
        }
    }

    /// A report has the figures of a file, as `bench list` has them, and says so where they are not known.
    @Test func aReportHasTheFiguresOfAFile() async throws {
        try await withFolder { folder in
            try folder.write(Data("a,b,weight\n0,1,0.25\n1,2,0.25\n2,3,0.25\n0,3,0.25\n".utf8), "own.csv")
            let run = try await bench(
                quick + ["--strategy", "dpsgd", "--workers", "4", "--overlay", "own.csv"], in: folder)
            #expect(run.code == 0, "\(run.testDescription)")
            let report = try folder.text("results/report.md")
            #expect(
                report.contains("Overlay: own.csv, second eigenvalue 0.5000, spectral gap 0.5000, "), "\(report)")
            #expect(report.contains("effective neighbours at γ = 0.9, by the file as it was when this was written."))
            try folder.write(Data("a,b\n0,1\n".utf8), "own.csv")
            #expect(try await bench(["report", "results"], in: folder).code == 0)
            let other = try folder.text("results/report.md")
            #expect(
                other.contains("Overlay: own.csv, of which nothing more is known here: overlay 'own.csv' of 4 nodes is")
            )
        }
    }

    /// A file's error has its line, whoever reads it; an overlay that is not connected ends before the first run.
    @Test func filesAreReadWithTheirLines() async throws {
        try await withFolder { folder in
            try folder.write(Data("a,b\n0,1\n1,one\n".utf8), "bad.csv")
            try folder.write(Data("0,1\n2,3\n".utf8), "apart.csv")
            let bad = try await bench(["list", "--overlay", "bad.csv", "--workers", "3"], in: folder)
            #expect(bad.code == 1 && bad.errors.contains("bad.csv:3: 'one' is no node"), "\(bad.testDescription)")
            let apart = try await bench(
                ["--strategy", "dpsgd", "--workers", "4", "--overlay", "apart.csv", "--compute", "reference"],
                in: folder)
            #expect(apart.code != 0 && apart.errors.contains("is not connected: node 2"), "\(apart.testDescription)")
        }
    }
}
