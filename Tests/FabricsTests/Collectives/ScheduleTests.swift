import Cluster
import Testing

@testable import Fabrics

/// Message counts and bytes of every schedule against closed forms (Thakur, Rabenseifner and Gropp 2005).
@Suite struct ScheduleTests {
    /// Every schedule, as a function of the number of ranks, with its name.
    static let named: [Named] = {
        var named = allReduceVariants.map { variant in Named(variant.rawValue) { variant.messages(ranks: $0) } }
        named.append(
            Named("hierarchical in unequal groups") { HierarchicalAllReduce(groups: unequalGroups(ranks: $0)) })
        let others: [(String, any CollectiveAlgorithm)] = [
            ("broadcast", BinomialBroadcast()), ("gather", BinomialGather()), ("reduce", BinomialReduce()),
            ("scatter", BinomialScatter()), ("barrier", DisseminationBarrier()),
            ("ring all-gather", RingAllGather()), ("recursive-doubling all-gather", RecursiveDoublingAllGather()),
            ("ring reduce-scatter", RingReduceScatter()),
            ("recursive-halving reduce-scatter", RecursiveHalvingReduceScatter()),
            ("all-to-all", PairwiseAllToAll()),
            ("broadcast from 1", RootedCollective(base: BinomialBroadcast(), root: 1)),
            ("gather to 1", RootedCollective(base: BinomialGather(), root: 1)),
            ("scatter from 1", BinomialScatter(root: 1)),
        ]
        return named + others.map { name, algorithm in Named(name) { _ in algorithm } }
    }()

    private static var all: [(String, @Sendable (_ ranks: Int) -> any CollectiveAlgorithm)] {
        named.map { ($0.name, $0.algorithm) }
    }

    struct Named: Sendable {
        let name: String
        let algorithm: @Sendable (_ ranks: Int) -> any CollectiveAlgorithm

        init(_ name: String, _ algorithm: @escaping @Sendable (_ ranks: Int) -> any CollectiveAlgorithm) {
            self.name = name
            self.algorithm = algorithm
        }
    }

    @Test func everySendMeetsOneReceiveAndNobodyGetsStuck() {
        for (name, algorithm) in Self.all {
            for ranks in (name.hasSuffix(" 1") ? 2 : 1)...64 {
                let play = AbstractPlay(algorithm(ranks), ranks: ranks, elements: 3 * ranks + 1)
                #expect(play.stuck.isEmpty, "\(name), \(ranks) ranks: stuck \(play.stuck)")
                #expect(play.leftOver == 0, "\(name), \(ranks) ranks")
            }
        }
    }

    @Test func algorithmsInRoundsSendAndReceiveOneMessageARankAndRound() {
        for (name, make) in Self.all {
            for ranks in 2...33 {
                let algorithm = make(ranks)
                guard let rounds = algorithm.rounds(of: ranks) else { continue }
                for round in 0..<rounds {
                    for rank in 0..<ranks {
                        let step = algorithm.step(round, rank: rank, of: ranks, elements: 5)
                        guard let send = step?.send, send.to != rank, send.direction == .peer else {
                            Issue.record("\(name), \(ranks) ranks: rank \(rank) sends nothing in round \(round)")
                            continue
                        }
                        let receiver = algorithm.step(round, rank: send.to, of: ranks, elements: 5)
                        #expect(receiver?.receiveFrom == rank, "\(name), \(ranks) ranks, round \(round)")
                    }
                }
                let end = algorithm.step(rounds, rank: 0, of: ranks, elements: 5)
                #expect(end == nil, "\(name), \(ranks) ranks")
            }
        }
    }

    @Test func oneRankSendsNothing() {
        for (name, algorithm) in Self.all where !name.hasSuffix(" 1") {
            #expect(AbstractPlay(algorithm(1), ranks: 1, elements: 8).messages == 0, "\(name)")
        }
    }

    @Test func messagesAreCountedInAdvance() {
        for algorithm in allReduceVariants {
            for ranks in 1...64 {
                let messages = AbstractPlay(algorithm.messages(ranks: ranks), ranks: ranks, elements: 9).messages
                let expected = algorithm.messageCount(ranks: ranks)
                if case .grouped = algorithm {
                    #expect(messages <= expected, "\(algorithm.rawValue), \(ranks) ranks")
                } else {
                    #expect(messages == expected, "\(algorithm.rawValue), \(ranks) ranks")
                }
            }
        }
    }

    /// Each halves and doubles: of n = 2^k every rank sends (n-1)/n of the vector twice, in 2 k messages.
    @Test func rabenseifnerSendsTwiceNMinusOneNthsARankAndAWholeVectorForEachFold() {
        for ranks in 1...64 {
            let rounds = Int.bitWidth - 1 - ranks.leadingZeroBitCount
            let (core, elements) = (1 << rounds, 3 << rounds)
            let play = AbstractPlay(RabenseifnerAllReduce(), ranks: ranks, elements: elements)
            let folds = 2 * (ranks - core)
            #expect(play.messages == 2 * core * rounds + folds, "\(ranks) ranks")
            #expect(play.bytes == 2 * (core - 1) * elements * 4 + folds * elements * 4, "\(ranks) ranks")
        }
    }

    @Test func recursiveDoublingExchangesAtDistances124() {
        for rounds in 1...6 {
            for rank in 0..<1 << rounds {
                for round in 0..<rounds {
                    let step = RecursiveDoublingAllReduce().step(round, rank: rank, of: 1 << rounds, elements: 1)
                    #expect(step?.send?.to == rank ^ (1 << round), "2^\(rounds) ranks, round \(round)")
                }
            }
        }
    }

    @Test func rabenseifnersPartnersAreNearWhenMessagesAreLong() {
        for rounds in 1...6 {
            let ranks = 1 << rounds
            for rank in 0..<ranks {
                for round in 0..<2 * rounds {
                    let bit = min(round, 2 * rounds - 1 - round)
                    let step = RabenseifnerAllReduce().step(round, rank: rank, of: ranks, elements: ranks)
                    #expect(step?.receiveFrom == rank ^ (1 << bit), "\(ranks) ranks, round \(round)")
                    #expect(step?.send?.bytes == 4 * ranks >> (bit + 1), "\(ranks) ranks, round \(round)")
                }
            }
        }
    }

    /// So that no link between two is used one way only.
    @Test func ofPowersOfTwoAllToAllExchangesInPairs() {
        for ranks in [2, 4, 8, 16, 32, 64] {
            for rank in 0..<ranks {
                for round in 0..<ranks - 1 {
                    let step = PairwiseAllToAll().step(round, rank: rank, of: ranks, elements: 1)
                    #expect(step?.send?.to == step?.receiveFrom, "\(ranks) ranks, round \(round)")
                }
            }
        }
    }

    @Test func doubleTreeSendsEverySegmentOfItsHalfUpAndDownEveryEdge() {
        for ranks in 1...64 {
            for (elements, segments) in [(0, 1), (1, 1), (32_768, 1), (32_769, 2), (100_000, 4)] {
                let play = AbstractPlay(DoubleTreeAllReduce(), ranks: ranks, elements: elements)
                #expect(play.messages == 4 * (ranks - 1) * segments, "\(ranks) ranks, \(elements)")
                #expect(play.bytes == 2 * (ranks - 1) * elements * 4, "\(ranks) ranks, \(elements)")
            }
        }
    }

    /// Inner in one tree and leaf in the other: two children at most, and so twice the vector out of every port.
    @Test func ofTwoTreesNoRankSendsMoreThanTwiceTheVector() {
        for ranks in 2...64 {
            let play = AbstractPlay(DoubleTreeAllReduce(), ranks: ranks, elements: 1000)
            #expect(play.bytesSent.allSatisfy { $0 <= 2 * 4000 }, "\(ranks) ranks: \(play.bytesSent.max() ?? 0)")
        }
    }

    @Test func hierarchicalSendsTheVectorUpAndDownInGroupsAndOnceAGroupBetween() {
        for ranks in 1...64 {
            for size in [1, 2, 3, 4, 8, 100] {
                let leaders = (ranks + size - 1) / size
                let elements = 1 << ceilLog2(leaders)
                let between = AbstractPlay(RabenseifnerAllReduce(), ranks: leaders, elements: elements)
                let algorithm = AllReduceAlgorithm.grouped(size: size).messages(ranks: ranks)
                let play = AbstractPlay(algorithm, ranks: ranks, elements: elements)
                #expect(play.messages == 2 * (ranks - leaders) + between.messages, "\(ranks) in \(size)s")
                #expect(play.bytes == 2 * (ranks - leaders) * elements * 4 + between.bytes, "\(ranks) in \(size)s")
            }
        }
    }

    @Test func manyServersGetTheirPartFromEveryoneAndSendItsSumToEveryone() {
        for ranks in 1...64 {
            for count in [1, 2, 3, 5, 100] {
                let servers = min(count, ranks)
                let play = AbstractPlay(ParameterServerAllReduce(shards: count), ranks: ranks, elements: 12)
                #expect(play.messages == 2 * servers * (ranks - 1), "\(ranks) ranks, \(count) servers")
                // Every part, whatever its size, goes to its server from n-1 ranks, and back.
                #expect(play.bytes == 2 * (ranks - 1) * 12 * 4, "\(ranks) ranks, \(count) servers")
                #expect(play.messagesByDirection[.uplink, default: 0] == servers * (ranks - 1), "\(ranks), \(count)")
                #expect(play.messagesByDirection[.peer] == nil, "\(ranks) ranks, \(count) servers")
            }
        }
    }

    @Test func ringsOfReduceScatterAndAllGatherAndPairsOfAllToAllSendNMinusOneMessagesARank() {
        for ranks in 1...64 {
            let all = [
                (RingReduceScatter() as any CollectiveAlgorithm, 10 * 4), (RingAllGather(), 10 * ranks * 4),
                (PairwiseAllToAll(), 10 * 4),
            ]
            for (algorithm, bytes) in all {
                let play = AbstractPlay(algorithm, ranks: ranks, elements: 10 * ranks)
                #expect(play.messagesSent.allSatisfy { $0 == ranks - 1 }, "\(algorithm), \(ranks) ranks")
                #expect(play.bytesSent.allSatisfy { $0 == (ranks - 1) * bytes }, "\(algorithm), \(ranks) ranks")
            }
        }
    }

    @Test func recursiveReduceScatterAndAllGatherSendLogNMessagesARankAndTwoMoreForEachFoldedPair() {
        for ranks in 1...64 {
            let rounds = Int.bitWidth - 1 - ranks.leadingZeroBitCount
            let core = 1 << rounds
            let folded = ranks - core
            let messages = core * rounds + 2 * folded
            let scattered = AbstractPlay(RecursiveHalvingReduceScatter(), ranks: ranks, elements: 10 * ranks)
            let gathered = AbstractPlay(RecursiveDoublingAllGather(), ranks: ranks, elements: 10)
            #expect(scattered.messages == messages && gathered.messages == messages, "\(ranks) ranks")
            guard folded == 0 else { continue }
            // (n-1)/n of n parts of 10 numbers, each rank.
            #expect(scattered.bytesSent.allSatisfy { $0 == (ranks - 1) * 40 }, "\(ranks) ranks")
            #expect(gathered.bytesSent.allSatisfy { $0 == (ranks - 1) * 40 }, "\(ranks) ranks")
        }
    }

    @Test func scatterSendsEveryPartOnceForEveryEdgeOnItsWay() {
        for ranks in 1...64 {
            for root in [0, ranks / 2, ranks - 1] {
                let hops = (0..<ranks).reduce(0) { $0 + $1.nonzeroBitCount }
                let play = AbstractPlay(BinomialScatter(root: root), ranks: ranks, elements: 10 * ranks)
                #expect(play.messages == ranks - 1, "\(ranks) ranks")
                #expect(play.bytes == hops * 40, "\(ranks) ranks")
            }
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
        for (name, algorithm) in Self.all where !name.hasPrefix("parameter-server") {
            let play = AbstractPlay(algorithm(12), ranks: 12, elements: 24)
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
