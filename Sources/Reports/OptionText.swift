import Diagnostics
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
}
