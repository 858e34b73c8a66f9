public import Kernel

/// What a rank holds in its memory at once, in bytes.
///
/// The batch that is being trained on is the only part of the data that counts: a device reads data from its storage.
/// An operating system, a framework, and what an all-reduce has under way do not count either.
public struct MemoryNeed: Hashable, Codable, Sendable {
    /// Bytes of the model.
    public var parameters = 0
    /// Bytes of the gradient. Plain SGD has one, too: the engine here can do without it, but a device may not.
    public var gradient = 0
    /// Bytes of what is kept beside the parameters from step to step or from round to round, such as a velocity.
    public var optimizerState = 0
    /// Bytes of the activations, the gradients between layers, scratch, and the batch itself, for the largest batch.
    public var activations = 0
    /// Samples of the largest batch.
    public var batch = 0
    /// Bytes of the sum of what clients send, on a server; 0 on other ranks.
    public var sum = 0

    /// Bytes of all that is held at once.
    public var total: Int { parameters + gradient + optimizerState + activations + sum }

    /// The need of a rank that trains.
    ///
    /// - Parameters:
    ///   - batch: samples that it trains on at once, at most.
    ///   - keeping: vectors of the model's size that it keeps beside the parameters, such as a velocity.
    public static func training(_ network: any Objective, batch: Int, keeping: Int) -> MemoryNeed {
        let model = network.parameterCount * MemoryLayout<Float>.stride
        return MemoryNeed(
            parameters: model, gradient: model, optimizerState: keeping * model,
            activations: network.workspaceBytes(samples: batch), batch: batch)
    }

    /// The need of a server that adds up its clients' models.
    ///
    /// - Parameter keeping: vectors of the model's size that it keeps beside the parameters.
    public static func averaging(_ network: any Objective, keeping: Int = 0) -> MemoryNeed {
        let model = network.parameterCount * MemoryLayout<Float>.stride
        return MemoryNeed(parameters: model, optimizerState: keeping * model, sum: model)
    }
}

/// Ranks whose memory cannot hold what their part of a job takes.
public struct MemoryShortage: Hashable, Codable, Sendable {
    /// How many ranks lack memory.
    public let ranks: Int
    /// How many ranks there are to choose from.
    public let of: Int
    /// The first of the ranks that lack memory.
    public let rank: Int
    /// Bytes that the job may use of the memory of `rank`.
    public let memoryBytes: Int
    /// What `rank` would hold at once.
    public let need: MemoryNeed

    /// The shortage among these ranks; nil where all have enough.
    ///
    /// - Parameters:
    ///   - ranks: ascending.
    ///   - memory: bytes that the job may use on a rank; nil where its memory is not checked.
    ///   - need: what a rank would hold at once.
    package init?(among ranks: some Collection<Int>, memory: (Int) -> Int?, need: (Int) -> MemoryNeed) {
        var first: (rank: Int, memory: Int, need: MemoryNeed)?
        var count = 0
        for rank in ranks {
            guard let bytes = memory(rank) else { continue }
            let need = need(rank)
            guard need.total > bytes else { continue }
            count += 1
            if first == nil { first = (rank, bytes, need) }
        }
        guard let first else { return nil }
        self.init(ranks: count, of: ranks.count, rank: first.rank, memoryBytes: first.memory, need: first.need)
    }

    init(ranks: Int, of: Int, rank: Int, memoryBytes: Int, need: MemoryNeed) {
        self.ranks = ranks
        self.of = of
        self.rank = rank
        self.memoryBytes = memoryBytes
        self.need = need
    }
}

/// No client has the memory that training takes.
package struct MemoryError: Error, Sendable {
    package let shortage: MemoryShortage
}
