import Cluster
import Testing

@testable import Fabrics

@Suite struct ScheduleCheckTests {
    private static let reduce = Operation.collective(.allReduce(.sum), elements: 10, .gradient)
    private static let barrier = Operation.collective(.barrier, elements: 0, .control)
    private static let up = Operation.send(to: 0, elements: 10, .modelUp, .uplink)
    private static let down = Operation.send(to: 1, elements: 10, .modelDown, .downlink)

    private func problem(_ programs: [[Operation]]) -> String? {
        var operations: [Operation] = []
        let indices = programs.map { program in
            program.map { operation -> UInt32 in
                operations.append(operation)
                return UInt32(operations.count - 1)
            }
        }
        return Schedule(operations: operations, programs: indices, programOfRank: Array(programs.indices))
            .problem(mostElements: 10)
    }

    @Test func whatRanksDoTogetherHasNoProblem() {
        #expect(problem([[Self.reduce, Self.barrier], [Self.reduce, .compute(.none), Self.barrier]]) == nil)
        #expect(problem([[Self.down, .receive(from: 1)], [.receive(from: 0), Self.up, .receive(from: 0)]]) == nil)
    }

    @Test func ranksThatDisagreeOnACollectiveAreNamed() {
        #expect(
            problem([[Self.reduce], [Self.reduce, Self.barrier]])
                == "ranks that disagree: rank 1 has 2 collectives, and not 1 as rank 0")
        #expect(
            problem([[Self.reduce, Self.barrier], [Self.reduce, Self.reduce]])
                == "ranks that disagree: rank 1 has another collective 2 than rank 0")
    }

    @Test func messagesThatNobodySendsOrReceivesAreNamed() {
        #expect(problem([[Self.down], []])?.hasPrefix("rank 0 sends 1 messages to rank 1, which receives 0") == true)
        #expect(
            problem([[], [.receive(from: 0), .receive(from: 0)]])?
                .hasPrefix("rank 0 sends 0 messages to rank 1, which receives 2") == true)
        #expect(problem([[.receive(from: 0)]]) == "rank 0 exchanges messages with itself")
    }

    @Test func vectorsLongerThanTheModelAndPartsOfNoStepAreNamed() {
        let long = Operation.collective(.allReduce(.sum), elements: 11, .gradient)
        #expect(problem([[long], [long]]) == "a vector of 11 numbers, where the longest that is sent has 10")
        #expect(problem([[.ready(share: 0)]]) == "an operation 'ready' with share 0 of a step that has 0")
        #expect(problem([[.update]]) == "an operation 'update' before any step")
    }
}
