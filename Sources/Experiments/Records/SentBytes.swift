import Fabrics

/// Which bytes of a table are of which kind: a message is charged with its framing, what passes through shared memory is
/// not, since nobody frames it.
package enum SentBytes {
    /// The strategies whose bytes pass through shared memory, where others of the table send messages; else none.
    package static func sharedMemory(_ senders: [(plan: StrategyPlan, bytes: Int)]) -> [String] {
        let senders = senders.filter { $0.bytes > 0 }
        let shared = senders.filter { $0.plan.fabric == .threads }
        return shared.count == senders.count ? [] : shared.map(\.plan.name)
    }

    /// The same of the runs of an experiment.
    static func sharedMemory(_ summaries: [StrategySummary]) -> [String] { sharedMemory(senders(summaries)) }

    /// In a sentence; nil where all bytes of the table are of one kind.
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
