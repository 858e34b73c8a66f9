import Cluster
import Foundation
import Kernel
import Synchronization
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct ThreadFabricTests {
    @Test func moreThreadsThanTheLimitAreRefused() throws {
        #expect(throws: Never.self) { try ThreadFabric(ranks: maximumThreadRanks) }
        let error = #expect(throws: FabricError.self) { try ThreadFabric(ranks: maximumThreadRanks + 1) }
        #expect(error?.description.contains("257 ranks") == true)
        #expect(error?.description.contains("at most 256") == true)
    }

    @Test func everyRankHasAThreadOfItsOwn() throws {
        let met = Atomic(0)
        let here = (0..<4).map { _ in DispatchSemaphore(value: 0) }
        try run(ThreadFabric(ranks: 4)) { rank in
            // Blocks the thread until the next rank is here too.
            here[rank.index].signal()
            let other = here[(rank.index + 1) % 4]
            try await rank.compute(.step(samples: 1)) {
                if other.wait(timeout: .now() + longestWait) == .success { met.add(1, ordering: .relaxed) }
            }
        }
        #expect(met.load(ordering: .relaxed) == 4)
    }

    @Test func computingIsChargedAsMeasured() throws {
        let hasComputed = DispatchSemaphore(value: 0)
        let report = try run(ThreadFabric(ranks: 2)) { rank in
            let answer = try await rank.compute(.step(samples: 1)) {
                if rank.index == 0 {
                    hasComputed.wait()
                    Thread.sleep(forTimeInterval: 0.03)
                }
                return 42
            }
            #expect(answer == 42)
            if rank.index == 1 { hasComputed.signal() }
            try await rank.barrier()
        }
        #expect(report.accounts[0].computeSeconds >= 0.03)
        #expect(report.seconds >= 0.03)
        // Rank 1 waited for rank 0, which is neither computing nor communication.
        let busy = report.accounts[1].computeSeconds + report.accounts[1].communicationSeconds
        #expect(busy <= report.seconds - 0.03)
    }

    @Test func manyCollectivesOnMoreThreadsThanCoresKeepTheirNumbersApart() throws {
        let wrong = Atomic(0)
        try run(ThreadFabric(ranks: 16)) { rank in
            let vector = ParameterVector(count: 40)
            for round in 0..<60 {
                vector.fill(with: Float(rank.index + round))
                try await rank.allReduce(vector, .sum, purpose: .gradient)
                // 0 + 1 + ... + 15, and 16 times the round; exact in floats.
                if vector.values != Array(repeating: Float(120 + 16 * round), count: 40) {
                    wrong.add(1, ordering: .relaxed)
                }
                try await rank.broadcast(vector, from: round % 16, purpose: .model)
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }
}
