package import Cluster
internal import Experiments
package import Statistics

/// Which machines to rent: every strategy that was recorded with a wanted number of workers, on every link, by time and money.
package struct MachineSearch: Hashable, Sendable {
    /// A link and what a machine with it costs.
    package struct Offer: Hashable, Sendable {
        /// One-way latency of every machine's link, in seconds; nil for the cluster's.
        package var latencySeconds: Double?
        /// Bandwidth of every machine's link in both directions, in bytes a second; nil for the cluster's.
        package var bytesPerSecond: Double?
        /// USD per hour of a machine; nil for the cluster's price.
        package var pricePerHour: Double?

        package init(latencySeconds: Double? = nil, bytesPerSecond: Double? = nil, pricePerHour: Double? = nil) {
            self.latencySeconds = latencySeconds
            self.bytesPerSecond = bytesPerSecond
            self.pricePerHour = pricePerHour
        }

        /// The cluster with this link and price.
        package func applied(to cluster: ClusterSpec) -> ClusterSpec {
            var cluster = cluster.overridden(
                by: .init(latencySeconds: latencySeconds, bytesPerSecond: bytesPerSecond))
            if let pricePerHour {
                cluster.worker.pricePerHour = pricePerHour
                cluster.server?.pricePerHour = pricePerHour
            }
            return cluster
        }
    }

    /// One way to do the job.
    package struct Choice: Hashable, Sendable {
        package let strategy: Int
        package let machines: Int
        package let cluster: ClusterSpec
        /// Seconds until the target is reached, over the seeds.
        package let time: SpreadSummary
        /// USD until the target; nil where a price is not known.
        package let money: SpreadSummary?
        /// Watt hours until the target; nil where a wattage is not known.
        package let energy: SpreadSummary?
        /// The choices that take no more time and no more money than this one, and are shown to take less of one of
        /// them.
        package internal(set) var dominatedBy: [Int] = []
    }

    /// All choices, in the order of machines, strategies and offers.
    package let choices: [Choice]
    /// Numbers of machines with which no strategy of several workers was recorded.
    package let missing: [Int]
    /// Whether the fastest is shown to be ahead of the next.
    package let isFastestShown: Bool

    /// - Parameters:
    ///   - machines: numbers of workers; one device alone counts in any case.
    ///   - offers: links and prices, each for all numbers.
    /// - Throws: ``ExperimentError`` where a strategy cannot be on the cluster.
    package init(_ prices: PriceList, on cluster: ClusterSpec, machines: [Int], offers: [Offer]) throws {
        let rows = prices.strategies.indices.filter { index in
            let roles = prices.strategies[index].roles
            return roles.isSingleDevice || machines.contains(roles.workers)
        }
        missing = machines.filter { count in
            !rows.contains { prices.strategies[$0].roles.workers == count }
        }
        var choices: [Choice] = []
        var values: [(time: [SteppedValue], money: [SteppedValue]?)] = []
        for row in rows.sorted(by: { prices.strategies[$0].roles.workers < prices.strategies[$1].roles.workers }) {
            for offer in prices.strategies[row].roles.ranks == 1 ? Self.cheapest(offers) : offers {
                let spec = offer.applied(to: cluster)
                try spec.validate()
                let (plan, runs) = try prices.repricings[row].records(prices.plan(row, on: spec))
                let summary = StrategySummary(
                    plan, runs: runs.filter { prices.seeds.contains($0.seed) }, target: prices.target)
                choices.append(
                    Choice(
                        strategy: row, machines: plan.roles.workers, cluster: spec, time: summary.timeToTarget,
                        money: summary.costToTarget(\.money), energy: summary.costToTarget(\.wattHours)))
                values.append((summary.timesToTarget, summary.costsPerSeed(\.money)))
            }
        }
        for index in choices.indices {
            choices[index].dominatedBy = choices.indices.filter { other in
                guard other != index else { return false }
                var (own, less): (ParetoSet.Values, ParetoSet.Values) = (
                    [.time: values[index].time], [.time: values[other].time]
                )
                (own[.money], less[.money]) = (values[index].money, values[other].money)
                return ParetoSet.dominates(less, own)
            }
        }
        self.choices = choices
        isFastestShown = choices.isEmpty ? false : Standing(values.map(\.time)).isShown
    }

    /// One offer with the least price, for a job on one device, which sends nothing over any link; empty without
    /// offers.
    private static func cheapest(_ offers: [Offer]) -> [Offer] {
        offers.min { $0.pricePerHour ?? .infinity < $1.pricePerHour ?? .infinity }.map { [$0] } ?? []
    }

    /// The choice of least median time; nil where none gets to the target.
    package var fastest: Int? { least { $0.time.median } }

    /// The choice of least money; nil where money is known for none that gets to the target.
    package var cheapest: Int? { least { $0.money?.median ?? .infinity } }

    /// The choices that no other makes superfluous, and that reach the target.
    package var front: [Int] {
        choices.indices.filter { choices[$0].dominatedBy.isEmpty && choices[$0].time.median.isFinite }
    }

    private func least(_ value: (Choice) -> Double) -> Int? {
        choices.indices.filter { value(choices[$0]).isFinite }
            .min { (value(choices[$0]), $0) < (value(choices[$1]), $1) }
    }
}
