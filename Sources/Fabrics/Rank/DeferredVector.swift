public import Kernel
import Locking

/// A vector that is computed when somebody looks at it, once.
public final class DeferredVector: Sendable {
    private enum State {
        case pending(@Sendable () -> ParameterVector)
        case known(ParameterVector)
    }

    public let count: Int
    private let state: Guarded<State>

    /// A vector that is there already.
    init(_ vector: ParameterVector) {
        count = vector.count
        state = Guarded(.known(vector))
    }

    /// - Parameter count: the numbers in the vector that `body` returns.
    init(count: Int, _ body: @escaping @Sendable () -> ParameterVector) {
        self.count = count
        state = Guarded(.pending(body))
    }

    /// Who looks while another thread computes it, waits.
    public var value: ParameterVector {
        state.withLock { state in
            switch state {
            case .known(let vector): return vector
            case .pending(let body):
                let vector = body()
                precondition(vector.count == count, "a vector of \(vector.count) numbers in place of \(count)")
                state = .known(vector)
                return vector
            }
        }
    }
}
