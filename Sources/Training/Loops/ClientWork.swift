public import Datasets
public import Kernel
public import Randomness

/// A client's part of a round.
public struct ClientWork: Sendable {
    let run: TrainingRun
    /// The client's rank.
    public let rank: Int
    /// How often the client was in a round before.
    public let round: Int
    /// The client's samples.
    public let shard: [Int32]
    /// How the client sees samples; nil for as they are.
    public let view: SampleView?
    /// E: passes over the client's samples.
    public let localEpochs: Int
    /// B, samples of a local step.
    public let batch: Int
    /// η of all steps of the round.
    public let rate: Float
    /// Random numbers of this client in this round.
    public let stream: RandomStream
    let losses: LossLog

    /// The batches of E epochs, each of which is in a random order of its own.
    public var batches: LocalBatches {
        LocalBatches(order: shard, epochs: localEpochs, batch: batch, stream: run.shuffles ? stream : nil)
    }

    /// A model that begins as the server's and is trained by the client.
    ///
    /// - Parameter needsGradient: whether steps correct their gradient, so that it has to exist.
    public func localModel(from start: ParameterVector, needsGradient: Bool = false) -> LocalModel {
        LocalModel(self, from: start, needsGradient: needsGradient)
    }
}

/// Batches of consecutive samples, epoch by epoch; the last of an epoch may be short.
public struct LocalBatches: Sequence, IteratorProtocol {
    private var order: [Int32]
    private var epochs: Int
    private let batch: Int
    private var stream: RandomStream?
    private var position: Int

    /// - Parameter stream: draws every epoch's order; nil to keep the order.
    init(order: [Int32], epochs: Int, batch: Int, stream: RandomStream?) {
        self.order = order
        self.epochs = epochs
        self.batch = batch
        self.stream = stream
        position = order.count
    }

    /// The indices of the next step's samples; nil after the last epoch.
    public mutating func next() -> ArraySlice<Int32>? {
        if position >= order.count {
            guard epochs > 0, !order.isEmpty else { return nil }
            epochs -= 1
            position = 0
            stream?.shuffle(&order)
        }
        defer { position += batch }
        return order[position..<Swift.min(position + batch, order.count)]
    }
}

/// A client's model while the client trains it. The optimizer starts anew each round, whatever it is: a client of McMahan et al.
/// keeps nothing between rounds, and may not be in another one.
public final class LocalModel {
    /// `[P]`; of arbitrary contents before the first step.
    public let parameters: ParameterVector
    private let client: ClientWork
    private let start: ParameterVector
    private let optimizer: Optimizer
    /// Where gradients are computed, `[P]`; nil where steps go straight into the parameters.
    private let gradient: ParameterVector?
    private var hasStarted = false

    init(_ client: ClientWork, from start: ParameterVector, needsGradient: Bool) {
        self.client = client
        self.start = start
        parameters = client.run.vectors.take()
        optimizer = Optimizer(client.run.configuration.optimizer, parameterCount: start.count)
        gradient = optimizer.isPlain && !needsGradient ? nil : client.run.vectors.take()
    }

    /// One step of the optimizer on the samples.
    ///
    /// - Parameter correct: changes the gradient `[P]` of the mean loss before the step; only where the model was made with
    ///   a gradient.
    public func step(_ batch: ArraySlice<Int32>, correct: ((_ gradient: ParameterVector) -> Void)? = nil) {
        let loss: Double
        if let gradient {
            if !hasStarted { parameters.copy(from: start) }
            loss = client.run.lossAndGradient(
                batch, dividedBy: batch.count, at: parameters, into: gradient, seenAs: client.view)
            correct?(gradient)
            optimizer.step(parameters, gradient, rate: client.rate)
        } else {
            precondition(correct == nil, "a step without a gradient to correct")
            // The first step takes the model over from the server's, which saves the copy.
            loss = client.run.descend(
                batch, dividedBy: batch.count, from: hasStarted ? parameters : start, rate: client.rate,
                into: parameters, seenAs: client.view)
        }
        hasStarted = true
        client.losses.append(sum: loss, samples: batch.count)
    }

    /// The model as the steps left it; to be called once, after the last of them.
    public func finished() -> ParameterVector {
        if let gradient { client.run.vectors.giveBack(gradient) }
        if !hasStarted { parameters.copy(from: start) }
        return parameters
    }
}
