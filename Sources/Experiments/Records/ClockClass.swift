public import Cluster

/// Which clock a time was told by, and of which machines. Everything that sets two times against each other - a sentence, a
/// verdict, a ratio, a price index - asks here whether it may.
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

    /// Where times come from.
    public let kind: Kind
    /// The machines where they are described; nil where they are those that there are.
    public let machines: ClusterSpec?

    /// Of a strategy on its fabric and cluster.
    public init(_ plan: StrategyPlan) {
        switch plan.fabric {
        case .threads: (kind, machines) = (.measured, nil)
        case .mpi: (kind, machines) = (.measuredMPI, nil)
        case .emulated: (kind, machines) = (.emulated, plan.cluster)
        case .simulated: (kind, machines) = (.simulated, plan.cluster)
        }
    }

    /// For the columns of tables.
    public var title: String { kind.rawValue }

    /// The same for a CSV file, without a comma.
    public var column: String { kind == .measuredMPI ? "measured MPI" : kind.rawValue }

    /// For the front of a sentence, such as `simulated on ethernet-1g`.
    public var words: String {
        switch kind {
        case .measured: "measured on this machine"
        case .measuredMPI: "measured among processes of an MPI job"
        case .emulated: "emulated on this machine, as \(machines?.name ?? "a cluster")"
        case .simulated: "simulated on \(machines?.name ?? "a cluster")"
        }
    }

    /// What setting a time against one of `other` would mean.
    public enum Relation: Sendable {
        /// One clock and the same machines: a race.
        case sameMachines
        /// One kind of clock, on different machines: a comparison of strategies with their machines, which has to say so.
        case otherMachines
        /// A measured time against one of a model, or against one of another kind: nothing.
        case otherClock
    }

    /// Whether times of the two may be set against each other.
    public func relation(to other: ClockClass) -> Relation {
        guard kind == other.kind else { return .otherClock }
        return machines?.costless == other.machines?.costless ? .sameMachines : .otherMachines
    }
}

extension ClusterSpec {
    /// Without what no time depends on: the same machines may be called otherwise or be bought elsewhere.
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
    /// Where its times come from.
    public var clock: ClockClass { ClockClass(plan) }
}
