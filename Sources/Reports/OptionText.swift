import Diagnostics
public import Experiments
public import Fabrics
public import Kernel

/// Options in words, for reports and lists.
public enum OptionText {
    public static func schedule(_ schedule: LearningRateSchedule) -> String {
        var text = Format.significant(schedule.baseRate)
        switch schedule.decay {
        case .constant: break
        case .step(let epochs, let factor): text += ", times \(factor) every \(Format.significant(epochs)) epochs"
        case .cosine: text += ", cosine to 0 at epoch \(Format.significant(schedule.totalEpochs))"
        }
        if schedule.warmupEpochs > 0 { text += ", warm-up over \(Format.significant(schedule.warmupEpochs)) epochs" }
        return text
    }

    /// The all-reduce of a strategy: of one that was chosen, also what the others would take.
    public static func allReduce(_ plan: StrategyPlan) -> String {
        guard let choice = plan.allReduceChoice else { return plan.allReduce.rawValue }
        return "\(plan.allReduce.rawValue), which is \(self.choice(choice))"
    }

    /// Which all-reduce was chosen, and why.
    public static func choice(_ choice: AllReduceChoice) -> String {
        let candidates = choice.candidates.map { candidate in
            let time =
                candidate.seconds.map(Format.seconds) ?? "not played, since it sends \(candidate.messages) messages"
            return "\(candidate.algorithm.rawValue) \(time)"
        }
        return """
            \(choice.algorithm.rawValue), the cheapest for \(choice.elements) numbers on \(choice.ranks) \
            rank\(choice.ranks == 1 ? "" : "s") (\(candidates.joined(separator: "; ")))
            """
    }
}
