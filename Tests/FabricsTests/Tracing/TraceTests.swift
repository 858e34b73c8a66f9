import Cluster
import Foundation
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// A trace as its reader sees it.
struct Trace: Decodable {
    struct Event: Decodable {
        let ph: String
        let name: String
        let pid: Int
        let tid: Int
        let ts: Double
        let dur: Double?
        let id: Int?
        let cat: String?
        let bp: String?
        let args: [String: Argument]?

        /// Nanoseconds.
        var begin: Int { Int((ts * 1000).rounded()) }
        func count(_ key: String) -> Int? { if case .count(let count)? = args?[key] { count } else { nil } }
        func text(_ key: String) -> String? { if case .name(let name)? = args?[key] { name } else { nil } }
        var end: Int { begin + Int(((dur ?? 0) * 1000).rounded()) }
    }

    enum Argument: Decodable, Equatable {
        case count(Int), name(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let count = try? container.decode(Int.self) {
                self = .count(count)
            } else {
                self = .name(try container.decode(String.self))
            }
        }
    }

    let traceEvents: [Event]
    let displayTimeUnit: String
    let otherData: [String: String]

    func events(_ phase: String) -> [Event] { traceEvents.filter { $0.ph == phase } }
    func slices(of rank: Int) -> [Event] { events("X").filter { $0.tid == rank + 1 } }
}

@Suite(.timeLimit(.minutes(60))) struct TraceTests {
    func trace(
        _ fabric: SimulatedFabric, room: Int = TraceBudget.room, server: Int? = nil, _ program: @escaping RankProgram
    ) throws -> (Trace, FabricReport, Data) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("trace.json").path
        let recorder = try TraceRecorder(
            path, title: "a \"test\"", ranks: fabric.nodes.count, server: server, allReduce: fabric.allReduce,
            TraceBudget(room: room))
        var fabric = fabric
        fabric.observer = recorder
        let report = try run(fabric, program)
        #expect(!FileManager.default.fileExists(atPath: path), "it has its name before it is complete")
        try recorder.finish()
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["trace.json"])
        return (try JSONDecoder().decode(Trace.self, from: data), report, data)
    }

    private func training(_ steps: Int, elements: Int = 100) -> RankProgram {
        { rank in
            let vector = ParameterVector(count: elements)
            for _ in 0..<steps {
                try await rank.compute(.step(samples: 1 + rank.index % 2)) {}
                try await rank.allReduce(vector, .sum, purpose: .gradient)
                try await rank.offTheClock(.allRanks, chunks: 0) { _ in
                } finish: {
                }
            }
        }
    }

    /// 1 ms of computing; then a message of 100 bytes leaves after 200 ns and is there after 1200 (``SimulatedClockTests``).
    @Test func aMessageIsASliceAtItsSenderAndAnArrowToItsReceiver() throws {
        let (trace, _, _) = try trace(simulated(2), server: 0) { rank in
            if rank.index == 1 {
                try await rank.compute(.step(samples: 1)) {}
                try await rank.send(Message(ParameterVector(count: 21), purpose: .modelUp), to: 0)
            } else {
                _ = try await rank.receive(from: 1)
            }
        }
        let sender = trace.slices(of: 1)
        #expect(sender.map(\.name) == ["compute", "send"])
        #expect(sender.map(\.begin) == [0, 1_000_000])
        #expect(sender.map(\.end) == [1_000_000, 1_000_200])
        #expect(sender[0].count("samples") == 1)
        #expect(sender[1].count("to") == 0 && sender[1].count("bytes") == 100 && sender[1].text("purpose") == "modelUp")
        let receiver = trace.slices(of: 0).sorted { $0.begin < $1.begin }
        #expect(receiver.map(\.name) == ["wait for others", "wait for messages", "receive"])
        #expect(receiver.map(\.begin) == [0, 1_000_000, 1_001_199])
        #expect(receiver.map(\.end) == [1_000_000, 1_001_200, 1_001_200])
        let flows = trace.traceEvents.filter { ["s", "f"].contains($0.ph) }
        #expect(flows.map { "\($0.ph) \($0.tid) \($0.begin) \($0.id ?? -1)" } == ["s 2 1000000 0", "f 1 1001199 0"])
        #expect(flows[1].bp == "e")
        #expect(trace.events("C").map { $0.count("value") } == [100, 0])
        #expect(trace.events("C").map(\.begin) == [1_000_000, 1_001_200])
        let names = trace.events("M").filter { $0.name == "thread_name" }.map { $0.text("name") }
        #expect(names == ["server", "rank 1"])
        #expect(trace.events("M").first { $0.name == "process_name" }?.text("name") == "a \"test\"")
    }

    @Test(arguments: AllReduceAlgorithm.allCases)
    func slicesOfATrackLieWithinEachOtherOrApart(_ allReduce: AllReduceAlgorithm) throws {
        for link in [roundLink, Link(latencySeconds: 0, bytesPerSecond: .infinity)] {
            let (trace, report, _) = try trace(simulated(5, link: link, allReduce), training(4))
            for rank in 0..<5 {
                // Perfetto reads slices by time, and slices of the same time in the order of the file.
                let slices = trace.slices(of: rank).enumerated().sorted {
                    ($0.element.begin, $0.offset) < ($1.element.begin, $1.offset)
                }.map(\.element)
                var open: [Trace.Event] = []
                for slice in slices {
                    while let last = open.last, last.end <= slice.begin { open.removeLast() }
                    if let last = open.last {
                        #expect(slice.end <= last.end, "rank \(rank): \(slice) begins in \(last)")
                    }
                    open.append(slice)
                }
                #expect(slices.last.map { $0.end <= Int((report.seconds * 1e9).rounded()) } == true)
            }
        }
    }

    @Test func everyMessageOfASmallJobHasBothEndsOfAnArrowInSlices() throws {
        let (trace, report, _) = try trace(simulated(4), training(3))
        let (starts, ends) = (trace.events("s"), trace.events("f"))
        #expect(starts.count == report.ledger.totalMessages)
        #expect(
            Set(starts.compactMap(\.id)) == Set(ends.compactMap(\.id))
                && Set(starts.compactMap(\.id)).count == starts.count)
        for (phase, name) in [("s", "send"), ("f", "receive")] {
            for flow in trace.events(phase) {
                let slice = trace.slices(of: flow.tid - 1).first {
                    $0.name == name && $0.begin <= flow.begin && flow.begin < $0.end
                }
                #expect(slice != nil, "\(flow)")
            }
        }
        #expect(trace.events("C").last?.count("value") == 0)
        #expect(trace.otherData["steps"] == "all 3 steps")
        #expect(trace.events("i").map(\.name) == ["evaluation", "evaluation", "evaluation"])
        #expect(trace.displayTimeUnit == "ns")
    }

    /// A rank's slices add up to what its account says.
    @Test func slicesAreConsistentWithTheTimeAccounts() throws {
        let (trace, report, _) = try trace(simulated(4), training(5))
        for (rank, account) in report.accounts.enumerated() {
            func sum(_ name: String) -> Int {
                trace.slices(of: rank).filter { $0.name == name }.reduce(0) { $0 + $1.end - $1.begin }
            }
            #expect(sum("compute") == Int((account.computeSeconds * 1e9).rounded()))
            // Waiting and communicating, with what the rank sent meanwhile.
            #expect(sum("all-reduce") == Int(((account.communicationSeconds + account.waitingSeconds) * 1e9).rounded()))
        }
    }

    /// 4 ranks, 24 messages a step, at about 600 bytes.
    @Test func aLongJobIsSampledAndStaysUnderItsSize() throws {
        let room = 400_000
        let (trace, report, data) = try trace(simulated(4), room: room, training(500))
        #expect(data.count < room)
        #expect(data.count > room / 2, "\(data.count)")
        #expect(trace.events("s").count < report.ledger.totalMessages)
        #expect(Set(trace.events("s").compactMap(\.id)) == Set(trace.events("f").compactMap(\.id)))
        let text = try #require(trace.otherData["steps"])
        #expect(
            text.hasPrefix("the first ") && text.contains(" of 500 steps in full") && text.contains("left out"),
            "\(text)")
        #expect(
            trace.events("M").contains {
                $0.name == "process_labels" && $0.text("labels") == "\(text); all 4 ranks"
            })
        // Steps far behind those in full, too.
        #expect(trace.events("X").contains { Double($0.end) > report.seconds * 0.15e9 })
    }

    /// 24 messages a step, all of which are of traced operations or left out: as are the 3 operations of 4 ranks.
    @Test func whatIsLeftOutIsCountedWithItsMessages() throws {
        let (trace, report, _) = try trace(simulated(4), room: 100_000, training(300))
        let text = try #require(trace.otherData["steps"])
        let leftOut = try #require(
            text.split(separator: " ").compactMap { Int($0) }.last { $0 > 300 }, "\(text)")
        let operations = trace.events("X").filter { ["compute", "all-reduce"].contains($0.name) }.count
        let evaluations = trace.events("i").count
        // A rank computes, reduces, and rank 0 evaluates.
        let all = report.ledger.totalMessages + 300 * (4 * 2 + 1)
        #expect(leftOut == all - operations - evaluations - trace.events("s").count)
    }

    @Test func ofManyRanksTheFirstHaveTracks() throws {
        let (trace, _, _) = try trace(simulated(70, .tree), training(1))
        #expect(Set(trace.events("X").map(\.tid)) == Set(1...64))
        #expect(trace.otherData["tracks"] == "the first 64 of 70 ranks")
        #expect(Set(trace.events("s").compactMap(\.id)) == Set(trace.events("f").compactMap(\.id)))
    }

    @Test func aTraceThatCannotBeWrittenSaysWhy() {
        #expect(throws: TraceError(description: "trace '/nowhere/t.json' cannot be written: No such file or directory"))
        {
            _ = try TraceRecorder("/nowhere/t.json", title: "", ranks: 1, server: nil, allReduce: .ring)
        }
    }

    @Test func aTraceThatIsNotFinishedLeavesNoFile() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let recorder = try TraceRecorder(
            folder.appendingPathComponent("t.json").path, title: "", ranks: 1, server: nil, allReduce: .ring)
        recorder.discard()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func observingChangesNothing() throws {
        let (_, report, _) = try trace(simulated(5), training(3))
        let other = try run(simulated(5), training(3))
        #expect(report.seconds == other.seconds && report.accounts == other.accounts)
        #expect(report.ledger.entries == other.ledger.entries)
    }
}
