import Kernel
import Locking

/// Parameter vectors to be used again: as many exist as were ever in use at once, not one a client.
final class VectorPool: Sendable {
    private let count: Int
    private let free = Guarded<[ParameterVector]>([])

    /// - Parameter count: numbers in each vector.
    init(count: Int) { self.count = count }

    /// A vector with arbitrary contents.
    func take() -> ParameterVector {
        free.withLock { $0.popLast() } ?? ParameterVector(count: count)
    }

    func giveBack(_ vector: ParameterVector) {
        free.withLock { $0.append(vector) }
    }
}
