import Kernel
import Locking

/// Parameter vectors that are used again: no more exist than were ever in use at once.
package final class VectorPool: Sendable {
    private let count: Int
    private let state = Guarded(State())

    private struct State {
        var free: [ParameterVector] = []
        /// Vectors that were taken and not given back.
        var missing = 0
    }

    /// - Parameter count: numbers in each vector.
    package init(count: Int) { self.count = count }

    /// A vector with arbitrary contents.
    package func take() -> ParameterVector {
        let vector = state.withLock { state in
            state.missing += 1
            return state.free.popLast()
        }
        return vector ?? ParameterVector(count: count)
    }

    /// Takes a vector back. Vectors that were not taken from this pool (they came from another process) are dropped.
    package func giveBack(_ vector: ParameterVector) {
        state.withLock { state in
            guard state.missing > 0 else { return }
            state.missing -= 1
            state.free.append(vector)
        }
    }
}
