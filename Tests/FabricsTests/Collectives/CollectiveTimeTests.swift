import Cluster
import Kernel
import Testing

@testable import Fabrics

/// Time that emerges from messages against closed forms, on equal nodes that are otherwise idle.
///
/// T(S) = o + L + (S + framing) / b is Hockney's time of one message. The simulation rounds the time of a message's
/// bytes to a nanosecond, and overhead and latency here are whole ones: an error of half a nanosecond for every message
/// on the longest path. Half a nanosecond more is left to the sums of floating-point numbers.
@Suite(.timeLimit(.minutes(5))) struct CollectiveTimeTests {
    /// 3 Gbit/s, so that most messages do not take whole nanoseconds.
    static let link = Link(latencySeconds: 20e-6, bytesPerSecond: 375e6, overheadSeconds: 3e-6)
    static let sizes = [0, 1, 1000]

    private func port(_ bytes: Int) -> Double {
        Double(bytes + Message.framingBytes) / Self.link.uplinkBytesPerSecond
    }

    private func hockney(_ bytes: Int) -> Double {
        Self.link.overheadSeconds + Self.link.latencySeconds + port(bytes)
    }

    private func seconds(
        _ ranks: Int, _ algorithm: AllReduceAlgorithm = .ring, link: Link = link, elements: Int = 0,
        _ collective: @escaping @Sendable (any Rank, ParameterVector) async throws -> Void
    ) throws -> Double {
        try run(simulated(ranks, link: link, algorithm)) { rank in
            try await collective(rank, ParameterVector(count: elements))
        }.seconds
    }

    private func allReduceSeconds(
        _ ranks: Int, _ algorithm: AllReduceAlgorithm, link: Link = link, elements: Int
    ) throws -> Double {
        try seconds(ranks, algorithm, link: link, elements: elements) { rank, vector in
            try await rank.allReduce(vector, .sum, purpose: .gradient)
        }
    }

    private func expectClose(_ measured: Double, _ expected: Double, messages: Int, _ comment: String) {
        #expect(abs(measured - expected) <= 1e-9 * Double(messages), "\(comment): \(measured) for \(expected)")
    }

    @Test func ringTakesTwoNMinusOneMessagesOfOneNth() throws {
        for ranks in 2...64 {
            for size in Self.sizes {
                let steps = 2 * (ranks - 1)
                let expected = Double(steps) * hockney(size * 4)
                let measured = try allReduceSeconds(ranks, .ring, elements: size * ranks)
                expectClose(measured, expected, messages: steps, "\(ranks) ranks, chunks of \(size)")
            }
        }
    }

    @Test func recursiveDoublingOfPowersOfTwoTakesLogNMessages() throws {
        for rounds in 1...6 {
            for size in Self.sizes {
                let measured = try allReduceSeconds(1 << rounds, .recursiveDoubling, elements: size)
                expectClose(measured, Double(rounds) * hockney(size * 4), messages: rounds, "2^\(rounds), \(size)")
            }
        }
    }

    /// Where n = 2^k + f, the f pairs fold first and unfold last. A result needs the message that folds, one for each
    /// of the k bits in which two positions differ, and the one that unfolds; folded positions are those below f. Two
    /// folded positions that differ in all bits, q and 2^k - 1 - q, exist if f > 2^(k-1).
    @Test func recursiveDoublingOfOtherNumbersTakesOneOrTwoMore() throws {
        let distant = Link(latencySeconds: 1e-3, bytesPerSecond: 1e15)
        for ranks in 3...64 where ranks.nonzeroBitCount > 1 {
            let rounds = Int.bitWidth - 1 - ranks.leadingZeroBitCount
            let folded = ranks - 1 << rounds
            let hops = rounds + (2 * folded > 1 << rounds ? 2 : 1)
            // On a link where bytes cost nothing only the longest chain counts.
            let measured = try allReduceSeconds(ranks, .recursiveDoubling, link: distant, elements: 1)
            expectClose(measured, Double(hops) * 1e-3, messages: hops, "\(ranks) ranks")
            for size in Self.sizes {
                // Where they do, a message may find its port busy with one other.
                let measured = try allReduceSeconds(ranks, .recursiveDoubling, elements: size)
                let least = Double(hops) * hockney(size * 4)
                let most = Double(rounds + 2) * (hockney(size * 4) + port(size * 4))
                let rounding = 1e-9 * Double(hops)
                #expect(measured >= min(least, most) - rounding, "\(ranks) ranks, \(size)")
                #expect(measured <= most + rounding, "\(ranks) ranks, \(size)")
            }
        }
    }

    @Test func treeTakesTwoLogNMessages() throws {
        for ranks in 2...64 {
            for size in Self.sizes {
                let measured = try allReduceSeconds(ranks, .tree, elements: size)
                // The longest chain has an edge for every set bit of a rank; with a power of two the last rank has all.
                let hops = 2 * ((0..<ranks).map(\.nonzeroBitCount).max() ?? 0)
                let most = 2 * ceilLog2(ranks)
                let rounding = 1e-9 * Double(most)
                #expect(measured >= Double(hops) * hockney(size * 4) - rounding, "\(ranks) ranks, \(size)")
                #expect(measured <= Double(most) * hockney(size * 4) + rounding, "\(ranks) ranks, \(size)")
            }
        }
    }

    /// The server's port takes the n-1 vectors one after the other, and then sends the n-1 results one after the other:
    /// o + L + (n-1) p, and (n-1)(o + p) + L with p the time of a message in a port.
    @Test func parameterServerTakesAllMessagesThroughOnePort() throws {
        for ranks in 2...64 {
            for size in Self.sizes {
                let (workers, port) = (Double(ranks - 1), port(size * 4))
                let (overhead, latency) = (Self.link.overheadSeconds, Self.link.latencySeconds)
                let expected = overhead + latency + workers * port + workers * (overhead + port) + latency
                let measured = try allReduceSeconds(ranks, .parameterServer, elements: size)
                expectClose(measured, expected, messages: 2 * (ranks - 1), "\(ranks) ranks, \(size)")
            }
        }
    }

    @Test func broadcastOfPowersOfTwoTakesLogNMessages() throws {
        for rounds in 1...6 {
            for size in Self.sizes {
                let measured = try seconds(1 << rounds, elements: size) { rank, vector in
                    try await rank.broadcast(vector, from: rank.count - 1, purpose: .model)
                }
                expectClose(measured, Double(rounds) * hockney(size * 4), messages: rounds, "2^\(rounds), \(size)")
            }
        }
    }

    /// The messages on the longest chain carry 1, 2, 4 ... n/2 vectors.
    @Test func gatherOfPowersOfTwoTakesLogNMessagesOfDoublingLength() throws {
        for rounds in 1...6 {
            for size in Self.sizes {
                let expected = (0..<rounds).reduce(0.0) { $0 + hockney(size * 4 << $1) }
                let measured = try seconds(1 << rounds, elements: size) { rank, vector in
                    _ = try await rank.gather(vector, to: 1, purpose: .model)
                }
                expectClose(measured, expected, messages: rounds, "2^\(rounds), \(size)")
            }
        }
    }

    @Test func barrierTakesCeilLogNEmptyMessages() throws {
        for ranks in 1...64 {
            let rounds = ceilLog2(ranks)
            let measured = try seconds(ranks) { rank, _ in try await rank.barrier() }
            expectClose(measured, Double(rounds) * hockney(0), messages: rounds, "\(ranks) ranks")
        }
    }

    @Test func allReduceOfOneRankIsFree() throws {
        for algorithm in AllReduceAlgorithm.allCases {
            #expect(try allReduceSeconds(1, algorithm, elements: 100) == 0)
        }
    }
}
