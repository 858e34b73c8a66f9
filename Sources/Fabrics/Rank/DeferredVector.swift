public import Kernel
import Locking
import Synchronization

/// A vector that is computed when somebody looks at it, or a little ahead of that, once.
public final class DeferredVector: Sendable {
    private enum State {
        case pending(@Sendable () -> ParameterVector)
        case known(ParameterVector)
    }

    /// How many numbers it has; known before they are.
    public let count: Int
    private let state: Guarded<State>
    /// What may compute the vector ahead; nil where nothing does.
    private let lookahead: Lookahead?
    /// Whether somebody has looked, or does.
    let wasLookedAt: Atomic<Bool>
    /// Whether it takes one of the ``Lookahead``'s places; guarded by that.
    let isAhead = Atomic(false)

    /// A vector that is there already.
    init(_ vector: ParameterVector) {
        count = vector.count
        state = Guarded(.known(vector))
        lookahead = nil
        wasLookedAt = Atomic(true)
    }

    /// - Parameters:
    ///   - count: the numbers in the vector that `body` returns.
    ///   - lookahead: may compute it before somebody looks.
    init(count: Int, ahead lookahead: Lookahead? = nil, _ body: @escaping @Sendable () -> ParameterVector) {
        self.count = count
        self.lookahead = lookahead
        state = Guarded(.pending(body))
        wasLookedAt = Atomic(false)
        lookahead?.add(self)
    }

    deinit { lookahead?.freePlace(of: self) }

    /// The vector. A caller that asks for it while another thread computes it waits.
    public var value: ParameterVector {
        if !wasLookedAt.exchange(true, ordering: .acquiringAndReleasing) { lookahead?.look(at: self) }
        return compute()
    }

    @discardableResult
    func compute() -> ParameterVector {
        state.withLock { state in
            switch state {
            case .known(let vector): return vector
            case .pending(let body):
                let vector = Self.frozen(body)
                precondition(vector.count == count, "a vector of \(vector.count) numbers in place of \(count)")
                state = .known(vector)
                return vector
            }
        }
    }

    /// What a computation returns, as it is now: a vector that somebody else holds may be changed by them.
    static func frozen(_ body: () -> ParameterVector) -> ParameterVector {
        var vector = body()
        return isKnownUniquelyReferenced(&vector) ? vector : vector.snapshot()
    }
}
