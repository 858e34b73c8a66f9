import Cluster
import Foundation
import Kernel
import Synchronization
import Testing

@testable import Fabrics

/// Computations that are deferred, and made ahead of who looks at them.
@Suite(.timeLimit(.minutes(60))) struct LookaheadTests {
    /// How many bodies have begun, how many results exist that nobody has let go of, and the most at once.
    private final class Census: Sendable {
        let begun = Atomic(0)
        let alive = Atomic(0)
        let most = Atomic(0)

        func body(_ number: Int) -> @Sendable () -> ParameterVector {
            { [self] in
                begun.add(1, ordering: .sequentiallyConsistent)
                let now = alive.add(1, ordering: .sequentiallyConsistent).newValue
                _ = most.max(now, ordering: .sequentiallyConsistent)
                // A number that depends on the order of additions, so that its bits tell how it was made.
                return ParameterVector([(0..<100).reduce(Float(number)) { $0 + 1 / Float($1 + 3) }])
            }
        }

        func letGo() { alive.subtract(1, ordering: .sequentiallyConsistent) }
    }

    /// A server that looks at the updates of many clients, one after the other.
    private func run(clients: Int, threads: Int, looks: Bool, _ census: Census) throws -> [UInt32] {
        let sums = Notes<[UInt32]>()
        try FabricsTests.run(simulated(clients + 1, threads: threads)) { rank in
            if rank.index > 0 {
                let update = try await rank.compute(.none, count: 1, deferring: census.body(rank.index))
                return try await rank.send(Message(update, purpose: .modelUp, direction: .uplink), to: 0)
            }
            var values: [UInt32] = []
            while let (message, _) = try await rank.receive(from: .any) {
                guard looks else { continue }
                values.append(message.vector[0].bitPattern)
                census.letGo()
            }
            sums[0] = values
        }
        return sums[0] ?? []
    }

    @Test func bitsDoNotDependOnTheNumberOfHostThreads() throws {
        let alone = try run(clients: 200, threads: 1, looks: true, Census())
        #expect(alone.count == 200)
        for threads in [2, 3, 8] {
            #expect(try run(clients: 200, threads: threads, looks: true, Census()) == alone, "\(threads) threads")
        }
    }

    @Test(arguments: [1, 2, 4]) func noMoreResultsExistThanThereArePlaces(threads: Int) throws {
        let census = Census()
        _ = try run(clients: 500, threads: threads, looks: true, census)
        #expect(census.begun.load(ordering: .sequentiallyConsistent) == 500)
        // One more result exists than is computed ahead: the one that is being looked at.
        let most = census.most.load(ordering: .sequentiallyConsistent)
        #expect(most <= Lookahead.places(threads: threads) + 1, "\(most) results at once")
    }

    @Test(arguments: [1, 4]) func whatNobodyLooksAtIsNeverComputed(threads: Int) throws {
        let census = Census()
        _ = try run(clients: 50, threads: threads, looks: false, census)
        #expect(census.begun.load(ordering: .sequentiallyConsistent) == 0)
    }

    /// The first body waits until the second has begun: it would for ever, were that not begun on another thread while the
    /// server looks at the first.
    @Test func aServerThatLooksAtOneUpdateAtATimeUsesTheOtherThreads() throws {
        let hasBegun = DispatchSemaphore(value: 0)
        let values = Notes<[Float]>()
        try FabricsTests.run(simulated(3, threads: 2)) { rank in
            if rank.index > 0 {
                let first = rank.index == 1
                let update = try await rank.compute(
                    .none, count: 1,
                    deferring: {
                        if first { hasBegun.wait() } else { hasBegun.signal() }
                        return ParameterVector([first ? 1 : 2])
                    })
                return try await rank.send(Message(update, purpose: .modelUp), to: 0)
            }
            let messages = [try await rank.receive(from: 1), try await rank.receive(from: 2)]
            values[0] = messages.map { $0?.vector[0] ?? 0 }
        }
        #expect(values[0] == [1, 2])
    }

    /// A model travels to thousands without being copied: all read the memory that the server reads.
    @Test func aModelThatIsSentToManyIsNotCopied() throws {
        let places = Notes<UInt>()
        let model = ParameterVector(count: 10)
        let own = UInt(bitPattern: model.numbers)
        try FabricsTests.run(simulated(1001, threads: 1)) { rank in
            if rank.index == 0 {
                for client in 1..<rank.count { try rank.post(Message(model, purpose: .modelDown), to: client) }
            } else {
                places[rank.index] = try await rank.receive(from: 0).map { UInt(bitPattern: $0.vector.numbers) }
            }
        }
        #expect(places.byRank == Array(repeating: own, count: 1000))
        // Nobody holds a message any more, so it stays where it is when it is changed.
        model[0] = 1
        #expect(UInt(bitPattern: model.numbers) == own)
    }
}
