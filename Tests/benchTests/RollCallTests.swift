import Experiments
import Testing

@testable import BenchCommands

/// How the processes of a job judge what they hear of each other, without any MPI.
@Suite struct RollCallTests {
    private func call(_ rate: Double = 0.1, failure: RollCall.Failure? = nil) throws -> RollCall {
        let run = try Run.of(["--strategy", "sync", "--learning-rate", "\(rate)", "--compute", "reference"])
        let plan = try run.builder.plan()
        return RollCall(
            host: "node", failure: failure, version: "1", commit: "abc", arithmetic: "OpenBLAS", plan: plan,
            arguments: nil)
    }

    @Test func processesThatSayTheSameAgree() throws {
        #expect(RollCall.verdict([try call(), try call(), try call()]) == .agreed(notes: []))
        #expect(RollCall.verdict([try call()]) == .agreed(notes: []))
    }

    @Test func theRankWithAnotherOptionIsNamedWithBothValues() throws {
        guard case .refused(let failure) = RollCall.verdict([try call(), try call(), try call(0.2)]) else {
            Issue.record("agreed")
            return
        }
        #expect(failure.exitCode == 64)
        #expect(failure.message.hasPrefix("rank 2 of 3 on node has --learning-rate 0.2, and rank 0 0.1;"), "\(failure)")
    }

    /// Where each host has files and cores of its own, neither a file's name nor a number of threads is a difference.
    @Test func namesOfFilesAndThreadsOfTheHostMayDiffer() throws {
        var (one, other) = (try call(), try call())
        one.plan?.initialParametersFile = "/a/start"
        other.plan?.initialParametersFile = "/b/start"
        one.plan?.hostThreads = 2
        other.plan?.hostThreads = 64
        #expect(RollCall.verdict([one, other]) == .agreed(notes: []))
    }

    @Test func oneThatCannotTakePartEndsAllWithItsMessage() throws {
        let failure = RollCall.Failure(message: "something is wrong", exitCode: 64)
        let verdict = RollCall.verdict([try call(), try call(failure: failure)])
        #expect(
            verdict == .refused(.init(message: "rank 1 of 2 on node: something is wrong", exitCode: 64)))
        #expect(RollCall.verdict([try call(failure: failure), try call(failure: failure)]) == .failedAlike)
        let help = RollCall.Failure(message: "usage", exitCode: 0)
        guard case .refused(let found) = RollCall.verdict([try call(failure: help), try call()]) else {
            Issue.record("agreed")
            return
        }
        #expect(found.exitCode != 0)
    }

    @Test func anotherProgramIsRefusedAndAnUnknownCommitIsNot() throws {
        var other = try call()
        other.commit = "def"
        guard case .refused(let failure) = RollCall.verdict([try call(), other]) else {
            Issue.record("agreed")
            return
        }
        #expect(failure.message.contains("another version") && failure.message.contains("def"), "\(failure)")
        other.commit = RollCall.unknownCommit
        #expect(RollCall.verdict([try call(), other]) == .agreed(notes: []))
        guard case .refused = RollCall.verdict([try call(), nil]) else {
            Issue.record("agreed")
            return
        }
    }

    @Test func anotherProcessorIsOnlyNoted() throws {
        var other = try call()
        other.arithmetic = "another OpenBLAS"
        guard case .agreed(let notes) = RollCall.verdict([try call(), other]) else {
            Issue.record("refused")
            return
        }
        #expect(notes.count == 1 && notes[0].contains("rank 1") && notes[0].contains("another OpenBLAS"), "\(notes)")
    }

    @Test func contentsThatDifferAreNamedWithTheRank() {
        func contents(_ start: String) -> JobContents {
            JobContents(host: "h", items: [.init("training data", "a"), .init("initial parameters", start)])
        }
        #expect(JobContents.difference([contents("x"), contents("x")]) == nil)
        let text = JobContents.difference([contents("x"), contents("x"), contents("y")])
        #expect(text?.contains("rank 2 of 3 on h has other initial parameters") == true, "\(text ?? "")")
    }
}
