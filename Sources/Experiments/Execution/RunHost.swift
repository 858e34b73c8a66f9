import Fabrics
internal import Host
import Kernel
import Locking
import Training

/// What the runs that a thread makes one after the other use of this machine. Simulated ranks of all such threads compute on
/// one pool.
package final class RunHost: Sendable {
    let pool: HostPool
    let workspaces: WorkspacePool
    /// Cores for one run of several that are made side by side.
    private let cores: Int
    /// By the number of threads.
    private let controls = Guarded<[Int: HostControl]>([:])

    private init(_ pool: HostPool, _ workspaces: WorkspacePool, cores: Int) {
        (self.pool, self.workspaces, self.cores) = (pool, workspaces, cores)
    }

    /// As many as the plan has runs side by side.
    package static func all(for plan: ExperimentPlan, _ network: any Objective) -> [RunHost] {
        let (pool, workspaces) = (HostPool(threads: plan.hostThreads), WorkspacePool(for: network))
        return (0..<plan.runsSideBySide).map { _ in
            RunHost(pool, workspaces, cores: max(1, plan.hostThreads / plan.runsSideBySide))
        }
    }

    /// On as many threads as the strategy keeps busy, but no more than there are cores to use.
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
