package import Cluster
package import Experiments

/// What may be said of one cluster: who is first there and why, until when, and what would change it.
package struct ClusterAdvice: Sendable {
    package let cluster: ClusterSpec
    /// The words of the command line that name the cluster.
    package let arguments: [String]
    package let evidence: Evidence
    /// The strategies with the records that full runs on the cluster would leave, in the order of the price list.
    package let summaries: [StrategySummary]
    package let standing: Standing
    /// The searches for values at which another strategy becomes first; empty where no strategy reaches the target.
    package let searches: [FigureSearch]
    /// The effect of each figure on the lead of the first; empty where no strategy reaches the target.
    package let tornado: [TornadoBar]
    package let pareto: ParetoSet

    /// - Parameters:
    ///   - arguments: the words of the command line that name the cluster.
    ///   - evidence: what the cluster rests on.
    ///   - figures: which are searched; nil for all that the cluster has.
    ///   - errors: standard errors of calibrated figures.
    ///   - isSearched: whether crossovers are looked for, which takes longest.
    /// - Throws: ``ExperimentError`` where a strategy cannot be on the cluster.
    package init(
        _ prices: PriceList, on cluster: ClusterSpec, arguments: [String], evidence: Evidence,
        figures: [ClusterFigure]? = nil,
        errors: [ClusterFigure: Double] = [:], isSearched: Bool = true, hasTornado: Bool = true
    ) throws {
        self.cluster = cluster
        self.arguments = arguments
        self.evidence = evidence
        try cluster.validate()
        summaries = try prices.strategies.indices.map { index in
            let plan = prices.plan(index, on: cluster)
            try cluster.validate(ranks: plan.roles.ranks)
            try cluster.validate(workers: plan.roles.workers)
            let (priced, runs) = try prices.repricings[index].records(plan)
            return StrategySummary(priced, runs: runs.filter { prices.seeds.contains($0.seed) }, target: prices.target)
        }
        standing = Standing(summaries.map(\.timesToTarget))
        pareto = ParetoSet(summaries)
        guard let first = standing.first, prices.strategies.count > 1 else {
            (searches, tornado) = ([], [])
            return
        }
        let wanted = ClusterFigure.all(of: cluster).filter { figures?.contains($0) ?? true }
        if isSearched {
            let neighbourhood = try Neighbourhood(prices, around: cluster)
            searches = try wanted.compactMap { try neighbourhood.search($0) }
        } else {
            searches = []
        }
        tornado =
            hasTornado
            ? try TornadoBar.all(prices, on: cluster, first: first, errors: errors).filter {
                wanted.contains($0.figure)
            }
            : []
    }

    /// The least change of a single figure that makes a strategy first: by the factor between what it is and what it would be.
    ///
    /// - Returns: nil where none does within what was searched.
    package func leastChange(for strategy: Int) -> (search: FigureSearch, place: FirstPlace, factor: Double)? {
        var least: (search: FigureSearch, place: FirstPlace, factor: Double)?
        for search in searches {
            let (below, above) = search.nearest(strategy)
            // The value has to grow for a strategy to become first above it, and to fall for one to become first below
            // it.
            for place in [below.flatMap { $0.isFirstAbove ? nil : $0 }, above.flatMap { $0.isFirstAbove ? $0 : nil }] {
                guard let place, search.value > 0 else { continue }
                let factor = max(place.value / search.value, search.value / place.value)
                if factor < least?.factor ?? .infinity { least = (search, place, factor) }
            }
        }
        return least
    }
}

/// All that advice says of some recorded runs.
package struct AdviceResults: Sendable {
    package let prices: PriceList
    package let task: String
    /// Rows that no statement speaks of.
    package let leftOut: [LeftOut]
    package let clusters: [ClusterAdvice]
    package let regret: RegretTable?
    package let map: WinnerMap?
    package let machines: MachineSearch?
    /// The words of the command line that ask for the machines, and for the map.
    package let machineArguments: [String]
    package let mapArguments: [String]

    package init(
        _ prices: PriceList, task: String, leftOut: [LeftOut], clusters: [ClusterAdvice], regret: RegretTable?,
        map: WinnerMap?, machines: MachineSearch?, machineArguments: [String] = [],
        mapArguments: [String] = []
    ) {
        self.prices = prices
        self.task = task
        self.leftOut = leftOut
        self.clusters = clusters
        self.regret = regret
        self.map = map
        self.machines = machines
        self.machineArguments = machineArguments
        self.mapArguments = mapArguments
    }

    /// How what is said of several clusters is known; nil without any.
    package var evidenceOfSeveral: String? {
        clusters.first.map { $0.evidence.words(onSeveral: true) }
    }

    package var names: [String] { prices.strategies.map(\.name) }
}
