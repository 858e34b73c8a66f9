import Cluster
import Foundation
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Traces of all kinds of jobs against the Chrome trace event format, as far as its readers need it: the same checks as
/// `Benchmarks/check-trace.py`.
extension TraceTests {
    /// Data-parallel steps, and rounds of a server.
    private func job(_ steps: Int) -> RankProgram {
        { rank in
            let vector = ParameterVector(count: 300)
            for step in 0..<steps {
                try await rank.compute(.step(samples: 1 + (rank.index + step) % 3)) {}
                try await rank.allReduce(vector, .sum, purpose: .gradient)
                if rank.index == 0 {
                    for other in 1..<rank.count { try await rank.send(Message(vector, purpose: .modelDown), to: other) }
                    for other in 1..<rank.count { _ = try await rank.receive(from: other) }
                } else {
                    _ = try await rank.receive(from: 0)
                    try await rank.compute(.vector(elements: 100 * rank.index)) {}
                    try await rank.send(Message(vector, purpose: .modelUp), to: 0)
                }
                try await rank.offTheClock(.allRanksTogether, chunks: 0) { _ in
                } finish: {
                }
            }
        }
    }

    @Test(arguments: RoutedTrafficTests.topologies, Interconnect.Sharing.allCases)
    func everyTraceIsValid(topology: Topology, sharing: Interconnect.Sharing) throws {
        for (loss, jitter) in [(0, Jitter.none), (0.1, .logNormal(sigma: 1))] {
            for room in [TraceBudget.room, 100_000] {
                let network = Interconnect(
                    topology, sharing: sharing, loss: loss > 0 ? .init(probability: loss, timeoutSeconds: 1e-4) : nil)
                let fabric = SimulatedFabric(
                    nodes: Array(repeating: Node(link: roundLink), count: 6), jitter: jitter, interconnect: network,
                    compute: testCompute, allReduce: .rabenseifner, seeds: SeedSequence(3), pool: HostPool(threads: 1))
                let (trace, _, _) = try trace(fabric, room: room, server: 0, job(20))
                #expect(trace.faults == [])
                #expect(trace.events("s").count > 10)
            }
        }
    }

    @Test func aTraceOfMoreRanksThanHaveTracksIsValid() throws {
        let (trace, _, _) = try trace(simulated(70, .tree), job(2))
        #expect(trace.faults == [])
    }
}

extension Trace {
    /// The kinds of what is wrong with the trace.
    var faults: Set<String> {
        var faults: Set<String> = []
        let tracks = Set(traceEvents.filter { !["M", "C"].contains($0.ph) }.map(\.tid))
        let names = events("M").filter { $0.name == "thread_name" }.map(\.tid)
        if Set(names).count != names.count || !tracks.isSubset(of: names) { faults.insert("names of tracks") }
        if Set(traceEvents.map(\.pid)).count != 1 { faults.insert("processes") }
        if traceEvents.contains(where: { $0.begin < 0 || $0.end < $0.begin }) { faults.insert("times") }
        for event in traceEvents {
            let isWhole =
                switch event.ph {
                case "X": event.dur != nil
                case "s": event.id != nil && event.cat != nil
                case "f": event.id != nil && event.cat != nil && event.bp == "e"
                case "C", "M": event.args?.isEmpty == false
                case "i": true
                default: false
                }
            if !isWhole { faults.insert("fields of \(event.ph)") }
        }
        for track in tracks where !isNested(slices(of: track - 1)) { faults.insert("slices that overlap") }
        let (starts, ends) = (events("s"), events("f"))
        let started = Dictionary(starts.compactMap { start in start.id.map { ($0, start) } }) { first, _ in first }
        if started.count != starts.count || Set(ends.compactMap(\.id)).count != ends.count
            || Set(ends.compactMap(\.id)) != Set(started.keys)
        {
            faults.insert("arrows without both ends")
        }
        for end in ends {
            if let id = end.id, let start = started[id], start.begin > end.begin { faults.insert("arrows backwards") }
        }
        var byTrack: [Int: [Event]] = [:]
        for slice in events("X") { byTrack[slice.tid, default: []].append(slice) }
        for end in starts + ends {
            let isInSlice = byTrack[end.tid]?.contains { $0.begin <= end.begin && end.begin < $0.end } == true
            if !isInSlice { faults.insert("arrows in no slice") }
        }
        let counts = events("C")
        if !zip(counts, counts.dropFirst()).allSatisfy({ $0.begin < $1.begin }) { faults.insert("order of counts") }
        if counts.last?.count("value") != 0 { faults.insert("counts that do not end at zero") }
        return faults
    }

    /// Readers see slices by time, and slices of the same time in the order of the file.
    private func isNested(_ slices: [Event]) -> Bool {
        var open: [Int] = []
        for (_, slice) in slices.enumerated().sorted(by: {
            ($0.element.begin, $0.offset) < ($1.element.begin, $1.offset)
        }) {
            while let last = open.last, last <= slice.begin { open.removeLast() }
            if let last = open.last, slice.end > last { return false }
            open.append(slice.end)
        }
        return true
    }
}
