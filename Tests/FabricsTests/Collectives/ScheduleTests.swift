import Cluster
import Testing

@testable import Fabrics

/// Message counts and bytes of every schedule against closed forms (Thakur, Rabenseifner and Gropp 2005).
@Suite struct ScheduleTests {
    static let named: [(name: String, algorithm: any CollectiveAlgorithm)] =
        AllReduceAlgorithm.allCases.map { ($0.rawValue, $0.messages) } + [
            ("broadcast", BinomialBroadcast()), ("gather", BinomialGather()), ("barrier", DisseminationBarrier()),
            ("broadcast from 1", RootedCollective(base: BinomialBroadcast(), root: 1)),
            ("gather to 1", RootedCollective(base: BinomialGather(), root: 1)),
        ]

    @Test func everySendMeetsOneReceiveAndNobodyGetsStuck() {
        for (name, algorithm) in Self.named {
            for ranks in (name.hasSuffix("1") ? 2 : 1)...64 {
                let play = AbstractPlay(algorithm, ranks: ranks, elements: 3 * ranks + 1)
                #expect(play.stuck.isEmpty, "\(name), \(ranks) ranks: stuck \(play.stuck)")
                #expect(play.leftOver == 0, "\(name), \(ranks) ranks")
            }
        }
    }

    @Test func oneRankSendsNothing() {
        for (name, algorithm) in Self.named where !name.hasSuffix("1") {
            #expect(AbstractPlay(algorithm, ranks: 1, elements: 8).messages == 0, "\(name)")
        }
    }

    @Test func ringAllReduceSendsTwoNMinusOneChunks() {
        for ranks in 1...64 {
            for elements in [0, 1, 64, 1000, 8 * ranks] {
                let play = AbstractPlay(RingAllReduce(), ranks: ranks, elements: elements)
                // Every chunk passes n-1 links twice, whatever its size.
                #expect(play.bytes == 2 * (ranks - 1) * elements * 4, "\(ranks) ranks, \(elements) elements")
                #expect(play.messagesSent.allSatisfy { $0 == 2 * (ranks - 1) }, "\(ranks) ranks")
                guard elements.isMultiple(of: ranks) else { continue }
                let share = 2 * (ranks - 1) * elements / ranks * 4
                #expect(play.bytesSent.allSatisfy { $0 == share }, "\(ranks) ranks, \(elements) elements")
            }
        }
    }

    @Test func recursiveDoublingSendsLogNVectorsARankAndTwoMoreForEachFoldedPair() {
        for ranks in 1...64 {
            let rounds = Int.bitWidth - 1 - ranks.leadingZeroBitCount
            let core = 1 << rounds
            let play = AbstractPlay(RecursiveDoublingAllReduce(), ranks: ranks, elements: 10)
            let messages = core * rounds + 2 * (ranks - core)
            #expect(play.messages == messages, "\(ranks) ranks")
            #expect(play.bytes == messages * 40, "\(ranks) ranks")
        }
    }

    @Test func treeAllReduceSendsTheVectorUpAndDownEveryEdge() {
        for ranks in 1...64 {
            let play = AbstractPlay(BinomialTreeAllReduce(), ranks: ranks, elements: 10)
            #expect(play.messages == 2 * (ranks - 1), "\(ranks) ranks")
            #expect(play.bytes == 2 * (ranks - 1) * 40, "\(ranks) ranks")
        }
    }

    @Test func parameterServerUsesUplinkOnceAndDownlinkOnceAWorker() {
        for ranks in 1...64 {
            let play = AbstractPlay(ParameterServerAllReduce(), ranks: ranks, elements: 10)
            #expect(play.bytes == 2 * (ranks - 1) * 40, "\(ranks) ranks")
            #expect(play.messagesByDirection[.uplink, default: 0] == ranks - 1, "\(ranks) ranks")
            #expect(play.messagesByDirection[.downlink, default: 0] == ranks - 1, "\(ranks) ranks")
            #expect(play.messagesByDirection[.peer] == nil, "\(ranks) ranks")
            #expect(play.messagesSent[0] == ranks - 1, "\(ranks) ranks")
        }
    }

    @Test func onlyTheParameterServerHasDirections() {
        for (name, algorithm) in Self.named where name != "parameter-server" {
            let play = AbstractPlay(algorithm, ranks: 12, elements: 24)
            #expect(Set(play.messagesByDirection.keys) == [.peer], "\(name)")
        }
    }

    @Test func broadcastSendsTheVectorToEveryRankButTheRoot() {
        for ranks in 1...64 {
            for root in [0, ranks / 2, ranks - 1] {
                let algorithm = RootedCollective(base: BinomialBroadcast(), root: root)
                let play = AbstractPlay(algorithm, ranks: ranks, elements: 10)
                #expect(play.messages == ranks - 1, "\(ranks) ranks, root \(root)")
                #expect(play.bytes == (ranks - 1) * 40, "\(ranks) ranks, root \(root)")
            }
        }
    }

    @Test func gatherSendsEveryVectorOnceForEveryEdgeOnItsWay() {
        for ranks in 1...64 {
            // A vector climbs one edge for every set bit of its rank.
            let hops = (0..<ranks).reduce(0) { $0 + $1.nonzeroBitCount }
            let play = AbstractPlay(BinomialGather(), ranks: ranks, elements: 10)
            #expect(play.messages == ranks - 1, "\(ranks) ranks")
            #expect(play.bytes == hops * 40, "\(ranks) ranks")
        }
    }

    @Test func barrierSendsCeilLogNEmptyMessagesARank() {
        for ranks in 1...64 {
            var rounds = 0
            while 1 << rounds < ranks { rounds += 1 }
            let play = AbstractPlay(DisseminationBarrier(), ranks: ranks, elements: 0)
            #expect(play.messagesSent.allSatisfy { $0 == rounds }, "\(ranks) ranks")
            #expect(play.bytes == 0, "\(ranks) ranks")
        }
    }
}
