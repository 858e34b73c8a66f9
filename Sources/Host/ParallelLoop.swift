import Synchronization

/// A loop whose iterations run side by side.
package enum ParallelLoop {
    /// Calls `body` once for each of `0..<iterations`, on as many threads as there are cores to use, this one among them, and
    /// returns when all calls have. Where the system makes no more threads, fewer do the work.
    package static func run(
        _ iterations: Int, threads: Int = UsableCores.count, _ body: @escaping @Sendable (Int) -> Void
    ) {
        let loop = Loop(iterations, body)
        for index in 1..<max(1, min(threads, iterations)) {
            loop.enter()
            do {
                try HostThread.start(named: "loop \(index)") {
                    loop.work()
                    loop.leave()
                }
            } catch {
                loop.leave()
                break
            }
        }
        loop.work()
        loop.wait()
    }

    private final class Loop: Sendable {
        private let iterations: Int
        private let body: @Sendable (Int) -> Void
        private let next = Atomic(0)
        private let helpers = HelperCount()

        init(_ iterations: Int, _ body: @escaping @Sendable (Int) -> Void) {
            (self.iterations, self.body) = (iterations, body)
        }

        func work() {
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < iterations else { return }
                body(index)
            }
        }

        func enter() { helpers.enter() }
        func leave() { helpers.leave() }
        func wait() { helpers.wait() }
    }
}
