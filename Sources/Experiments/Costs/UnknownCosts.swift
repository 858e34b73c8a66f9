package import Cluster

/// Which prices and watts nobody told of the machines that a job runs on, by the keys of a cluster's file. Where one is missing
/// there is no sum, since one without it would be too small.
package struct UnknownCosts: Hashable, Sendable {
    /// Empty where all prices are known.
    package let prices: [String]
    /// Empty where all watts are known.
    package let watts: [String]
    /// Whether at least one price is known.
    package let knowsPrices: Bool
    /// Whether at least one wattage is known.
    package let knowsWatts: Bool

    package init(of use: RunCost.Use, on machines: ClusterSpec) {
        let worker = machines.worker
        let server: Node? = use.servers == 0 ? nil : machines.server ?? worker
        // A server that the file does not describe is a machine as the worker is, and is not named a second time.
        let own = machines.server != nil || use.devices != nil ? server : nil
        var prices: [(key: String, value: Double?)] = [("price_per_hour", worker.pricePerHour)]
        var watts: [(key: String, value: Double?)] = [
            ("watts_busy", worker.wattsBusy), ("watts_idle", worker.wattsIdle),
        ]
        if let devices = use.devices {
            prices = [("price_per_hour", devices.pricePerHour)]
            watts = [("watts_busy", devices.busyJoules), ("watts_idle", devices.wattsIdle)]
        }
        if let own {
            prices.append(("price_per_hour of the server", own.pricePerHour))
            watts.append(("watts_busy of the server", own.wattsBusy))
            watts.append(("watts_idle of the server", own.wattsIdle))
        }
        prices.append(("price_per_gb", machines.pricePerGB))
        watts.append(("watt_hours_per_gb", machines.wattHoursPerGB))
        self.prices = prices.filter { $0.value == nil }.map { $0.key }
        self.watts = watts.filter { $0.value == nil }.map { $0.key }
        (knowsPrices, knowsWatts) = (self.prices.count < prices.count, self.watts.count < watts.count)
    }

    /// A sentence without a full stop for each sum that is missing.
    ///
    /// - Parameter name: the cluster's.
    /// - Parameter isPartly: whether only sums are told of which a part is known: of machines whose prices nobody told, nobody
    ///   expects a cost.
    package func sentences(_ name: String, isPartly: Bool = false) -> [String] {
        var sentences: [String] = []
        if !prices.isEmpty, knowsPrices || !isPartly {
            sentences.append("No cost: \(name) has no \(prices.joined(separator: ", "))")
        }
        if !watts.isEmpty, knowsWatts || !isPartly {
            sentences.append("No energy: \(name) has no \(watts.joined(separator: ", "))")
        }
        return sentences
    }
}
