import Fabrics
import Kernel
import Training

/// FederatedAveraging, algorithm 1 of B. McMahan, E. Moore, D. Ramage, S. Hampson and B. Agüera y Arcas 2017,
/// *Communication-Efficient Learning of Deep Networks from Decentralized Data* (AISTATS).
///
/// Rank 0 is the server, ranks 1...K are the clients. Each round t:
///
///     m ← max(C * K, 1);  S_t ← random set of m clients
///     each k in S_t:  w_k ← ClientUpdate(k, w_t): E epochs of SGD in batches of B over the client's own n_k samples
///     w_{t+1} ← Σ_{k in S_t} n_k / n * w_k,  n = Σ_{k in S_t} n_k
///
/// Clients may leave (as the devices of K. Bonawitz et al. 2019, *Towards Federated Learning at Scale*, section 2.2).
/// Then S_t in the last line consists of the clients whose update was received; a round without any update changes
/// nothing; and later rounds are drawn from the clients that the server does not know to have left. The run ends when
/// no clients are left, or the server leaves.
package struct FederatedAveraging: ClientStrategy {
    static let federated = StrategyDescription(
        name: "federated",
        summary: "FederatedAveraging: clients train several epochs on their own data between averages",
        source: "McMahan et al. 2017, algorithm 1", family: .federated, defaultCluster: "phones-4g",
        defaultRate: .local, isWayOfTheField: true, make: FederatedAveraging.init)

    package let configuration: TrainingConfiguration
    package let clientOptions: ClientOptions

    package init(_ configuration: TrainingConfiguration, _ options: ClientOptions) {
        self.configuration = configuration
        clientOptions = options
    }

    package func rule(for run: TrainingRun, _ state: NamedState) -> any ClientRule { Rule(state: state) }

    private struct Rule: ClientRule {
        let state: NamedState

        /// ClientUpdate(k, w_t): E epochs of SGD in batches of B over the client's own n_k samples
        func clientUpdate(_ client: ClientWork, from model: ParameterVector) -> ParameterVector {
            let local = client.localModel(from: model)
            for batch in client.batches { local.step(batch) }
            return local.finished()
        }

        /// n_k / n
        func weight(ofSamples samples: Int, total: Int, clients: Int) -> Float { Float(samples) / Float(total) }

        /// w_{t+1} ← Σ_{k in S_t} n_k / n * w_k
        func serverStep(_ aggregate: ParameterVector) { state.parameters.copy(from: aggregate) }
    }
}
