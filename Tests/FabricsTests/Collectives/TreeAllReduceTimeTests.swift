import Cluster
import Testing

@testable import Fabrics

/// All-reduces in trees, groups and among several servers.
@Suite(.timeLimit(.minutes(5))) struct TreeAllReduceTimeTests {
    private func seconds(
        _ algorithm: AllReduceAlgorithm, _ ranks: Int, _ elements: Int, link: Link = ClosedForms.link
    ) throws -> Double {
        try ClosedForms.seconds(.allReduce(.sum), algorithm, ranks: ranks, elements: elements, link: link)
    }

    private func expectClose(_ measured: Double, _ expected: Double, messages: Int, _ comment: String) {
        #expect(abs(measured - expected) <= 1e-9 * Double(messages), "\(comment): \(measured) for \(expected)")
    }

    /// Both trees are ceil(log2 n) high, and what climbs descends again.
    @Test func doubleTreeTakesTwoLogNLatencies() throws {
        for ranks in ClosedForms.ranks {
            let hops = 2 * ceilLog2(ranks)
            let measured = try seconds(.doubleTree, ranks, 2, link: ClosedForms.distant)
            expectClose(measured, Double(hops) * 1e-3, messages: hops, "\(ranks) ranks")
        }
    }

    /// A message a level and direction at least; in each of 2 ceil(log2 n) + segments - 1 phases a port passes four
    /// messages each way at most.
    @Test func doubleTreeTakesAPhaseForEveryLevelAndSegment() throws {
        for ranks in ClosedForms.ranks {
            for (elements, segments) in [(2, 1), (2000, 1), (98_304, 3), (1_000_000, 31)] {
                let bytes = elements / 2 / segments * 4
                let (levels, port) = (2 * ceilLog2(ranks), ClosedForms.port(bytes + 4))
                let phase = ClosedForms.link.latencySeconds + 4 * ClosedForms.link.overheadSeconds + 8 * port
                let measured = try seconds(.doubleTree, ranks, elements)
                #expect(measured >= Double(levels) * ClosedForms.hockney(bytes) - 1e-7, "\(ranks), \(elements)")
                #expect(measured <= Double(levels + segments - 1) * phase, "\(ranks), \(elements)")
            }
        }
        // Two ranks, two halves, up and down.
        expectClose(try seconds(.doubleTree, 2, 2000), 2 * ClosedForms.hockney(4000), messages: 2, "2 ranks")
    }

    /// "Full bandwidth": 100 MB in little more than the 2 S / b that any all-reduce needs.
    @Test func doubleTreeUsesTheWholeBandwidthForLongVectors() throws {
        for ranks in [3, 8, 21, 64] {
            let measured = try seconds(.doubleTree, ranks, 25_000_000)
            let least = 2 * 100e6 / ClosedForms.link.uplinkBytesPerSecond
            #expect(measured < 1.25 * least, "\(ranks) ranks: \(measured / least)")
        }
    }

    /// log2(g) messages up a group's tree, Rabenseifner's 2 log2(n/g), and log2(g) down.
    @Test func hierarchicalOfPowersOfTwoTakesTreesInGroupsAndHalvingsBetweenThem() throws {
        for rounds in 1...6 {
            for inner in 0...rounds {
                let (ranks, outer) = (1 << rounds, rounds - inner)
                for elements in [ranks, 1000 * ranks, 25_000_000 / ranks * ranks] {
                    let expected =
                        2 * Double(inner) * ClosedForms.hockney(elements * 4)
                        + 2 * ClosedForms.halvings(elements * 4, rounds: outer)
                    let measured = try seconds(.grouped(size: 1 << inner), ranks, elements)
                    expectClose(measured, expected, messages: 2 * rounds, "\(ranks) in \(1 << inner)s, \(elements)")
                }
            }
        }
    }

    /// Every rank a server of one n-th: its port passes n-1 parts out, then n-1 sums, and never two at once in.
    @Test func asManyServersAsRanksShareTheLoadEvenly() throws {
        for ranks in ClosedForms.ranks {
            for size in [1, 1000, 25_000_000 / ranks] {
                let part = ClosedForms.link.overheadSeconds + ClosedForms.port(size * 4)
                let expected = 2 * (Double(ranks - 1) * part + ClosedForms.link.latencySeconds)
                let measured = try seconds(.servers(count: ranks), ranks, size * ranks)
                expectClose(measured, expected, messages: 2 * ranks, "\(ranks) ranks, parts of \(size)")
            }
        }
    }

    /// A server's port takes n-1 parts in, and n-1 sums out; more servers are never slower, for long vectors.
    @Test func moreServersTakeLessTime() throws {
        for ranks in [4, 7, 16, 33] {
            var last = Double.infinity
            for count in [1, 2, 4] {
                let measured = try seconds(.servers(count: count), ranks, 1_000_000)
                let port = ClosedForms.port(4_000_000 / count)
                #expect(measured >= 2 * (Double(ranks - 1) * port + 20e-6), "\(ranks) ranks, \(count) servers")
                #expect(measured < last, "\(ranks) ranks, \(count) servers")
                last = measured
            }
        }
    }
}
