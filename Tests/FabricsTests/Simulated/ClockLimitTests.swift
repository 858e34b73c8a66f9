import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Jobs of more than 285 years of cluster time: an error that says so, whatever makes them take so long.
@Suite(.timeLimit(.minutes(60))) struct ClockLimitTests {
    private func fabric(
        _ link: Link = roundLink, compute seconds: Double = 1e-6, _ interconnect: Interconnect = .plain,
        slowdowns: Slowdowns? = nil, departures: [Departure] = []
    ) -> SimulatedFabric {
        SimulatedFabric(
            nodes: Array(repeating: Node(link: link), count: 3), interconnect: interconnect,
            compute: ComputeModel(
                calibrated: [.init(samples: 1, seconds: seconds)], secondsPerVectorElement: seconds),
            slowdowns: slowdowns.map { RankSlowdowns($0, server: nil) }, seeds: SeedSequence(1),
            departures: departures, pool: HostPool(threads: 1))
    }

    /// Steps, messages and collectives of all kinds of waiting.
    private static let program: RankProgram = { rank in
        for _ in 0..<3 {
            try await rank.compute(.step(samples: 2)) {}
            let vector = ParameterVector(count: 8)
            try await rank.allReduce(vector, .sum, purpose: .gradient)
            if rank.index == 0 { try await rank.send(Message(vector, purpose: .model), to: 1) }
            if rank.index == 1 { _ = try await rank.receive(from: 0) }
            try await rank.barrier()
        }
    }

    private func expectBeyond(_ fabric: SimulatedFabric, _ comment: String) throws {
        do {
            _ = try run(fabric, Self.program)
            Issue.record("\(comment): it ended")
        } catch FabricError.beyondClock {
        } catch { Issue.record("\(comment): \(error)") }
        let quick = self.fabric()
        let recorder = ScheduleRecorder(ranks: 3)
        var recorded = quick
        recorded.observer = recorder
        _ = try run(recorded, Self.program)
        let schedule = try #require(recorder.schedule)
        guard fabric.departures.isEmpty else { return }
        do {
            _ = try fabric.replay(schedule)
            Issue.record("\(comment): its replay ended")
        } catch FabricError.beyondClock {
        } catch { Issue.record("\(comment), replayed: \(error)") }
    }

    @Test(arguments: [1e10, 9e18, 1e300, .infinity])
    func aComputationThatTakesTooLongEndsTheJob(_ seconds: Double) throws {
        try expectBeyond(fabric(compute: seconds), "\(seconds) s")
        let slowdowns = Slowdowns.listed([.init(rank: 0, beginSeconds: 0, lastingSeconds: 10, factor: 1000)])
        try expectBeyond(fabric(compute: seconds, slowdowns: slowdowns), "\(seconds) s, slowed down")
    }

    @Test(arguments: [
        Interconnect.plain, Interconnect(sharing: .maxMin), Interconnect(.ring), Interconnect(.ring, sharing: .ports),
        Interconnect(loss: .init(probability: 0.5, timeoutSeconds: 3e9)),
    ])
    func messagesThatTakeTooLongEndTheJob(_ interconnect: Interconnect) throws {
        for link in [
            Link(latencySeconds: 1e10, bytesPerSecond: 1e9), Link(latencySeconds: 0, bytesPerSecond: 1e-9),
            Link(latencySeconds: 0, bytesPerSecond: 1e-300),
            Link(latencySeconds: 4e9, bytesPerSecond: 1e9, overheadSeconds: 4e9),
        ] {
            try expectBeyond(fabric(link, interconnect), "\(interconnect), \(link)")
        }
    }

    @Test func aJobWhoseRanksLeaveEndsToo() throws {
        let leaving = [Departure(rank: 2, seconds: 5e9)]
        try expectBeyond(fabric(compute: 1e12, departures: leaving), "computing when one leaves")
    }

    /// A replay that skips what repeats sees the end of the clock as one that does not.
    @Test func repetitionsThatAreSkippedCount() throws {
        let steps = 4000
        let schedule = Schedule(
            operations: [.compute(.step(samples: 1)), .collective(.barrier, elements: 0, .control)],
            programs: [Array(repeating: [0, 1], count: steps).flatMap { $0 }], programOfRank: [0, 0, 0])
        let inTime = try fabric(compute: 2e6).replay(schedule)
        #expect(inTime.seconds > 8e9 && inTime.playedMessages < 3 * steps)
        #expect(throws: FabricError.self) { try fabric(compute: 3e6).replay(schedule) }
        #expect(throws: FabricError.self) { try fabric(compute: 8e9).replay(schedule) }
    }

    @Test func timesAreHeldAtTheEnd() {
        let end = VirtualTime.end
        #expect(VirtualTime.span(seconds: 1e300) == end.nanoseconds)
        #expect(VirtualTime.span(seconds: .nan) == end.nanoseconds)
        #expect(VirtualTime.span(seconds: 0.5) == 500_000_000)
        #expect(VirtualTime(nanoseconds: 5).later(by: 6) == VirtualTime(nanoseconds: 11))
        #expect(end.later(by: 1) == end && end.later(by: end.nanoseconds) == end)
        #expect(end.isBeyondClock && !VirtualTime(nanoseconds: 9_000_000_000_000_000_000).isBeyondClock)
    }
}
