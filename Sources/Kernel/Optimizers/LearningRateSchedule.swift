import Foundation

/// The learning rate as a function of the work done, in epochs, so that strategies with different numbers of steps
/// share a schedule.
public struct LearningRateSchedule: Hashable, Codable, Sendable {
    /// How the rate falls after the warm-up.
    public enum Decay: Hashable, Codable, Sendable {
        /// The rate does not fall.
        case constant
        /// Multiply by `factor` every `epochs`.
        case step(epochs: Double, factor: Double)
        /// Half a cosine from the base rate to zero at the end (Loshchilov and Hutter 2017, without restarts).
        case cosine
    }

    /// η after the warm-up and before any decay; see ``referenceBatch``.
    public var baseRate: Double
    /// The batch that ``baseRate`` is meant for, where the rate is still to be scaled to the batch in use by
    /// ``scaled(toBatch:)``; nil where ``baseRate`` is the rate in use.
    public var referenceBatch: Int?
    /// How the rate falls after the warm-up.
    public var decay: Decay
    /// Epochs over which the rate grows linearly from zero (gradual warm-up, Goyal et al. 2017, section 2.2).
    public var warmupEpochs: Double
    /// Epochs at which `cosine` reaches zero.
    public var totalEpochs: Double

    /// A schedule; without decay and warm-up, the rate does not change.
    public init(
        baseRate: Double, referenceBatch: Int? = nil, decay: Decay = .constant, warmupEpochs: Double = 0,
        totalEpochs: Double
    ) {
        self.baseRate = baseRate
        self.referenceBatch = referenceBatch
        self.decay = decay
        self.warmupEpochs = warmupEpochs
        self.totalEpochs = totalEpochs
    }

    /// The rate at a point of training; for a step, the middle of its work: so the first step of a warm-up and the last
    /// of a cosine move, and a decay begins with the step after its epoch.
    public func rate(at epoch: Double) -> Double {
        if epoch < warmupEpochs { return baseRate * epoch / warmupEpochs }
        switch decay {
        case .constant: return baseRate
        case .step(let epochs, let factor): return baseRate * pow(factor, (epoch / epochs).rounded(.down))
        case .cosine:
            let span = max(totalEpochs - warmupEpochs, .leastNormalMagnitude)
            let progress = min((epoch - warmupEpochs) / span, 1)
            return baseRate * 0.5 * (1 + cos(.pi * progress))
        }
    }

    /// The schedule with the rate for a batch of so many samples, by the linear scaling rule where a reference is named.
    public func scaled(toBatch batch: Int) -> LearningRateSchedule {
        guard let referenceBatch else { return self }
        var scaled = self
        scaled.baseRate = Self.linearlyScaled(baseRate, batch: batch, reference: referenceBatch)
        scaled.referenceBatch = nil
        return scaled
    }

    /// The linear scaling rule: when the batch is k times the reference, so is the rate (Goyal et al. 2017, section 2.1).
    public static func linearlyScaled(_ rate: Double, batch: Int, reference: Int) -> Double {
        precondition(batch > 0 && reference > 0, "batch \(batch), reference \(reference)")
        return rate * Double(batch) / Double(reference)
    }
}
