import Cluster
import Fabrics
import Foundation
import Testing

@testable import Storage

/// Operations as a file of a schedule has them.
@Suite struct ScheduleFileTests {
    /// Messages of 40 bytes, of a payload of 42 bytes, and one that is posted; work of all kinds.
    @Test func everyKindOfMessageAndOfWorkIsReadBack() throws {
        var work = ComputeWork.forward(samples: 20, passes: 3)
        work.equivalentSamples = 0.1
        work.vectorElements = 7
        let operations: [Fabrics.Operation] = [
            .send(to: 1, bytes: 40, .model, .peer), .send(to: 1, bytes: 42, .gradient, .uplink),
            .post(to: 1, bytes: 40, .model, .peer), .post(to: 1, bytes: 3, .control, .downlink), .compute(work),
            .compute(.step(samples: 4)),
        ]
        let schedule = Schedule(
            operations: operations + [.receive(from: 0)], programs: [[0, 1, 2, 3, 4, 5], [6, 6, 6, 6]],
            programOfRank: [0, 1])
        let data = try ScheduleFile.encode(schedule, strategy: "sync", seed: 1)
        #expect(try ScheduleFile.decode(data, strategy: "sync", seed: 1, file: "f") == schedule)
    }

    /// What older versions wrote has neither bytes nor forward passes, and so it stays where there are none.
    @Test func anOperationThatOlderVersionsKnowIsWrittenAsTheyWroteIt() throws {
        let schedule = Schedule(
            operations: [.send(to: 1, bytes: 40, .model, .peer), .compute(.step(samples: 4))], programs: [[0, 1], []],
            programOfRank: [0, 1])
        let text = String(decoding: try ScheduleFile.encode(schedule, strategy: "sync", seed: 1), as: UTF8.self)
        #expect(text.contains("\"elements\" : 10") || text.contains("\"elements\":10"))
        for new in ["bytes", "forwardPasses", "samplesPerForwardPass", "equivalentSamples", "post"] {
            #expect(!text.contains("\"\(new)\""), "\(new)")
        }
    }
}
