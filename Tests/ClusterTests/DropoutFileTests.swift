import Foundation
import Randomness
import Testing

@testable import Cluster

@Suite struct DropoutFileTests {
    private func cluster(_ text: String) throws -> ClusterSpec {
        let spec = try ClusterFile(file: "c.yaml").parse("latency: 5ms\nbandwidth: 1Gbit\n" + text)
        try spec.validate()
        return spec
    }

    @Test func dropoutsAreReadAndWrittenAgain() throws {
        let text = "dropouts:\n  - {rank: 3, at: 12s}\n  - rank: 0\n    at: 250ms\nlifetime: exponential:2h\n"
        let spec = try cluster(text + "failure_detection: 10s")
        let expected = Dropouts(
            [Departure(rank: 3, seconds: 12), Departure(rank: 0, seconds: 0.25)],
            lifetime: .exponential(meanSeconds: 7200), detectionSeconds: 10)
        #expect(spec.dropouts == expected)
        let encoded = try JSONEncoder().encode(spec)
        #expect(try JSONDecoder().decode(ClusterSpec.self, from: encoded) == spec)
        #expect(spec.figures.contains("rank 3 leaves at 12 s, rank 0 leaves at 250 ms"), "\(spec.figures)")
        #expect(spec.figures.contains("lifetime exponential, 2 h"), "\(spec.figures)")
        #expect(try cluster("lifetime: exponential:1s").dropouts?.detectionSeconds == 1)
        #expect(try cluster("").dropouts == nil)
    }

    @Test func theCommandLineReplacesWhatItNames() throws {
        let spec = try cluster("dropouts: [{rank: 3, at: 12s}]\nlifetime: exponential:2h\nfailure_detection: 10s")
        let other = spec.overridden(by: .init(departures: [Departure(rank: 1, seconds: 2)]))
        #expect(other.dropouts?.departures == [Departure(rank: 1, seconds: 2)])
        #expect(other.dropouts?.lifetime == spec.dropouts?.lifetime && other.dropouts?.detectionSeconds == 10)
        let slow = spec.overridden(by: .init(lifetime: .exponential(meanSeconds: 1), detectionSeconds: 3))
        #expect(slow.dropouts?.departures == spec.dropouts?.departures)
        #expect(slow.dropouts?.lifetime == .exponential(meanSeconds: 1) && slow.dropouts?.detectionSeconds == 3)
        // A detection of nothing is nothing.
        #expect(try cluster("").overridden(by: .init(detectionSeconds: 3)).dropouts == nil)
    }

    @Test func lifetimesAreDrawnForEachRankFromTheSeedButNotForTheServer() {
        let dropouts = Dropouts(
            [Departure(rank: 2, seconds: 1e6), Departure(rank: 9000, seconds: 1)],
            lifetime: .exponential(meanSeconds: 50))
        let drawn = dropouts.departures(ranks: 4001, server: 0, seeds: SeedSequence(7))
        #expect(drawn.map(\.rank).sorted() == Array(1...4000))
        #expect(drawn.last == Departure(rank: 2, seconds: 1e6))
        #expect(zip(drawn, drawn.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })
        // The mean of 3999 has a standard error of 50 / sqrt(3999) = 0.79, and so has their standard deviation about.
        let times = drawn.dropLast().map(\.seconds)
        let mean = times.reduce(0, +) / 3999
        let deviation = (times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3998).squareRoot()
        #expect(abs(mean - 50) < 4 && abs(deviation - 50) < 6)
        #expect(drawn == dropouts.departures(ranks: 4001, server: 0, seeds: SeedSequence(7)))
        #expect(drawn != dropouts.departures(ranks: 4001, server: 0, seeds: SeedSequence(8)))
        // A rank's lifetime does not depend on how many others there are.
        let few = dropouts.departures(ranks: 5, server: nil, seeds: SeedSequence(7))
        #expect(few.first { $0.rank == 4 } == drawn.first { $0.rank == 4 } && few.contains { $0.rank == 0 })
    }

    @Test func aServerLeavesIfItIsNamed() {
        let dropouts = Dropouts([Departure(rank: 0, seconds: 3)], lifetime: .exponential(meanSeconds: 1))
        #expect(dropouts.departures(ranks: 2, server: 0, seeds: SeedSequence(1)).contains { $0.rank == 0 })
    }

    @Test func aDropoutOfTheCommandLineIsRankAndTime() throws {
        #expect(try Dropouts.departure(parsing: "3@12s") == Departure(rank: 3, seconds: 12))
        #expect(try Dropouts.departure(parsing: "0@0") == Departure(rank: 0, seconds: 0))
        for text in ["3", "@1s", "x@1s", "-1@1s", "3@", "3@5", "3@-1s", "1.5@1s"] {
            #expect(throws: (any Error).self, "\(text)") { try Dropouts.departure(parsing: text) }
        }
    }

    @Test func figuresThatCannotBeSimulatedAreNamed() throws {
        var spec = try cluster("dropouts: [{rank: 3, at: 12s}]")
        func message(_ dropouts: Dropouts) -> String {
            spec.dropouts = dropouts
            return #expect(throws: ClusterFileError.self) { try spec.validate() }?.description ?? ""
        }
        let twice = [Departure(rank: 3, seconds: 1), Departure(rank: 3, seconds: 2)]
        #expect(message(Dropouts(twice)).contains("rank 3 leaves twice; allowed is once"))
        #expect(message(Dropouts([Departure(rank: -1, seconds: 1)])).contains("rank -1; allowed are ranks from 0 up"))
        #expect(message(Dropouts([Departure(rank: 1, seconds: .nan)])).contains("at nan s; allowed is 0 to 9e9 s"))
        #expect(message(Dropouts(lifetime: .exponential(meanSeconds: 0))).contains("a lifetime of 0.0 s"))
        #expect(message(Dropouts(twice.dropLast(), detectionSeconds: -1)).contains("failure detection of -1.0 s"))
        spec.dropouts = Dropouts(twice.dropLast())
        #expect(throws: ClusterFileError.self) { try spec.validateEmulation() }
    }
}
