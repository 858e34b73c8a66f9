import Fabrics
import Kernel
import Training

/// FedProx, algorithm 2 of T. Li, A. K. Sahu, M. Zaheer, M. Sanjabi, A. Talwalkar and V. Smith 2020, *Federated Optimization
/// in Heterogeneous Networks* (MLSys): ``FederatedAveraging`` whose clients are held near the server's model w_t.
///
///     each client k:   w_k ≈ argmin_w h_k(w; w_t) = F_k(w) + μ / 2 * ‖w - w_t‖²,  by E epochs of SGD
///
/// Clients are drawn uniformly and their models weighted by their samples, as in the authors' code; in the paper
/// clients are drawn by their samples and weighted equally.
package struct FedProx: ClientStrategy {
    static let proximal = StrategyDescription(
        name: "fedprox", summary: "federated averaging whose clients are held near the server's model",
        source: "Li et al. 2020, algorithm 2", family: .federated, defaultCluster: "phones-4g", defaultRate: .local,
        make: { FedProx(configuration: $0, options: $1) })

    package struct Options: StrategyOptions {
        package var clients = ClientOptions()
        /// μ
        package var mu = 0.01

        package init() {}

        package static let specs =
            ClientOptions.specs.map { OptionSpec($0, in: \Self.clients) } + [
                OptionSpec(
                    "mu", \Self.mu, symbol: "μ", .number(.from(0), .log), source: "Li et al. 2020, algorithm 2",
                    "Weight of the squared distance to the server's model in a client's loss.")
            ]
    }

    package let configuration: TrainingConfiguration
    package let options: Options
    package var clientOptions: ClientOptions { options.clients }

    package func rule(for run: TrainingRun, _ state: NamedState) -> any ClientRule {
        Rule(state: state, mu: Float(options.mu))
    }

    private struct Rule: ClientRule {
        let state: NamedState
        let mu: Float

        /// w_k ≈ argmin h_k(w; w_t), whose gradient is ∇F_k(w) + μ * (w - w_t)
        func clientUpdate(_ client: ClientWork, from model: ParameterVector) -> ParameterVector {
            let local = client.localModel(from: model, needsGradient: mu != 0)
            for batch in client.batches {
                local.step(batch, correct: mu == 0 ? nil : { $0.add(local.parameters, minus: model, scaledBy: mu) })
            }
            return local.finished()
        }
    }
}
