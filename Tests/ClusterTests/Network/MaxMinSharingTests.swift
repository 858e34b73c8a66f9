import Randomness
import Testing

@testable import Cluster

@Suite struct MaxMinSharingTests {
    private struct Start {
        let at: Int64
        let bytes: Int
        let links: [Int32]
    }

    /// When each flow ends, in nanoseconds.
    private func ends(_ capacities: [Double], _ starts: [Start]) -> [Int64] {
        var sharing = MaxMinSharing(capacities: capacities)
        var ends = [Int64](repeating: -1, count: starts.count)
        var now = VirtualTime.zero
        var next = 0
        while true {
            let start = next < starts.count ? VirtualTime(nanoseconds: starts[next].at) : nil
            if let end = sharing.nextEnd(before: start, at: now) {
                now = end
                ends[sharing.popEnded()] = now.nanoseconds
            } else if let start {
                now = start
                sharing.start(owner: next, bytes: starts[next].bytes, links: starts[next].links, at: now)
                next += 1
            } else {
                return ends
            }
        }
    }

    /// Flow 0 has 0.2 of link 1; flow 1 could have 0.8 of link 0, but shares link 2 with flow 2, half each. When it has
    /// ended at 2000, flow 2 has the whole link for its last 1000 bytes.
    @Test func ratesAreThoseWorkedOutByHand() {
        let ends = ends(
            [1e9, 0.2e9, 1e9],
            [
                Start(at: 0, bytes: 1000, links: [0, 1]), Start(at: 0, bytes: 1000, links: [0, 2]),
                Start(at: 0, bytes: 2000, links: [2]),
            ])
        #expect(ends == [5000, 2000, 3000])
    }

    /// Alone for 1000, half for 1000, alone again: the second flow comes and goes in between.
    @Test func flowThatComesLaterSlowsTheFirstOnlyWhileItLasts() {
        let ends = ends([1e9], [Start(at: 0, bytes: 2000, links: [0]), Start(at: 1000, bytes: 500, links: [0])])
        #expect(ends == [2500, 2000])
    }

    @Test func flowsThatShareNothingHaveTheirNarrowestLink() {
        let ends = ends(
            [1e9, 0.5e9, 0.25e9],
            [Start(at: 0, bytes: 100, links: [0, 1]), Start(at: 0, bytes: 100, links: [2])])
        #expect(ends == [200, 400])
    }

    /// The clock reaches 292 years; what would take longer ends with it.
    @Test func flowThatLastsLongerThanTheClockDoesNotOverflowIt() {
        let ends = ends(
            [1, 1e9], [Start(at: 0, bytes: 1 << 40, links: [0, 1]), Start(at: 1000, bytes: 1000, links: [1])])
        #expect(ends == [Int64.max - 1, 2000])
    }

    /// Rates by the textbook: raise all together, freeze the flows of the link that fills first, go on with the rest.
    private func fairRates(_ capacities: [Double], _ flows: [[Int32]]) -> [Double] {
        var rates = [Double](repeating: 0, count: flows.count)
        var frozen = Set<Int>()
        while frozen.count < flows.count {
            var least: (share: Double, link: Int32) = (.infinity, -1)
            for link in capacities.indices.map(Int32.init) {
                let through = flows.indices.filter { flows[$0].contains(link) }
                let open = through.filter { !frozen.contains($0) }
                guard !open.isEmpty else { continue }
                let used = through.filter { frozen.contains($0) }.reduce(0) { $0 + rates[$1] }
                let share = (capacities[Int(link)] - used) / Double(open.count)
                if share < least.share { least = (share, link) }
            }
            for flow in flows.indices where !frozen.contains(flow) && flows[flow].contains(least.link) {
                rates[flow] = least.share
                frozen.insert(flow)
            }
        }
        return rates
    }

    /// When each flow ends, from rates that are worked out for all flows at every start and end.
    private func plainEnds(_ capacities: [Double], _ starts: [Start]) -> [Double] {
        var ends = [Double](repeating: -1, count: starts.count)
        var left = starts.map { Double($0.bytes) }
        var active: [Int] = []
        var (now, next) = (0.0, 0)
        while next < starts.count || !active.isEmpty {
            let rates = fairRates(capacities, active.map { starts[$0].links })
            let first = zip(active, rates).map { (now + left[$0] / $1 * 1e9, $0) }.min { $0.0 < $1.0 }
            let start = next < starts.count ? Double(starts[next].at) : .infinity
            let time = min(first?.0 ?? .infinity, start)
            for (flow, rate) in zip(active, rates) { left[flow] -= rate * (time - now) / 1e9 }
            now = time
            if let first, first.0 <= start {
                ends[first.1] = now
                active.removeAll { $0 == first.1 }
            } else {
                active.append(next)
                next += 1
            }
        }
        return ends
    }

    @Test(arguments: UInt64(1)...25)
    func flowsEndWhenThePlainAlgorithmSays(seed: UInt64) {
        var stream = SeedSequence(seed).stream(.test)
        let capacities = (0..<8).map { _ in 1e8 + 1e9 * stream.uniform() }
        let starts = (0..<60).map { _ in
            Start(
                at: Int64.random(in: 0..<400_000, using: &stream), bytes: Int.random(in: 1..<50_000, using: &stream),
                links: Array(
                    (0..<8).map(Int32.init).shuffled(using: &stream).prefix(Int.random(in: 1...3, using: &stream))))
        }.sorted { $0.at < $1.at }
        for (found, expected) in zip(ends(capacities, starts), plainEnds(capacities, starts)) {
            // Every change of a rate may round the end by half a nanosecond, which moves what follows.
            #expect(abs(Double(found) - expected) < 60, "seed \(seed)")
        }
    }
}
