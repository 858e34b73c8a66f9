internal import CProcessor
import Foundation
import Lanes
import Synchronization

/// Adam (D. P. Kingma and J. Ba 2015, *Adam: A Method for Stochastic Optimization*, ICLR, algorithm 1) and AdamW (I. Loshchilov
/// and F. Hutter 2019, *Decoupled Weight Decay Regularization*, ICLR, algorithm 2), in the form of PyTorch's `torch.optim.Adam`
/// and `torch.optim.AdamW` without `amsgrad`. Step t = 1, 2, ...:
///
///     Adam:    g ← g + weightDecay * p
///     AdamW:   p ← p - rate * weightDecay * p
///     m ← beta1 * m + (1 - beta1) * g
///     v ← beta2 * v + (1 - beta2) * g²
///     p ← p - rate * (m / (1 - beta1^t)) / (√(v / (1 - beta2^t)) + epsilon)
public struct Adam: Sendable {
    /// The options of Adam beside the learning rate. Their defaults are the paper's, which are PyTorch's.
    public struct Configuration: Hashable, Codable, Sendable {
        /// β1: the share of the mean of gradients that is kept from one step to the next.
        public var beta1: Double
        /// β2: the share of the mean of squared gradients that is kept from one step to the next.
        public var beta2: Double
        /// ε: what is added to the root of the mean of squared gradients, so that nothing is divided by zero.
        public var epsilon: Double
        /// λ: see ``decouplesWeightDecay``.
        public var weightDecay: Float
        /// Whether weights shrink by themselves (AdamW), or by a penalty that is a part of the gradient (Adam).
        public var decouplesWeightDecay: Bool

        /// Other options; those that are not given have their defaults: Adam without weight decay.
        public init(
            beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Float = 0,
            decouplesWeightDecay: Bool = false
        ) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
            self.decouplesWeightDecay = decouplesWeightDecay
        }
    }

    /// The options that the optimizer was made with.
    public let configuration: Configuration
    /// m, `[P]`.
    package let firstMoment: ParameterVector
    /// v, `[P]`.
    package let secondMoment: ParameterVector
    /// `[1]`: the steps that were made, a whole number. It stays at 2^24, the last that is counted in single precision; both
    /// corrections are 1 long before.
    package let stepCount: ParameterVector
    private let parts: StepParts

    /// An optimizer with moments of its own, which begin at zero.
    public init(_ configuration: Configuration, parameterCount: Int) {
        self.init(
            configuration, firstMoment: ParameterVector(count: parameterCount),
            secondMoment: ParameterVector(count: parameterCount), stepCount: ParameterVector(count: 1))
    }

    /// An optimizer that changes these vectors, which belong to somebody else.
    ///
    /// - Parameters:
    ///   - firstMoment: m, `[P]`.
    ///   - secondMoment: v, `[P]`.
    ///   - stepCount: `[1]`, the steps that were made.
    public init(
        _ configuration: Configuration, firstMoment: ParameterVector, secondMoment: ParameterVector,
        stepCount: ParameterVector
    ) {
        precondition(
            firstMoment.count == secondMoment.count && stepCount.count == 1,
            "moments of \(firstMoment.count) and \(secondMoment.count) numbers, \(stepCount.count) step counts")
        self.configuration = configuration
        self.firstMoment = firstMoment
        self.secondMoment = secondMoment
        self.stepCount = stepCount
        parts = StepParts()
    }

    /// Forgets all steps that were made.
    public func startAnew() {
        for vector in [firstMoment, secondMoment, stepCount] { vector.fill(with: 0) }
    }

    /// One update of `parameters` `[P]` by `gradient` `[P]`, or of the part of both in `range`. Calls for ranges that do not
    /// overlap may run at once: those that together are the whole vector are one step, and each number is the same as in a
    /// step that is made in one call.
    public func step(
        _ parameters: ParameterVector, _ gradient: ParameterVector, rate: Float, in range: Range<Int>? = nil
    ) {
        precondition(
            parameters.count == gradient.count, "\(parameters.count) parameters, gradient of \(gradient.count)")
        precondition(
            firstMoment.count == parameters.count, "an optimizer for \(firstMoment.count) parameters")
        let range = range ?? 0..<parameters.count
        precondition(
            range.lowerBound >= 0 && range.upperBound <= parameters.count,
            "range \(range) of \(parameters.count) numbers")
        guard !range.isEmpty else { return }
        let step = parts.begin(range.count, of: parameters.count, counting: stepCount)
        Update(configuration, rate: Double(rate), step: step)
            .apply(to: parameters.storage, gradient.numbers, firstMoment.storage, secondMoment.storage, in: range)
    }
}

/// How much of a step its calls have begun, so that all of them know the step's number and one of them counts it.
private final class StepParts: Sendable {
    private let begun = Atomic(0)

    /// - Returns: the number of the step that a call for `count` of `total` numbers belongs to, from 1 on.
    func begin(_ count: Int, of total: Int, counting steps: ParameterVector) -> Double {
        // Every call reads the count before it adds its part, and the call that completes the step changes the count after
        // that. Calls of the next step come when all of this one have returned.
        let made = steps.numbers[0]
        let begun = begun.wrappingAdd(count, ordering: .acquiringAndReleasing).newValue
        precondition(begun <= total, "parts of a step with \(begun) numbers, of \(total)")
        if begun == total {
            self.begun.store(0, ordering: .relaxed)
            steps.storage[0] = made + 1
        }
        return Double(made) + 1
    }
}

/// The arithmetic of one step, with all that is the same for each number worked out in double precision, as PyTorch does it.
private struct Update {
    private let firstShare: Float
    private let secondKept: Float
    private let secondShare: Float
    private let epsilon: Float
    /// What is added to a gradient for each unit of its parameter.
    private let penalty: Float
    /// What is left of a parameter before the gradient counts.
    private let shrinkage: Float
    /// rate / (1 - beta1^t)
    private let length: Float
    /// 1 / √(1 - beta2^t)
    private let correction: Float

    init(_ configuration: Adam.Configuration, rate: Double, step: Double) {
        firstShare = Float(1 - configuration.beta1)
        secondKept = Float(configuration.beta2)
        secondShare = Float(1 - configuration.beta2)
        epsilon = Float(configuration.epsilon)
        let decouples = configuration.decouplesWeightDecay
        penalty = decouples ? 0 : configuration.weightDecay
        shrinkage = decouples ? Float(1 - rate * Double(configuration.weightDecay)) : 1
        length = Float(rate / (1 - pow(configuration.beta1, step)))
        correction = Float(1 / (1 - pow(configuration.beta2, step)).squareRoot())
    }

    /// - Parameters:
    ///   - p: the parameters, which are changed as the moments `m` and `v` are.
    ///   - g: the gradient.
    func apply(
        to p: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
        _ v: UnsafeMutablePointer<Float>, in range: Range<Int>
    ) {
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            var (first, second) = (m.lanes(index), v.lanes(index))
            p.set(index, moved(p.lanes(index), by: g.lanes(index), &first, &second))
            m.set(index, first)
            v.set(index, second)
            index += 8
        }
        guard index < range.upperBound else { return }
        // The rest by the same arithmetic, so that a number has the same bits wherever a range begins or ends.
        var (parameters, gradient, first, second) = (Lanes(), Lanes(), Lanes(), Lanes())
        for lane in 0..<range.upperBound - index {
            parameters[lane] = p[index + lane]
            gradient[lane] = g[index + lane]
            first[lane] = m[index + lane]
            second[lane] = v[index + lane]
        }
        parameters = moved(parameters, by: gradient, &first, &second)
        for lane in 0..<range.upperBound - index {
            p[index + lane] = parameters[lane]
            m[index + lane] = first[lane]
            v[index + lane] = second[lane]
        }
    }

    /// Eight parameters after the step, and their moments.
    @inline(__always)
    private func moved(_ p: Lanes, by g: Lanes, _ m: inout Lanes, _ v: inout Lanes) -> Lanes {
        let slope = g + penalty * p
        m += firstShare * (slope - m)
        v = secondKept * v + secondShare * slope * slope
        return shrinkage * p - length * m / (lanes_square_root(v) * correction + epsilon)
    }
}
