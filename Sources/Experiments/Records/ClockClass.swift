public import Cluster

/// Which clock told a time, and on which machines. Everything that compares two times - a sentence, a verdict, a ratio,
/// a price index - asks here whether it may.
public struct ClockClass: Hashable, Sendable {
    /// The class of a figure: a clock on the wall, or a model of machines.
    public enum Kind: String, Sendable {
        /// Threads of this machine.
        case measured
        /// Processes of an MPI job, on its hosts.
        case measuredMPI = "measured, MPI"
        /// Threads of this machine that act a cluster out: measured, but the network is a model.
        case emulated
        /// A cluster on a virtual clock.
        case simulated
    }

    /// The kind of clock that told the times.
    public let kind: Kind
    /// The described machines; nil where the actual machines are measured.
    public let machines: ClusterSpec?

    /// The clock of a strategy on its fabric and cluster.
    public init(_ plan: StrategyPlan) {
        switch plan.fabric {
        case .threads: (kind, machines) = (.measured, nil)
        case .mpi: (kind, machines) = (.measuredMPI, nil)
        case .emulated: (kind, machines) = (.emulated, plan.cluster)
        case .simulated: (kind, machines) = (.simulated, plan.cluster)
        }
    }

    /// The kind for columns of tables.
    public var title: String { kind.rawValue }

    /// The kind for a CSV file, without a comma.
    public var column: String { kind == .measuredMPI ? "measured MPI" : kind.rawValue }

    /// The clock for the beginning of a sentence, such as `simulated on ethernet-1g`.
    public var words: String {
        switch kind {
        case .measured: "measured on this machine"
        case .measuredMPI: "measured among processes of an MPI job"
        case .emulated: "emulated on this machine, as \(machines?.name ?? "a cluster")"
        case .simulated: "simulated on \(machines?.name ?? "a cluster")"
        }
    }

    /// What comparing a time with one of another clock would mean.
    public enum Relation: Sendable {
        /// The same clock and the same machines: a race.
        case sameMachines
        /// The same kind of clock on different machines: a comparison of strategies with their machines, which has to
        /// say so.
        case otherMachines
        /// A measured time and a modelled one, or different kinds of measurement: the comparison would mean nothing.
        case otherClock
    }

    /// How times of the two may be compared.
    public func relation(to other: ClockClass) -> Relation {
        guard kind == other.kind else { return .otherClock }
        return machines?.costless == other.machines?.costless ? .sameMachines : .otherMachines
    }
}

extension ClusterSpec {
    /// The cluster without everything that does not affect times: the same machines may have another name or price.
    fileprivate var costless: ClusterSpec {
        var spec = self
        (spec.name, spec.summary, spec.source, spec.costSource, spec.hardware) = ("", "", "", nil, nil)
        (spec.pricePerGB, spec.wattHoursPerGB) = (nil, nil)
        spec.worker = worker.costless
        spec.server = server?.costless
        spec.devices = devices?.withoutNamesAndCosts
        return spec
    }
}

extension Node {
    fileprivate var costless: Node {
        var node = self
        (node.pricePerHour, node.wattsBusy, node.wattsIdle) = (nil, nil, nil)
        return node
    }
}

extension StrategySummary {
    /// The clock that told the strategy's times.
    public var clock: ClockClass { ClockClass(plan) }
}
