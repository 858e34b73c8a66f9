import Datasets
import Kernel
import Randomness

/// An objective that computes nothing; a strategy's own code trains it while its messages are recorded.
struct StandIn: Objective {
    let input = FeatureShape(features: 1)
    let layout: ParameterLayout
    let trainingFlopsPerSample: Double
    let summary = "a stand-in for a profiled model"

    /// - Parameters:
    ///   - parameters: numbers in the vector.
    ///   - flopsPerSample: floating-point operations by which codings that compute are charged.
    init(parameters: Int, flopsPerSample: Double) {
        layout = ParameterLayout([("all", [parameters])])
        trainingFlopsPerSample = flopsPerSample
    }

    func initialParameters(_ initialization: Initialization, seeds: SeedSequence) -> ParameterVector {
        ParameterVector(count: layout.count)
    }

    func lossAndGradient(
        of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector, into gradient: ParameterVector,
        progress: GradientProgress?
    ) -> Double {
        gradient.copy(from: parameters)
        return 0
    }

    func descend(
        _ workspace: Workspace, dividedBy divisor: Int, from parameters: ParameterVector, rate: Float,
        into result: ParameterVector
    ) -> Double {
        if result !== parameters { result.copy(from: parameters) }
        return 0
    }

    func judge(
        _ workspace: Workspace, at parameters: ParameterVector,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
    ) {
        for sample in 0..<workspace.batch.count { each(sample, 0, false) }
    }

    /// A training set of so many samples, whose contents do not matter.
    static func data(samples: Int) -> TrainTestSplit {
        func dataset(_ name: String, _ count: Int) -> Dataset {
            Dataset(
                name: name, shape: FeatureShape(features: 1), classCount: 1, pixels: Array(repeating: 0, count: count),
                labels: Array(repeating: 0, count: count), white: 1)
        }
        return TrainTestSplit(
            training: dataset("stand-in", samples), test: dataset("stand-in", 1),
            identity: DataIdentity(name: "stand-in", sha256: "", isPublished: false))
    }
}
