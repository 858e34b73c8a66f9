import Cluster

/// A training step in the parts that sending its gradient in buckets needs: how far the forward and backward pass has
/// to be for each bucket, and the update of the model, which waits for the last.
struct OverlappedStep {
    /// Seconds of the whole step.
    let seconds: Double
    /// Seconds of the forward and backward pass.
    let gradientSeconds: Double

    /// The update takes as long as a pass over `elements` numbers; the rest of the step's time goes into its passes.
    /// As all of a step, both are shared by the node's cores.
    init(_ work: ComputeWork, elements: Int, on node: Node, _ compute: ComputeModel) {
        seconds = compute.seconds(work, on: node)
        let update = compute.seconds(.vector(elements: elements)) / node.coresSharing(samples: work.samplesPerStep)
        gradientSeconds = max(0, seconds - update / node.speed)
    }

    /// Nanoseconds from the step's beginning until a share of the gradient is there. All parts are rounded from the
    /// beginning, so that they add up to the step.
    func span(_ share: Double) -> Int64 { VirtualTime.span(seconds: gradientSeconds * share) }

    /// What is left for the update, in nanoseconds.
    var updateSpan: Int64 { VirtualTime.span(seconds: seconds) - span(1) }
}
