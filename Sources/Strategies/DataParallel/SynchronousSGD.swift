import Cluster
import Fabrics
import Kernel
import Training

/// Synchronous data-parallel stochastic gradient descent (J. Chen et al. 2016, *Revisiting Distributed Synchronous SGD*;
/// P. Goyal et al. 2017, *Accurate, Large Minibatch SGD*, section 2.3: losses are divided by the size of the *global*
/// batch). Each step with the global batch B:
///
///     each worker i:   g_i ← 1 / |B| * Σ_{x in B_i} ∇ℓ(x; w),  B_i being its part of B
///     all-reduce:      Σ_i g_i
///     each worker:     w ← w - η * Σ_i g_i,  or what its optimizer makes of the gradient
///
/// With one worker it is plain SGD; on threads it is data parallelism on one machine; on a simulated fabric it is a
/// cluster.
package struct SynchronousSGD: StepStrategy {
    static let single = StrategyDescription(
        name: "single", summary: "one device: plain minibatch SGD", source: "Robbins and Monro 1951",
        family: .dataParallel, home: .threads, defaultCluster: "workstation", isWayOfTheField: true,
        isSingleDevice: true,
        make: { (configuration, options: BatchOptions) in
            SynchronousSGD(configuration, StepOptions(batch: options.batch, workers: 1))
        })

    static let threads = StrategyDescription(
        name: "threads", summary: "data-parallel SGD on the cores of this machine, shared memory",
        source: "Goyal et al. 2017", family: .dataParallel, home: .threads, defaultCluster: "workstation",
        isWayOfTheField: true, counterpart: "sync", sameStepsAs: "single", make: SynchronousSGD.init)

    static let sync = StrategyDescription(
        name: "sync", summary: "data-parallel SGD on a simulated cluster, one all-reduce a step",
        source: "Chen et al. 2016; Goyal et al. 2017", family: .dataParallel, defaultCluster: "ethernet-1g",
        defaultWorkers: 8, isWayOfTheField: true, sameStepsAs: "single", make: SynchronousSGD.init)

    package let configuration: TrainingConfiguration
    package let stepOptions: StepOptions

    package init(_ configuration: TrainingConfiguration, _ options: StepOptions) {
        precondition(options.workers > 0, "\(options.workers) workers")
        self.configuration = configuration
        stepOptions = options
    }

    package var state: [StateDeclaration] { [.parameters] + StateDeclaration.state(of: configuration.optimizer) }

    package func rule(for run: TrainingRun, _ state: NamedState) -> any StepRule {
        Rule(
            run: run, state: state, parameters: state.parameters,
            optimizer: state.optimizer(configuration.optimizer))
    }

    private struct Rule: StepRule {
        let run: TrainingRun
        let state: NamedState
        /// w
        let parameters: ParameterVector
        let optimizer: Optimizer
        var reduction: Reduction { .sum }
        var purpose: TrafficPurpose { .gradient }

        /// g_i ← 1 / |B| * Σ_{x in B_i} ∇ℓ(x; w)
        func localStep(_ part: BatchPart, _ gradient: ParameterVector, _ progress: GradientProgress?) -> Double {
            run.lossAndGradient(
                part.indices, dividedBy: part.globalCount, at: parameters, into: gradient, progress: progress)
        }

        /// w ← w - η * Σ_i g_i, or the optimizer's step
        func combine(_ gradient: ParameterVector, in range: Range<Int>, rate: Float) {
            optimizer.step(parameters, gradient, rate: rate, in: range)
        }

        /// Both parts at once without a gradient vector, which plain SGD on one device can do.
        var stepAlone: (@Sendable (BatchPart) -> Double)? {
            guard optimizer.isPlain else { return nil }
            return { [run, parameters] part in
                run.descend(
                    part.indices, dividedBy: part.globalCount, from: parameters, rate: part.rate, into: parameters)
            }
        }
    }
}
