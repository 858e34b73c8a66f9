import Randomness

/// What a simulation needs to know of the slowdowns of its ranks.
package struct RankSlowdowns: Sendable {
    let slowdowns: Slowdowns
    /// The rank of the server, which has no random slowdowns, only those that are listed for it; nil where there is no
    /// server.
    let server: Int?

    package init(_ slowdowns: Slowdowns, server: Int?) {
        self.slowdowns = slowdowns
        self.server = server
    }
}

/// When computations end on ranks whose speed changes over time: a computation is done when the rank's speed, integrated
/// from its beginning, amounts to it.
///
/// Speeds are fractions of 2^32 and times are whole nanoseconds, so the integral is exact, and computations one behind the
/// other end when one of their sum would, however they are split: what is left of a nanosecond goes to the next.
///
/// Belongs to one simulation, which calls it for each rank in the order of time.
package final class RankSpeeds {
    /// A slow time, in nanoseconds of cluster time, with the speed in it.
    struct Period: Equatable {
        let begin: Int64
        let end: Int64
        let rate: Int64
    }

    private struct Rank {
        /// The slow time that lasts now or comes next; nil where none will come.
        var period: Period?
        /// The random stream that slowdowns are drawn from; nil where they are listed.
        var stream: RandomStream?
        /// Listed slowdowns that come after `period`, the latest first.
        var later: [Period] = []
        /// When the last computation ended, and how much further it had come by then.
        var lastEnd: Int64 = -1
        var credit: Int128 = 0

        mutating func nextPeriod(_ slowdowns: Slowdowns, after ended: Period) {
            if stream == nil {
                period = later.popLast()
            } else {
                drawPeriod(slowdowns, after: ended.end)
            }
        }

        mutating func drawPeriod(_ slowdowns: Slowdowns, after end: Int64) {
            guard case .random(let every, let lasting, let factor) = slowdowns, var stream, end < RankSpeeds.latest
            else {
                period = nil
                return
            }
            let begin = end + Self.nanoseconds(every, &stream)
            let slowEnd = begin + Self.nanoseconds(lasting, &stream)
            period = Period(begin: begin, end: slowEnd, rate: RankSpeeds.rate(factor.draw(&stream)))
            self.stream = stream
        }

        private static func nanoseconds(_ figure: DrawnFigure, _ stream: inout RandomStream) -> Int64 {
            max(1, VirtualTime.span(seconds: min(figure.draw(&stream), RankSpeeds.longestSeconds)))
        }
    }

    /// The speed of a rank that is not slowed down.
    static let fullRate: Int64 = 1 << 32
    private let slowdowns: Slowdowns
    private var ranks: [Rank]

    package init(_ slowdowns: RankSlowdowns, ranks count: Int, seeds: SeedSequence) {
        self.slowdowns = slowdowns.slowdowns
        ranks = Array(repeating: Rank(), count: count)
        switch slowdowns.slowdowns {
        case .random:
            for rank in ranks.indices where rank != slowdowns.server {
                ranks[rank].stream = seeds.stream(.slowdown, rank)
                ranks[rank].drawPeriod(slowdowns.slowdowns, after: 0)
            }
        case .listed(let entries):
            for (rank, own) in Dictionary(grouping: entries, by: \.rank) where rank < count {
                ranks[rank].later = Self.periods(own).reversed()
                ranks[rank].period = ranks[rank].later.popLast()
            }
        }
    }

    /// When a computation ends that begins now and takes so many nanoseconds at the rank's full speed.
    package func end(ofNanoseconds work: Int64, on rank: Int, from now: VirtualTime) -> VirtualTime {
        // Slow times only make it later; they are not gone through where it is beyond the clock already.
        let soonest = now.later(by: work)
        guard !soonest.isBeyondClock else { return soonest }
        var own = ranks[rank]
        var time = now.nanoseconds
        var left = Int128(work) * Int128(Self.fullRate)
        if own.lastEnd == time { left -= own.credit }
        while left > 0 {
            while let period = own.period, period.end <= time { own.nextPeriod(slowdowns, after: period) }
            var (until, rate) = (Int64.max, Self.fullRate)
            if let period = own.period {
                (until, rate) = time < period.begin ? (period.begin, rate) : (period.end, period.rate)
            }
            let possible = Int128(until - time) * Int128(rate)
            guard !VirtualTime(nanoseconds: time).isBeyondClock else { return .end }
            if possible >= left {
                let needed = (left + Int128(rate) - 1) / Int128(rate)
                left -= needed * Int128(rate)
                time = VirtualTime(nanoseconds: time).later(by: Int64(clamping: needed)).nanoseconds
            } else {
                left -= possible
                time = until
            }
        }
        (own.lastEnd, own.credit) = (time, -left)
        ranks[rank] = own
        return VirtualTime(nanoseconds: time)
    }

    /// In nanoseconds. No slowdown is drawn after this time, which is beyond the end of every job, so that sums of
    /// draws cannot overflow.
    private static let latest: Int64 = 1 << 61
    private static let longestSeconds = 1e9

    private static func rate(_ factor: Double) -> Int64 {
        max(1, Int64((Double(fullRate) / min(max(factor, 1), 1e9)).rounded()))
    }

    /// The slow times of one rank, ascending and apart, with the product of the factors of all that are on.
    static func periods(_ entries: [Slowdowns.Entry]) -> [Period] {
        let spans = entries.map { entry in
            (
                begin: VirtualTime.span(seconds: entry.beginSeconds),
                end: VirtualTime.span(seconds: entry.beginSeconds + entry.lastingSeconds), factor: entry.factor
            )
        }
        let times = Set(spans.flatMap { [$0.begin, $0.end] }).sorted()
        return zip(times, times.dropFirst()).compactMap { begin, end in
            let on = spans.filter { $0.begin <= begin && end <= $0.end }
            return on.isEmpty
                ? nil : Period(begin: begin, end: end, rate: rate(on.reduce(1) { $0 * $1.factor }))
        }
    }
}
