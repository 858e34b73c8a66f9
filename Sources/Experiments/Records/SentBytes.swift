import Fabrics

/// Distinguishes the bytes of a table by kind: messages are charged with their framing, and data that pass through
/// shared memory have none.
package enum SentBytes {
    /// The names of strategies whose bytes pass through shared memory, where others of the table send messages; else
    /// empty.
    package static func sharedMemory(_ senders: [(plan: StrategyPlan, bytes: Int)]) -> [String] {
        let senders = senders.filter { $0.bytes > 0 }
        let shared = senders.filter { $0.plan.fabric == .threads }
        return shared.count == senders.count ? [] : shared.map(\.plan.name)
    }

    /// The names of such strategies among the summaries of an experiment.
    static func sharedMemory(_ summaries: [StrategySummary]) -> [String] { sharedMemory(senders(summaries)) }

    /// The note about them as a sentence; nil where all bytes of the table are of the same kind.
    package static func note(_ senders: [(plan: StrategyPlan, bytes: Int)]) -> String? {
        let shared = sharedMemory(senders)
        guard !shared.isEmpty else { return nil }
        let names = shared.map { "`\($0)`" }.joined(separator: ", ")
        return """
            What \(names) \(shared.count == 1 ? "sends" : "send") passes through shared memory, without the \
            \(Message.framingBytes) bytes of framing that every message of the others has.
            """
    }

    package static func note(_ summaries: [StrategySummary]) -> String? { note(senders(summaries)) }

    private static func senders(_ summaries: [StrategySummary]) -> [(plan: StrategyPlan, bytes: Int)] {
        summaries.map { ($0.plan, $0.count(\.traffic.bytesTotal)) }
    }
}
