import Fabrics
internal import Host
import Kernel
import Locking
import Training

/// What a thread that makes runs one after the other uses of this machine. The simulated ranks of all such threads
/// compute on one pool.
package final class RunHost: Sendable {
    let pool: HostPool
    let workspaces: WorkspacePool
    /// How many cores each of several runs side by side may use.
    private let cores: Int
    /// Controls by their number of threads.
    private let controls = Guarded<[Int: HostControl]>([:])

    private init(_ pool: HostPool, _ workspaces: WorkspacePool, cores: Int) {
        (self.pool, self.workspaces, self.cores) = (pool, workspaces, cores)
    }

    /// A host for each of the plan's runs side by side.
    package static func all(for plan: ExperimentPlan, _ network: any Objective) -> [RunHost] {
        let (pool, workspaces) = (HostPool(threads: plan.hostThreads), WorkspacePool(for: network))
        return (0..<plan.runsSideBySide).map { _ in
            RunHost(pool, workspaces, cores: max(1, plan.hostThreads / plan.runsSideBySide))
        }
    }

    /// The control on as many threads as the strategy keeps busy, but no more than there are cores to use.
    func control(of plan: StrategyPlan) -> HostControl {
        let ranks = plan.roles.ranks
        let threads = max(1, min(UsableCores.count, plan.fabric == .simulated ? min(cores, ranks) : ranks))
        return controls.withLock { controls in
            let control = controls[threads] ?? HostControl(threads: threads)
            controls[threads] = control
            return control
        }
    }
}
