import Cluster
import Kernel
import Synchronization
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct ScaleTests {
    @Test func thousandRanksAllReduceSeveralTimes() throws {
        for (algorithm, times) in [
            (AllReduceAlgorithm.recursiveDoubling, 5), (.tree, 5), (.parameterServer, 5), (.rabenseifner, 3),
        ] {
            let right = Atomic(0)
            let report = try run(simulated(1000, algorithm)) { rank in
                let vector = ParameterVector([Float(rank.index)])
                for _ in 0..<times { try await rank.allReduce(vector, .mean, purpose: .gradient) }
                // 0.001 is not a float, so that each of the roundings may be half a unit in the last place off.
                if abs(vector[0] - 499.5) < 1e-3 { right.add(1, ordering: .relaxed) }
            }
            #expect(right.load(ordering: .relaxed) == 1000, "\(algorithm)")
            let play = AbstractPlay(algorithm.messages(ranks: 1000), ranks: 1000, elements: 1)
            #expect(report.ledger.totalMessages == times * play.messages, "\(algorithm)")
        }
    }

    @Test func hundredsOfRanksAllReduceAroundARing() throws {
        let report = try run(simulated(300)) { rank in
            try await rank.allReduce(ParameterVector(count: 300), .sum, purpose: .gradient)
        }
        // 598 steps of 100 ns overhead, 1000 ns latency and 20 bytes at one a nanosecond.
        #expect(abs(report.seconds - 598 * 1120e-9) < 1e-12)
        #expect(report.ledger.totalMessages == 300 * 598)
    }

    @Test func tenThousandRanksWaitForAServerThatCallsAFew() throws {
        let called = Atomic(0)
        let idle = Atomic(0)
        try run(simulated(10_001)) { rank in
            if rank.index == 0 {
                for client in stride(from: 1, through: 10_000, by: 100) {
                    try await rank.send(
                        Message(ParameterVector([1]), purpose: .modelDown, direction: .downlink), to: client)
                }
            } else if try await rank.receive(from: 0) != nil {
                called.add(1, ordering: .relaxed)
            } else {
                idle.add(1, ordering: .relaxed)
            }
        }
        #expect(called.load(ordering: .relaxed) == 100)
        #expect(idle.load(ordering: .relaxed) == 9900)
    }
}
