import Diagnostics
import Experiments
import Fabrics
import Kernel
import Tasks
import Training

/// Options in words, for reports and lists.
package enum OptionText {
    package static func schedule(_ schedule: LearningRateSchedule) -> String {
        var text = Format.exact(schedule.baseRate)
        switch schedule.decay {
        case .constant: break
        case .step(let epochs, let factor): text += ", times \(factor) every \(Format.exact(epochs)) epochs"
        case .cosine: text += ", cosine to 0 at epoch \(Format.exact(schedule.totalEpochs))"
        }
        if schedule.warmupEpochs > 0 { text += ", warm-up over \(Format.exact(schedule.warmupEpochs)) epochs" }
        return text
    }

    package static func momentum(_ optimizer: Optimizer.Configuration) -> String {
        Format.exact(optimizer.momentum) + (optimizer.nesterov ? " (Nesterov)" : "")
    }

    /// The optimizer in words, such as `sgd, momentum 0.9` or `adam, β1 0.9, β2 0.999, ε 1e-08`.
    package static func optimizer(_ optimizer: Optimizer.Configuration) -> String {
        let name = optimizer.kind.rawValue
        guard optimizer.kind.isAdaptive else { return "\(name), momentum \(momentum(optimizer))" }
        let (beta1, beta2) = (Format.exact(optimizer.beta1), Format.exact(optimizer.beta2))
        return "\(name), β1 \(beta1), β2 \(beta2), ε \(Format.exact(optimizer.epsilon))"
    }

    /// How many workers train, and with which options of a round. Options that every strategy with clients has are told
    /// in the words of McMahan et al. 2017.
    package static func workers(_ plan: StrategyPlan) -> String {
        let (roles, options) = (plan.roles, plan.options)
        guard roles.concurrentWorkers < roles.workers || options["fraction"] != nil else { return "\(roles.workers)" }
        var text = "\(roles.concurrentWorkers) of \(roles.workers) clients a round"
        if let fraction = options["fraction"] { text += " (C = \(number(fraction)))" }
        if let epochs = options["local-epochs"] { text += ", E = \(epochs)" }
        if let partition = options["partition"] { text += ", \(partition)" }
        return text
    }

    /// A share of one as it was written in reports before options had names: `1.0`.
    private static func number(_ value: OptionValue) -> String {
        Double(optionValue: value).map { "\($0)" } ?? "\(value)"
    }

    /// The all-reduce of a strategy; where it was chosen, also what the other algorithms would take.
    package static func allReduce(_ plan: StrategyPlan) -> String {
        let choices = [plan.allReduceChoice].compactMap { $0 } + (plan.bucketChoices ?? [])
        guard !choices.isEmpty else { return plan.allReduce.rawValue }
        return "\(plan.allReduce.rawValue), which is \(choices.map(choice).joined(separator: ", and "))"
    }

    /// What `--overlap` makes of a strategy; nil where it was not asked for, or there is nothing to send.
    package static func overlapNote(_ plan: StrategyPlan, in experiment: ExperimentPlan) -> String? {
        guard let asked = plan.overlap else { return nil }
        guard let overlap = plan.overlapInUse else {
            return plan.fabric == .threads
                ? """
                goes on as without --overlap: on threads of this machine the cores that would send a bucket are those that \
                compute
                """ : nil
        }
        guard let network = try? experiment.trainingTask().network else { return nil }
        let sizes = overlap.buckets(of: network).map { Double($0.range.count * MemoryLayout<Float>.size) }
        let listed = sizes.count > 8 ? Array(sizes.prefix(8)) : sizes
        let more = sizes.count > listed.count ? ", ..." : ""
        return """
            sends its gradients while the backward pass runs, in \(sizes.count) bucket\(sizes.count == 1 ? "" : "s"): \
            \(listed.map(Format.bytes).joined(separator: ", "))\(more) (closed at \(Format.bytes(Double(asked.bucketBytes))))
            """
    }

    /// Which all-reduce was chosen, and why.
    package static func choice(_ choice: AllReduceChoice) -> String {
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
