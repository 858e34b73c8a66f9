/// An objective whose model gives a sample one number that is the larger the more it takes the sample for one of label 1:
/// what the area under the ROC curve is measured on.
public protocol ScoringObjective: Objective {
    /// Whether the model gives such a number.
    var hasScores: Bool { get }

    /// Tells the score of each sample in `workspace.batch`, in their order. Labels are not looked at.
    ///
    /// - Parameters:
    ///   - workspace: one of the objective's own.
    ///   - parameters: `[P]`, read.
    /// - Precondition: ``hasScores``.
    func scores(
        of workspace: Workspace, at parameters: ParameterVector, _ each: (_ sample: Int, _ score: Float) -> Void)
}

/// A network with one output scores by that output, and one with two by the difference of the two: monotone in the
/// probability of label 1, under a sigmoid and under a softmax. Not the probability, which saturates and makes up ties.
extension Network: ScoringObjective {
    private var outputCount: Int { layers[layers.count - 1].output.count }

    public var hasScores: Bool { outputCount <= 2 }

    public func scores(
        of workspace: Workspace, at parameters: ParameterVector, _ each: (_ sample: Int, _ score: Float) -> Void
    ) {
        precondition(hasScores, "scores of \(outputCount) outputs")
        let (count, width) = (workspace.batch.count, outputCount)
        let outputs = forward(own(workspace), count, parameters)
        for sample in 0..<count {
            let row = outputs + sample * width
            each(sample, width == 1 ? row[0] : row[1] - row[0])
        }
    }
}
