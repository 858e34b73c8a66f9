public import Kernel

/// What ranks keep between two messages, by name: a vector of the model's size, or counts. Checkpoints, resumption and the
/// memory that a strategy needs follow from the list of these.
public struct StateDeclaration: Hashable, Sendable {
    /// Who holds the numbers.
    public enum Holder: Hashable, Sendable {
        /// All ranks hold the same numbers; ranks that share memory share one copy.
        case allAlike
        /// The server alone has the numbers.
        case server
        /// Every rank that trains has numbers of its own, which begin when they are first asked for.
        case eachWorker
    }

    /// What kind of numbers they are, and how many.
    public enum Kind: Hashable, Sendable {
        /// As many numbers as the model has parameters.
        case vector
        /// So many numbers, all of which begin at the same.
        case numbers(Int, startingAt: Float)
        /// So many whole numbers, 0 or more.
        case counts(Int)

        var isOfFloats: Bool { if case .counts = self { false } else { true } }
    }

    /// The name by which checkpoints and the strategy know the numbers.
    public let name: String
    /// What kind of numbers they are, and how many.
    public let kind: Kind
    /// Who holds the numbers.
    public let holder: Holder

    /// A vector of the model's size, which begins at 0; ``parametersName`` begins as the run's initial parameters.
    public static func vector(_ name: String, _ holder: Holder = .allAlike) -> Self {
        Self(name: name, kind: .vector, holder: holder)
    }

    /// So many numbers, which all begin at `start`; each worker has its own, unless another holder is named.
    public static func numbers(
        _ name: String, _ count: Int, startingAt start: Float, _ holder: Holder = .eachWorker
    ) -> Self {
        precondition(count > 0, "\(count) numbers '\(name)'")
        return Self(name: name, kind: .numbers(count, startingAt: start), holder: holder)
    }

    /// So many whole numbers, which begin at 0.
    public static func counts(_ name: String, _ count: Int, _ holder: Holder = .server) -> Self {
        precondition(holder != .eachWorker, "counts '\(name)' of each worker")
        return Self(name: name, kind: .counts(count), holder: holder)
    }

    /// How many floating-point numbers are declared, for a model with so many parameters; nil for counts.
    func length(parameters: Int) -> Int? {
        switch kind {
        case .vector: parameters
        case .numbers(let count, _): count
        case .counts: nil
        }
    }

    /// The name of the model that is trained.
    public static let parametersName = "parameters"
    /// The names of what an optimizer keeps: SGD its momentum, and Adam the rest.
    public static let velocityName = "velocity"
    static let firstMomentName = "first moment"
    static let secondMomentName = "second moment"
    static let optimizerStepsName = "optimizer steps"

    /// The model, held by all ranks alike.
    public static let parameters = vector(parametersName)
}

extension StateDeclaration {
    /// What the optimizer keeps from step to step: SGD its velocity where it has momentum, Adam two moments and the number of
    /// steps. ``NamedState/optimizer(_:ofRank:named:)`` makes it of these.
    ///
    /// - Parameter naming: gives names to what further optimizers of the same holder keep.
    public static func state(
        of optimizer: Optimizer.Configuration, _ holder: Holder = .allAlike,
        named naming: (String) -> String = { $0 }
    ) -> [StateDeclaration] {
        switch optimizer.kind {
        case .sgd: optimizer.momentum == 0 ? [] : [.vector(naming(velocityName), holder)]
        case .adam, .adamw:
            [
                .vector(naming(firstMomentName), holder), .vector(naming(secondMomentName), holder),
                .numbers(naming(optimizerStepsName), 1, startingAt: 0, holder),
            ]
        }
    }
}

extension [StateDeclaration] {
    /// Vectors that each worker has of its own.
    var vectorsOfEachWorker: Int { count { $0.kind == .vector && $0.holder == .eachWorker } }
    /// Vectors that all ranks hold alike, or the server.
    var commonVectors: Int { count { $0.kind == .vector && $0.holder != .eachWorker } }
}
