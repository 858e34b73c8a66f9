import Diagnostics
public import Experiments
import Fabrics
import Foundation
public import Tasks
import Training

/// An option that a study can vary. Raw values are those of the command line.
public enum StudyOption: String, CaseIterable, Codable, Sendable {
    // The order decides which random numbers an option gets: new ones go to the end.
    case learningRate = "learning-rate"
    case momentum
    case weightDecay = "weight-decay"
    case batch
    case localEpochs = "local-epochs"
    case localBatch = "local-batch"
    case fraction
    case allReduce = "allreduce"
    case bucket

    /// Which of the random streams it draws from.
    var streamIndex: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// Whether the strategy has it: varied or not, it changes nothing for the others.
    public func applies(to plan: StrategyPlan) -> Bool {
        let isFederated = plan.description?.isFederated == true
        switch self {
        case .learningRate, .momentum, .weightDecay: return true
        case .batch: return !isFederated
        case .localEpochs, .localBatch, .fraction: return isFederated
        case .allReduce: return !isFederated && plan.fabric != .threads && plan.description?.isSingleDevice != true
        case .bucket: return plan.overlapInUse != nil
        }
    }

    // MARK: Values

    public var isWhole: Bool { [.batch, .localEpochs, .localBatch].contains(self) }

    /// What can be varied between two ends.
    public var isNumber: Bool { self != .allReduce && self != .bucket }

    /// Counts and rates differ by factors, shares by differences.
    public var naturalScale: SearchDimension.Scale {
        self == .momentum || self == .fraction ? .linear : .log
    }

    /// The ends that nothing can lie beyond.
    var naturalEnds: [Double] {
        switch self {
        case .learningRate, .allReduce, .bucket: []
        case .momentum, .weightDecay: [0]
        case .batch, .localEpochs: [1]
        case .localBatch: [1, .infinity]
        case .fraction: [1]
        }
    }

    public var allowed: String {
        switch self {
        case .learningRate: TrainingConfiguration.allowedLearningRates
        case .momentum: "a number from 0 to below 1"
        case .weightDecay: "a number from 0 up"
        case .batch, .localEpochs: "a whole number from 1 to \(Self.largestCount)"
        case .localBatch: "a whole number from 1 to \(Self.largestCount), or all"
        case .fraction: "a number above 0 up to 1"
        case .allReduce: AllReduceAlgorithm.usages.joined(separator: ", ")
        case .bucket: "a size with its unit, such as 64kB, 1MB or 25MB"
        }
    }

    private static let largestCount = 1_000_000

    /// The value as a number, infinity for `all`; nil where it is none or is not allowed.
    public func number(_ value: String) -> Double? {
        if self == .localBatch, value == "all" { return .infinity }
        guard isNumber, let number = Double(value), number.isFinite, !isWhole || Int(value) != nil else { return nil }
        let isAllowed =
            switch self {
            case .learningRate: TrainingConfiguration.learningRates.contains(number)
            // As the 32-bit numbers that they become.
            case .momentum: (0..<1).contains(Float(number))
            case .weightDecay: number >= 0 && Float(number).isFinite
            case .batch, .localEpochs, .localBatch: (1...Double(Self.largestCount)).contains(number)
            case .fraction: number > 0 && number <= 1
            case .allReduce, .bucket: false
            }
        return isAllowed ? number : nil
    }

    /// - Throws: ``ExperimentError`` saying what was found and what is allowed.
    public func check(_ value: String) throws(ExperimentError) {
        let isAllowed =
            switch self {
            case .allReduce: AllReduceAlgorithm(rawValue: value) != nil
            case .bucket: (try? Quantity.bytes(value)).map { $0 > 0 } ?? false
            default: number(value) != nil
            }
        if !isAllowed {
            throw ExperimentError("\(rawValue): '\(value)' is not \(self == .allReduce ? "one of " : "")\(allowed)")
        }
    }

    /// Sets the option.
    /// - Throws: ``ExperimentError`` for a value that is not allowed.
    public func apply(_ value: String, to plan: inout StrategyPlan) throws(ExperimentError) {
        try check(value)
        let number = number(value) ?? 0
        switch self {
        case .learningRate: plan.configuration.schedule.baseRate = number
        case .momentum: plan.configuration.optimizer.momentum = Float(number)
        case .weightDecay: plan.configuration.optimizer.weightDecay = Float(number)
        case .batch: plan.configuration.batch = Int(number)
        case .localEpochs: plan.configuration.federated.localEpochs = Int(number)
        case .localBatch: plan.configuration.federated.localBatch = number.isFinite ? Int(number) : nil
        case .fraction: plan.configuration.federated.fraction = number
        case .allReduce: plan.allReduce = AllReduceAlgorithm(rawValue: value) ?? plan.allReduce
        case .bucket:
            guard let bytes = try? Quantity.bytes(value), bytes > 0 else { return }
            plan.configuration.overlap = GradientOverlap(bucketBytes: bytes)
        }
    }

    /// - Throws: ``ExperimentError`` listing the options.
    public static func named(_ name: String) throws(ExperimentError) -> StudyOption {
        guard let option = Self(rawValue: name) else {
            throw ExperimentError(UnknownName.message("option", found: name, allowed: allCases.map(\.rawValue)))
        }
        return option
    }
}
