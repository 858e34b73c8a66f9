import Fabrics
public import Kernel
import Locking

/// What the ranks of a run keep between two messages, by the names that the strategy declared.
///
/// A vector is made when it is first asked for. The ranks of one process share a state; whoever asks for a vector may
/// change its numbers under the rules of ``Rank``: while it computes, and nobody else looks.
public final class NamedState: Sendable {
    /// The declarations that the state was made from.
    public let declarations: [StateDeclaration]
    private let start: ParameterVector
    private let contents: Guarded<Contents>

    private struct Contents {
        var vectors: [Place: ParameterVector] = [:]
        /// Where vectors begin that do not begin at 0, by name.
        var starts: [String: @Sendable (_ rank: Int?) -> ParameterVector] = [:]
        var counts: [String: [Int]] = [:]
        /// The optimizers, each under the first of the vectors that it keeps. Made once, so that a step allocates
        /// nothing.
        var optimizers: [Place: Optimizer] = [:]
    }

    /// The name of a vector and the rank that it belongs to; nil for a vector that all ranks hold alike, or the server.
    private struct Place: Hashable {
        let name: String
        var rank: Int?

        /// The vector's name in a checkpoint.
        var text: String { rank.map { StateValues.name(name, ofRank: $0) } ?? name }
    }

    /// - Parameter parameters: where the model begins, `[P]`; it is copied.
    public init(_ declarations: [StateDeclaration], startingFrom parameters: ParameterVector) {
        self.declarations = declarations
        start = parameters
        var contents = Contents()
        for declaration in declarations {
            if case .counts(let count) = declaration.kind {
                contents.counts[declaration.name] = Array(repeating: 0, count: count)
            }
        }
        self.contents = Guarded(contents)
    }

    /// The model that is trained, `[P]`.
    public var parameters: ParameterVector { vector(StateDeclaration.parametersName) }

    /// P: numbers in a vector of the model's size.
    public var parameterCount: Int { start.count }

    /// A vector `[P]` that the server holds, or all ranks alike.
    public func vector(_ name: String) -> ParameterVector {
        precondition(holder(of: name).map { $0 != .eachWorker } ?? false, "no vector '\(name)' was declared")
        return vector(Place(name: name))
    }

    /// A vector that one rank has of its own: `[P]`, or as long as declared.
    public func vector(_ name: String, ofRank rank: Int) -> ParameterVector {
        precondition(holder(of: name) == .eachWorker, "no vector '\(name)' of each worker was declared")
        return vector(Place(name: name, rank: rank))
    }

    /// Says where the vectors of a name begin, in place of 0. To be called before the first rank begins.
    ///
    /// - Parameter start: `[P]`, of a rank, or of none where all ranks hold the vector alike, or the server; may share its
    ///   numbers with others (``ParameterVector/snapshot()``).
    public func begin(_ name: String, at start: @escaping @Sendable (_ rank: Int?) -> ParameterVector) {
        precondition(holder(of: name) != nil, "no vector '\(name)' was declared")
        contents.withLock { $0.starts[name] = start }
    }

    /// The optimizer with what was declared for it by ``StateDeclaration/state(of:_:named:)``.
    ///
    /// - Parameters:
    ///   - rank: whose state it is, where each worker has one.
    ///   - naming: as it was declared.
    public func optimizer(
        _ configuration: Optimizer.Configuration, ofRank rank: Int? = nil,
        named naming: (String) -> String = { $0 }
    ) -> Optimizer {
        func own(_ name: String) -> ParameterVector { rank.map { vector(name, ofRank: $0) } ?? vector(name) }
        switch configuration.kind {
        case .sgd:
            let velocity = configuration.momentum == 0 ? nil : own(naming(StateDeclaration.velocityName))
            return .sgd(SGD(configuration.sgd, velocity: velocity))
        case .adam, .adamw:
            let place = Place(name: naming(StateDeclaration.firstMomentName), rank: rank)
            if let known = contents.withLock({ $0.optimizers[place] }) { return known }
            let adam = Adam(
                configuration.adam, firstMoment: own(place.name),
                secondMoment: own(naming(StateDeclaration.secondMomentName)),
                stepCount: own(naming(StateDeclaration.optimizerStepsName)))
            // Calls for parts of one step may be the first, and have to have one optimizer.
            return contents.withLock { contents in
                if let known = contents.optimizers[place] { return known }
                contents.optimizers[place] = .adam(adam)
                return .adam(adam)
            }
        }
    }

    private func holder(of name: String) -> StateDeclaration.Holder? {
        declarations.first { $0.name == name && $0.length(parameters: 0) != nil }?.holder
    }

    private func vector(_ place: Place) -> ParameterVector {
        let (known, begin) = contents.withLock { ($0.vectors[place], $0.starts[place.name]) }
        if let known { return known }
        // Outside the lock, since it may take long.
        let made = begin?(place.rank)
        return contents.withLock { contents in
            if let vector = contents.vectors[place] { return vector }
            let vector: ParameterVector
            if let made {
                vector = made
            } else if place.name == StateDeclaration.parametersName {
                vector = start.copied()
            } else if case .numbers(let count, let first) = declarations.first(where: { $0.name == place.name })?.kind {
                vector = ParameterVector(Array(repeating: first, count: count))
            } else {
                vector = ParameterVector(count: start.count)
            }
            contents.vectors[place] = vector
            return vector
        }
    }

    /// The whole numbers that were declared under this name.
    public subscript(counts name: String) -> [Int] {
        get {
            guard let counts = contents.withLock({ $0.counts[name] }) else {
                preconditionFailure("no counts '\(name)' were declared")
            }
            return counts
        }
        set {
            contents.withLock { contents in
                precondition(contents.counts[name]?.count == newValue.count, "\(newValue.count) counts '\(name)'")
                contents.counts[name] = newValue
            }
        }
    }

    // MARK: Checkpoints

    /// What is kept now. The vectors are those that ranks go on with, and not copies.
    var current: StateValues {
        // What all ranks hold alike belongs to it, whether somebody asked for it or not.
        for declaration in declarations where declaration.kind.isOfFloats && declaration.holder != .eachWorker {
            _ = vector(declaration.name)
        }
        return contents.withLock { contents in
            StateValues(
                vectors: Dictionary(uniqueKeysWithValues: contents.vectors.map { ($0.key.text, $0.value) }),
                counts: contents.counts)
        }
    }

    /// Takes over the numbers of a checkpoint.
    ///
    /// - Parameter ranks: of the job.
    /// - Throws: ``CheckpointError`` where they are of another strategy or another model.
    func take(_ saved: StateValues, ranks: Int) throws(CheckpointError) {
        try check(saved, ranks: ranks)
        contents.withLock { $0.counts = saved.counts }
        for declaration in declarations where declaration.length(parameters: 0) != nil {
            let isOfEach = declaration.holder == .eachWorker
            for rank in isOfEach ? (0..<ranks).map(Optional.init) : [nil] { take(declaration, ofRank: rank, of: saved) }
        }
    }

    private func take(_ declaration: StateDeclaration, ofRank rank: Int?, of saved: StateValues) {
        let place = Place(name: declaration.name, rank: rank)
        if let numbers = saved.vectors[place.text] { vector(place).copy(from: numbers) }
    }

    // MARK: Checkpoints, rank by rank

    private var ownDeclarations: [StateDeclaration] {
        declarations.filter { $0.length(parameters: 0) != nil && $0.holder == .eachWorker }
    }

    private var serverDeclarations: [StateDeclaration] {
        declarations.filter { $0.length(parameters: 0) != nil && $0.holder == .server }
    }

    /// What the server keeps, as it is now, by the names of a checkpoint.
    func ofServer() -> [String: ParameterVector] {
        serverDeclarations.reduce(into: [:]) { $0[$1.name] = vector($1.name).snapshot() }
    }

    /// Takes over what the server kept.
    func takeServer(of saved: StateValues) {
        for declaration in serverDeclarations { take(declaration, ofRank: nil, of: saved) }
    }

    /// What a rank keeps for itself, as it is now, by the names of a checkpoint.
    func own(ofRank rank: Int) -> [String: ParameterVector] {
        ownDeclarations.reduce(into: [:]) { values, declaration in
            let place = Place(name: declaration.name, rank: rank)
            values[place.text] = vector(place).snapshot()
        }
    }

    /// Takes over what a rank kept for itself.
    func takeOwn(ofRank rank: Int, of saved: StateValues) {
        for declaration in ownDeclarations { take(declaration, ofRank: rank, of: saved) }
    }

    /// - Throws: ``CheckpointError`` where numbers of a checkpoint are of another strategy or another model.
    func check(_ saved: StateValues, ranks: Int) throws(CheckpointError) {
        if let problem = saved.problem(declarations, ranks: ranks, parameterCount: start.count) {
            throw CheckpointError("the checkpoint has \(problem)")
        }
    }

    /// Takes over the vectors that ranks of other processes keep for themselves, before a checkpoint is written.
    ///
    /// - Parameter pause: as that of the checkpoint.
    /// - Throws: ``CheckpointError`` where a server writes the checkpoint alone and cannot have them.
    func gather(on rank: any Rank, _ pause: Pause) async throws {
        let names = ownDeclarations.map(\.name)
        guard !rank.sharesMemory, let first = names.first else { return }
        guard pause != .thisRank else {
            throw CheckpointError(
                """
                '\(first)' is kept by each client, and clients are processes of their own; allowed are checkpoints where \
                clients and server are in one process
                """)
        }
        for name in names {
            let all = try await rank.exchange(vector(name, ofRank: rank.index).values.map(Double.init))
            guard rank.index == 0 else { continue }
            for (other, numbers) in all.enumerated() where other != 0 {
                vector(name, ofRank: other).copy(from: ParameterVector(numbers.map(Float.init)))
            }
        }
    }
}
