import Datasets
public import Kernel
import Randomness

extension TrainingConfiguration {
    /// As many as there are kinds of so many nodes: 1 where nodes have no objectives of their own; nil where it depends on the
    /// data.
    public func kindCount(nodes: Int) -> Int? {
        guard let objectives else { return 1 }
        return (try? Objectives.parse(objectives))?.kindCount(nodes: nodes)
    }
}

/// Where models begin that a strategy trains beside the run's one.
extension TrainingRun {
    /// The initial parameters of one of several models, `[P]`: of model 0 the run's, of the others drawn in the same way from
    /// streams of their own.
    public func initialParameters(ofModel model: Int) -> ParameterVector {
        model == 0 ? initialParameters : draw(model, 0)
    }

    /// The initial parameters of a model that a node has for itself, `[P]`: none of these models begins as the run's.
    public func initialParameters(ofModel model: Int, forNode node: Int) -> ParameterVector { draw(model, node + 1) }

    private func draw(_ model: Int, _ owner: Int) -> ParameterVector {
        var stream = seeds.stream(.clusterModel, model, owner)
        return network.initialParameters(initialization, seeds: SeedSequence(stream.next()))
    }
}
