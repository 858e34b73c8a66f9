import Cluster
import Testing

@testable import Experiments
@testable import TestSupport

/// Machines with prices and wattages, for costs by hand.
enum PricedMachines {
    static let link = Link(latencySeconds: 1e-3, bytesPerSecond: 1e6)
    static let worker = Node(link: link, pricePerHour: 3.6, wattsBusy: 100, wattsIdle: 10)
    static let server = Node(link: link, pricePerHour: 7.2, wattsBusy: 200, wattsIdle: 20)
    static let spec = ClusterSpec(
        name: "priced", summary: "", source: "", worker: worker, server: server, pricePerGB: 0.5, wattHoursPerGB: 2)

    static func plan(_ strategy: String) throws -> StrategyPlan {
        var plan = try #require(Setup(strategies: [strategy]).plan.strategies.first)
        plan.cluster = spec
        return plan
    }
}
