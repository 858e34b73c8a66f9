public import Training

/// What is to carry the strategies of an experiment.
public enum FabricChoice: String, CaseIterable, Codable, Sendable {
    /// Each strategy's default: threads are measured, clusters are simulated.
    case auto
    /// The cores of this machine, measured.
    case threads
    /// A cluster on a virtual clock, for all strategies.
    case simulated
    /// A cluster acted out by threads in real time.
    case emulated
    /// The processes of an MPI job, measured.
    case mpi

    /// What carries a strategy, if anything.
    public enum Carrier: Hashable, Sendable {
        case fabric(StrategyPlan.FabricKind)
        /// Nothing can carry the strategy; the text says why.
        case none(String)
    }

    /// What carries the strategy if this was asked for.
    public func carrier(of strategy: StrategyDescription) -> Carrier {
        switch (self, strategy.home) {
        case (.simulated, _), (.auto, .simulated): .fabric(.simulated)
        case (.emulated, .simulated): .fabric(.emulated)
        case (.mpi, .simulated): .fabric(.mpi)
        case (.auto, .threads), (.threads, .threads), (.emulated, .threads): .fabric(.threads)
        case (.threads, .simulated):
            .none(
                "its ranks are machines of a cluster, whose links threads do not have; --fabric emulated acts them out")
        case (.mpi, .threads):
            .none(
                strategy.isSingleDevice
                    ? "it is one device, which bench measures without MPI"
                    : "its ranks share one memory, which bench measures without MPI"
                        + (strategy.counterpart.map { "; among processes it is \($0)" } ?? ""))
        }
    }
}

/// Which clock an experiment runs by: an older way to say what carries the strategies.
public enum ClockChoice: String, CaseIterable, Codable, Sendable {
    /// Each strategy's default: threads are measured, clusters are simulated.
    case auto
    /// All strategies are simulated, also `single` and `threads`.
    case simulated
    /// Clusters are acted out by threads in real time.
    case emulate

    /// The same choice in today's terms.
    public var fabric: FabricChoice {
        switch self {
        case .auto: .auto
        case .simulated: .simulated
        case .emulate: .emulated
        }
    }
}
