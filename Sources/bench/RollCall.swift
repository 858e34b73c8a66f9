import Experiments
import Foundation
import Storage

/// What a process of an MPI job tells the others before the job begins: why it cannot take part, or what it is going to
/// compute. All processes hear all of these, and come to the same verdict.
struct RollCall: Codable, Sendable {
    /// Why a process cannot take part.
    struct Failure: Hashable, Codable, Sendable {
        var message: String
        var exitCode: Int32
    }

    var host: String
    /// Nil if the process can take part.
    var failure: Failure?
    /// The version of the program and of its output.
    var version: String
    /// The commit of the program; ``unknownCommit`` where it is not known.
    var commit: String
    /// What the last bits of its arithmetic depend on: processor and OpenBLAS.
    var arithmetic: String
    /// The plan; nil for commands without one.
    var plan: ExperimentPlan?
    /// The command line; nil where there is a plan.
    var arguments: [String]?

    enum Verdict: Equatable {
        /// All processes take part; the notes are for readers.
        case agreed(notes: [String])
        /// Every process failed, for the same reason.
        case failedAlike
        /// Some process cannot do the same as the others.
        case refused(Failure)
    }

    /// - Parameter all: the roll calls by rank; nil where one could not be read, as from another version of the
    ///   program.
    static func verdict(_ all: [RollCall?]) -> Verdict {
        let count = all.count
        func name(_ rank: Int) -> String { "rank \(rank) of \(count)" + (all[rank].map { " on \($0.host)" } ?? "") }
        if let failure = all[0]?.failure, all.allSatisfy({ $0?.failure == failure }) { return .failedAlike }
        for (rank, one) in all.enumerated() {
            guard let failure = one?.failure else { continue }
            // A process that only prints its help cannot take part either.
            return .refused(
                Failure(message: "\(name(rank)): \(failure.message)", exitCode: max(1, failure.exitCode)))
        }
        guard let first = all[0] else { return .refused(otherVersion(name(0))) }
        for (rank, one) in all.enumerated().dropFirst() {
            guard let one, isSameProgram(one, first) else { return .refused(otherVersion(name(rank), one, first)) }
            guard let difference = difference(first, one) else { continue }
            return .refused(
                Failure(
                    message:
                        "\(name(rank)) \(difference); all processes of a job must be started with the same options",
                    exitCode: 64))
        }
        let others = all.enumerated().filter { $1?.arithmetic != first.arithmetic }
        let notes = others.prefix(1).map { rank, one in
            """
            note: \(name(rank)) computes with \(one?.arithmetic ?? "?"), and rank 0 with \(first.arithmetic): the last bits of \
            a run depend on which ranks are where
            """
        }
        return .agreed(notes: notes)
    }

    static let unknownCommit = "unknown"

    private var program: String { "\(version), commit \(commit)" }

    private static func isSameProgram(_ one: RollCall, _ other: RollCall) -> Bool {
        let isKnown = one.commit != unknownCommit && other.commit != unknownCommit
        return one.version == other.version && (one.commit == other.commit || !isKnown)
    }

    private static func otherVersion(_ name: String, _ one: RollCall? = nil, _ first: RollCall? = nil) -> Failure {
        let versions = one.flatMap { one in first.map { ": \(one.program), and rank 0 \($0.program)" } } ?? ""
        return Failure(
            message: "\(name) runs another version of the program\(versions); all processes of a job must run the same",
            exitCode: 1)
    }

    /// How another process differs from the first, in words; nil where it does not.
    private static func difference(_ first: RollCall, _ other: RollCall) -> String? {
        guard first.arguments == other.arguments, (first.plan == nil) == (other.plan == nil) else {
            func words(_ call: RollCall) -> String { call.arguments?.joined(separator: " ") ?? "a run" }
            return "was started with '\(words(other))', and rank 0 with '\(words(first))'"
        }
        guard let plan = first.plan, let otherPlan = other.plan else { return nil }
        let differences = try? PlanDifferences.betweenRanks(plan, otherPlan)
        guard let differences else { return "has a plan that cannot be compared with rank 0's" }
        guard !differences.isEmpty else { return nil }
        return differences.map { "has \($0.name) \($0.other), and rank 0 \($0.first)" }.joined(separator: "; ")
    }
}
