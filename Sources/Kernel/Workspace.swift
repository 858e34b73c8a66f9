import Locking

/// What one thread needs to work on the samples of an ``Objective``: a ``Batch`` to gather them into, and what a subclass adds.
/// Nothing of it outlives a call, so a workspace belongs to a host thread, not to a rank.
///
/// `@unchecked Sendable`: ``WorkspacePool`` hands a workspace to one thread at a time.
open class Workspace: @unchecked Sendable {
    /// The samples to work on.
    public let batch: Batch

    /// - Parameter batch: large enough for the most samples of a call.
    public init(_ batch: Batch) { self.batch = batch }

    var capacity: Int { batch.capacity }
}

/// What one thread needs to run a ``Network``: the activations `[B, output]` of every layer, two buffers for the
/// gradients between layers, and scratch.
///
/// `@unchecked Sendable`: as its superclass.
final class NetworkWorkspace: Workspace, @unchecked Sendable {
    /// The output of each layer; one that works in place has the buffer of the layer before it.
    let activations: [UnsafeMutablePointer<Float>]
    let saved: [UnsafeMutablePointer<Int32>]
    let gradients: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
    /// Gradients that go around the bodies of residuals, by how many other residuals each lies in.
    let gradientsAroundBodies: [UnsafeMutablePointer<Float>]
    let scratch: UnsafeMutablePointer<Float>
    private var owned: [UnsafeMutableRawPointer] = []
    /// Bytes of all buffers, the batch's included.
    let allocatedBytes: Int

    init(for network: Network, capacity: Int) {
        var owned: [UnsafeMutableRawPointer] = []
        let (features, targets) = (network.input.count, network.targetCount)
        var allocated = Batch.bytes(capacity: capacity, featureCount: features, targetCount: targets)
        func allocate<Element: BitwiseCopyable>(_ count: Int, of zero: Element) -> UnsafeMutablePointer<Element> {
            let bytes = max(count, 1) * MemoryLayout<Element>.stride
            let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            owned.append(memory)
            allocated += count * MemoryLayout<Element>.stride
            return memory.initializeMemory(as: Element.self, repeating: zero, count: max(count, 1))
        }
        var activations: [UnsafeMutablePointer<Float>] = []
        for stage in network.stages {
            if stage.isInPlace, let last = activations.last {
                activations.append(last)
            } else {
                activations.append(allocate(capacity * stage.layer.output.count, of: Float(0)))
            }
        }
        self.activations = activations
        saved = network.stages.map { allocate(capacity * $0.layer.savedCountPerSample, of: Int32(0)) }
        let widest = network.stages.map { max($0.layer.input.count, $0.layer.output.count) }.max() ?? 0
        gradients = (allocate(capacity * widest, of: Float(0)), allocate(capacity * widest, of: Float(0)))
        gradientsAroundBodies = network.widestResiduals.map { allocate(capacity * $0, of: Float(0)) }
        scratch = allocate(network.stages.map(\.layer.scratchCount).max() ?? 0, of: Float(0))
        self.owned = owned
        allocatedBytes = allocated
        super.init(Batch(capacity: capacity, featureCount: features, targetCount: targets))
    }

    deinit { for memory in owned { memory.deallocate() } }
}

/// Workspaces of one objective, lent to whoever computes: as many exist as were ever in use at once.
package final class WorkspacePool: Sendable {
    private let objective: any Objective
    private let free = Guarded<[Workspace]>([])

    package init(for objective: any Objective) { self.objective = objective }

    /// Calls `body` with a workspace for batches of up to `capacity` samples.
    package func withWorkspace<Result>(capacity: Int, _ body: (Workspace) throws -> Result) rethrows -> Result {
        let lent = free.withLock { free in
            // A workspace that is too small is dropped: all batches of a run have one size, except for a short last
            // one.
            while let candidate = free.popLast() {
                if candidate.capacity >= capacity { return Optional(candidate) }
            }
            return nil
        }
        let workspace = lent ?? objective.workspace(capacity: capacity)
        defer { free.withLock { $0.append(workspace) } }
        return try body(workspace)
    }
}
