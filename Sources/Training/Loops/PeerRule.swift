public import Cluster
public import Datasets
public import Fabrics
public import Kernel

/// What a strategy without a server does whose nodes exchange with neighbours in rounds, in the terms of its paper;
/// ``PeerLoop`` does all else.
///
///     each round, each node i:   adapt                      # H local steps, and what is to be sent
///                                send, receive              # to and from the schedule's neighbours of the round
///                                combine                    # what was heard
public protocol PeerRule: Sendable {
    /// What nodes keep between rounds; a node's model is its ``StateDeclaration/parametersName``.
    var state: NamedState { get }
    var schedule: any PeerSchedule { get }

    /// Whether nodes send what they have before they adapt, so that messages travel while they compute.
    var sendsFirst: Bool { get }
    /// Whether weights are shares that senders give away, so that a node keeps what it would have given to one that has left;
    /// else they are the receivers', and the weight of a sender that is missing becomes a node's own.
    var sharesAreGiven: Bool { get }
    /// In which coding nodes send; nil for vectors as they are.
    var coding: (any MessageCoding)? { get }
    /// Numbers in what nodes send as it is, for ``NodeRound/outgoing``; nil where they send their models.
    var outgoingCount: Int? { get }
    /// With which weights what is heard is taken in.
    var weighing: PeerWeighing { get }
    /// What adapting costs beside the local steps, such as encoding.
    var adaptingWork: ComputeWork { get }
    /// The same, of a node in its round.
    func adaptingWork(_ node: NodeRound) -> ComputeWork
    /// What a node's messages are for.
    func purpose(of node: Int) -> TrafficPurpose
    /// What adapting costs beyond that, each a computation of its own: steps of a second model, forward passes.
    func furtherAdaptingWork(_ node: NodeRound) -> [ComputeWork]
    /// What combining costs.
    ///
    /// - Parameter terms: nodes whose numbers are added up, with the node itself.
    func combiningWork(terms: Int) -> ComputeWork
    /// What a node looks at its own samples for while it combines: forward passes.
    func choosingWork(_ node: NodeRound) -> ComputeWork
    /// What combining costs beyond that, each a computation of its own, such as forward passes of what was heard.
    func furtherCombiningWork(_ node: NodeRound) -> [ComputeWork]
    /// Who tells whom at the beginning of a round what it has chosen, where messages of the round depend on that; nil where
    /// nobody does. It follows from options and seed alone, and is the same on all nodes.
    func announcements(ofRound round: Int) -> PeerAnnouncements?
    /// What a node has chosen, at the beginning of the round.
    func announcement(of node: NodeRound) -> EncodedVector
    /// A node hears the announcement of another, by which its schedule may go.
    func hear(_ announcement: EncodedVector, of other: Int, at node: NodeRound)

    /// The node's local steps, and what it sends after them. May run beside that of other nodes.
    func adapt(_ node: NodeRound)
    /// The node's next model from what it has heard.
    func combine(_ node: NodeRound)
}

extension PeerRule {
    public var sendsFirst: Bool { false }
    public var sharesAreGiven: Bool { false }
    public var coding: (any MessageCoding)? { nil }
    public var outgoingCount: Int? { nil }
    public var weighing: PeerWeighing { .asScheduled }
    public var adaptingWork: ComputeWork { .none }
    public func adaptingWork(_ node: NodeRound) -> ComputeWork { adaptingWork }
    public func choosingWork(_ node: NodeRound) -> ComputeWork { .none }
    public func purpose(of node: Int) -> TrafficPurpose { .model }
    public func furtherAdaptingWork(_ node: NodeRound) -> [ComputeWork] { [] }
    public func furtherCombiningWork(_ node: NodeRound) -> [ComputeWork] { [] }
    public func announcements(ofRound round: Int) -> PeerAnnouncements? { nil }
    public func announcement(of node: NodeRound) -> EncodedVector { preconditionFailure("a rule without choices") }
    public func hear(_ announcement: EncodedVector, of other: Int, at node: NodeRound) {}

    /// A pass over the vectors that are added up.
    public func combiningWork(terms: Int) -> ComputeWork {
        .vector(elements: state.parameterCount * terms)
    }

}

/// With which weights a node takes in what it hears.
public enum PeerWeighing: Sendable {
    /// With the schedule's.
    case asScheduled
    /// All alike, with a sum of 1, whoever is missing.
    case evenly
    /// As the rule says, which tells the record (``NodeRound/note(weight:ofSender:)``).
    case byRule
}

/// Who tells whom what it has chosen.
public struct PeerAnnouncements: Sendable {
    /// In ascending order.
    public let speakers: [Int]
    /// Those who hear all speakers, in ascending order; speakers may be among them.
    public let listeners: [Int]

    public init(speakers: [Int], listeners: [Int]) { (self.speakers, self.listeners) = (speakers, listeners) }
}

/// A node in a round, as its rule sees it.
///
/// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
public final class NodeRound: @unchecked Sendable {
    let run: TrainingRun
    public let rank: Int
    /// Its model `[P]`, which is evaluated.
    public let model: ParameterVector
    /// What it sends, where that is no coding's; a rule may put another vector in its place.
    public var outgoing: ParameterVector
    /// What the node trains on.
    public let objective: NodeObjective
    /// `[P]` of arbitrary contents, from adapting to combining.
    public private(set) lazy var scratch = ParameterVector(count: model.count)
    /// What else it keeps, by the names that were declared.
    private let vectors: [String: ParameterVector]
    /// Counts from 0.
    public internal(set) var round = 0
    /// η of all steps of the round.
    public internal(set) var rate: Float = 0
    public private(set) lazy var optimizer = state.optimizer(run.configuration.optimizer, ofRank: rank)
    /// What the node is to send, where the strategy has a coding.
    public var encoded: EncodedVector?

    // MARK: What was heard

    /// The vectors of those whom the node has heard and its own, by ascending nodes, and their weights. The weights of those
    /// who are missing are the node's own, unless all are weighed evenly.
    public internal(set) var heard: [ParameterVector] = []
    public internal(set) var weights: [Float] = []
    /// Who they are.
    public internal(set) var senders: [Int] = []
    /// The same of encoded vectors.
    public internal(set) var heardEncoded: [EncodedVector] = []
    /// The node's place among them.
    public internal(set) var ownPlace = 0
    /// What a combination says of whom it took in, until it is over: then the record is told, in the order of time.
    var listened: [(peer: Int, weight: Double)] = []
    /// What the node has sent to all, as it was then.
    public var sent: ParameterVector { heard[ownPlace] }

    private let state: NamedState
    private let stepsPerRound: Int
    private var batches: NodeBatches
    /// The node's own training samples.
    public let shard: [Int32]
    /// How the node sees its samples.
    private var view: SampleView? { objective.view }
    private let losses: LossLog
    /// Which node it is, counted from 0.
    private let node: Int

    /// - Parameters:
    ///   - state: with a model of each worker.
    ///   - outgoingCount: numbers of what the node sends; nil where it sends its model, or makes what it sends anew.
    init(
        _ run: TrainingRun, rank: Int, _ state: NamedState, outgoingCount: Int? = nil, _ objective: NodeObjective,
        batch: Int?, stepsPerRound: Int
    ) {
        self.run = run
        self.rank = rank
        self.state = state
        node = rank - run.firstNode
        shard = objective.shard
        model = state.vector(StateDeclaration.parametersName, ofRank: rank)
        outgoing = outgoingCount.map { ParameterVector(count: $0) } ?? model
        vectors = state.declarations.reduce(into: [:]) { vectors, declaration in
            guard declaration.holder == .eachWorker else { return }
            vectors[declaration.name] = state.vector(declaration.name, ofRank: rank)
        }
        batches = NodeBatches(objective.shard, batch: batch)
        self.objective = objective
        self.stepsPerRound = stepsPerRound
        losses = run.losses(of: rank, steps: stepsPerRound)
    }

    /// A vector that the strategy has declared for each worker.
    public subscript(name: String) -> ParameterVector {
        guard let vector = vectors[name] else { preconditionFailure("no vector '\(name)' of each worker was declared") }
        return vector
    }

    private var steps: Range<Int> { round * stepsPerRound..<(round + 1) * stepsPerRound }

    /// The node's steps of the round, which have two sizes at most where all but an epoch's last batch are full.
    public var work: ComputeWork {
        var work = ComputeWork.none
        for step in steps {
            let count = batches.count(ofStep: step)
            if count == batches.batch {
                work.fullSteps += 1
                work.samplesPerStep = count
            } else {
                work.shortSteps += 1
                work.samplesPerShortStep = count
            }
        }
        return work.updating(by: run.configuration.optimizer, parameters: model.count)
    }

    private func indices(ofStep step: Int) -> ArraySlice<Int32> {
        batches.indices(ofStep: step) { [run, node] order, epoch in
            // Ranks of clients begin with 1, and so do the streams here: one node's data and one client's are met alike.
            var stream = run.seeds.stream(.localShuffle, node + 1, epoch)
            if run.shuffles { stream.shuffle(&order) }
        }
    }

    /// H steps of an optimizer on the node's own samples, in place.
    ///
    /// - Parameter own: nil for the node's, whose state goes on from round to round.
    public func trainLocally(_ parameters: ParameterVector, by own: Optimizer? = nil) {
        let optimizer = own ?? optimizer
        for step in steps {
            let batch = indices(ofStep: step)
            let loss = run.step(parameters, on: batch, dividedBy: batch.count, by: optimizer, rate: rate, seenAs: view)
            losses.append(sum: loss, samples: batch.count)
        }
    }

    /// The same steps of another model beside the node's own: its losses are no part of the record.
    ///
    /// - Parameter optimizer: with the state of that model.
    public func trainBeside(_ parameters: ParameterVector, by optimizer: Optimizer) {
        for step in steps {
            let batch = indices(ofStep: step)
            _ = run.step(parameters, on: batch, dividedBy: batch.count, by: optimizer, rate: rate, seenAs: view)
        }
    }

    /// H steps of the optimizer along ∇F_i(v) + λ (v - x), in place.
    ///
    /// - Parameters:
    ///   - parameters: v `[P]`
    ///   - anchor: x `[P]`
    public func trainLocally(_ parameters: ParameterVector, pulledTo anchor: ParameterVector, by lambda: Float) {
        withScratch { gradient in
            for step in steps {
                let batch = indices(ofStep: step)
                let loss = run.lossAndGradient(
                    batch, dividedBy: batch.count, at: parameters, into: gradient, seenAs: view)
                gradient.add(parameters, minus: anchor, scaledBy: lambda)
                optimizer.step(parameters, gradient, rate: rate)
                losses.append(sum: loss, samples: batch.count)
            }
        }
    }

    /// H steps of two models that learn from the labels and from each other, on the same batches: each of its own optimizer along
    /// the gradient of (1 - α) cross-entropy + α KL(softmax of the other || softmax of its own). The losses of the first go into
    /// the record.
    ///
    /// - Parameters:
    ///   - parameters: `[P]`
    ///   - other: `[P]`
    ///   - otherOptimizer: with the state of the other model.
    ///   - share: α
    public func trainMutually(
        _ parameters: ParameterVector, with other: ParameterVector, by otherOptimizer: Optimizer, share: Float
    ) {
        let logits = batches.batch * run.classifier.classCount
        let (own, others) = (ParameterVector(count: logits), ParameterVector(count: logits))
        withScratch { gradient in
            for step in steps {
                let batch = indices(ofStep: step)
                run.outputs(of: parameters, on: batch, into: own, seenAs: view)
                run.outputs(of: other, on: batch, into: others, seenAs: view)
                let rows = Array(0..<Int32(batch.count))[...]
                func differentiate(_ model: ParameterVector, towards targets: ParameterVector) -> Double {
                    run.lossAndGradient(
                        batch, towards: targets, rows: rows, by: .kullbackLeibler, share: share, dividedBy: batch.count,
                        at: model, into: gradient, seenAs: view)
                }
                let loss = differentiate(parameters, towards: others)
                optimizer.step(parameters, gradient, rate: rate)
                _ = differentiate(other, towards: own)
                otherOptimizer.step(other, gradient, rate: rate)
                losses.append(sum: loss, samples: batch.count)
            }
        }
    }

    /// Plain steps that draw a model to logits on samples as they are, without looking at their labels: one pass in batches.
    ///
    /// - Parameters:
    ///   - samples: indices into the training set, in the order of steps.
    ///   - rows: which row of the logits `[rows, classes]` belongs to each sample.
    public func distil(
        _ parameters: ParameterVector, on samples: [Int32], towards targets: ParameterVector, rows: [Int32],
        by loss: DistillationLoss, batch: Int
    ) {
        withScratch { gradient in
            for start in stride(from: 0, to: samples.count, by: batch) {
                let part = start..<min(start + batch, samples.count)
                _ = run.lossAndGradient(
                    samples[part], towards: targets, rows: rows[part], by: loss, dividedBy: part.count,
                    at: parameters, into: gradient)
                parameters.add(gradient, scaledBy: -rate)
            }
        }
    }

    /// The logits of a model on samples as they are: forward passes only.
    ///
    /// - Parameter result: `[samples, classes]`, or longer.
    public func outputs(of parameters: ParameterVector, on samples: [Int32], into result: ParameterVector) {
        run.outputs(of: parameters, on: samples[...], into: result)
    }

    /// The mean loss of a model on samples as the node sees them: forward passes only, for which the rule has to say what they
    /// cost.
    ///
    /// - Parameter samples: indices into the training set, one at least; nil for all that the node trains on.
    public func loss(of parameters: ParameterVector, on samples: [Int32]? = nil) -> Double {
        let samples = samples ?? objective.shard
        return run.lossAndCorrect(of: parameters, on: samples[...], seenAs: view).loss / Double(samples.count)
    }

    /// ∇F_i of one batch of the node's own samples: the gradient of their mean loss at `parameters`.
    public func differentiate(at parameters: ParameterVector, into gradient: ParameterVector) {
        for step in steps {
            let batch = indices(ofStep: step)
            let loss = run.lossAndGradient(batch, dividedBy: batch.count, at: parameters, into: gradient, seenAs: view)
            losses.append(sum: loss, samples: batch.count)
        }
    }

    /// The sum of the losses of all of the node's own samples, with forward passes only, which the rule charges.
    public func loss(at parameters: ParameterVector) -> Double {
        run.lossAndCorrect(of: parameters, on: shard[...], seenAs: view).loss
    }

    /// The first of the models with the least loss on the node's own samples: where all are none any more, the first.
    public func best(of models: some Sequence<ParameterVector>) -> Int {
        var (best, least) = (0, Double.infinity)
        for (place, model) in models.enumerated() {
            let loss = model.isFinite ? loss(at: model) : .nan
            if loss < least { (best, least) = (place, loss) }
        }
        run.noteModelChoice(rank, best)
        return best
    }

    /// The same of models that lie one behind the other in a vector.
    func best(ofJoined vector: ParameterVector, models: Int) -> Int {
        let candidate = run.vectors.take()
        defer { run.vectors.giveBack(candidate) }
        return best(
            of: (0..<models).lazy.map { [model] place in
                candidate.becomeSum(of: [vector], times: [1], from: place * model.count)
                return candidate
            })
    }

    /// Tells the record with which weight the node has taken in what it heard from another.
    public func note(weight: Double, ofSender sender: Int) { listened.append((sender, weight)) }

    /// A vector `[P]` of arbitrary contents for a while.
    public func withScratch(_ body: (ParameterVector) -> Void) {
        let vector = run.vectors.take()
        defer { run.vectors.giveBack(vector) }
        body(vector)
    }

    /// target ← Σ_j W_ij x_j over what was heard.
    ///
    /// - Parameter offset: where in what was heard the numbers begin.
    public func average(into target: ParameterVector, from offset: Int = 0) {
        target.becomeSum(of: heard, times: weights, from: offset)
    }

    /// W_ij ← (W_ij + I_ij) / 2
    public func weighHalf() {
        for place in weights.indices { weights[place] /= 2 }
        weights[ownPlace] += 0.5
    }
}
