import Fabrics
import Training

extension FabricReport {
    /// The idle seconds of the worker with the least idle time; additional idle time of another worker is the lead it
    /// had. Nil unless several workers train at the same time and all stay.
    func leastIdleSeconds(_ strategy: any Strategy) -> Double? {
        guard strategy.workerCount > 1, strategy.concurrentWorkers == strategy.workerCount, departures.isEmpty else {
            return nil
        }
        let workers = accounts.indices.filter { !strategy.serverRanks.contains($0) }.map { accounts[$0] }
        return workers.map { $0.computeSeconds + $0.communicationSeconds }.max().map { max(0, seconds - $0) }
    }
}
