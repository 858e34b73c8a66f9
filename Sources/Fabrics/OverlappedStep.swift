import Cluster
import Kernel

/// A training step in the parts that sending its gradient in buckets needs: how far the forward and backward pass has
/// to be for each bucket, and the update of the model, which waits for the last.
struct OverlappedStep {
    /// All of it.
    let seconds: Double
    /// Forward and backward pass.
    let gradientSeconds: Double
    private let shares: [Double]

    /// The update takes as long as a pass over `count` numbers; the rest of the step's time goes into its passes.
    init(_ work: ComputeWork, count: Int, _ buckets: [GradientBucket], speed: Double, _ compute: ComputeModel) {
        seconds = compute.seconds(work) / speed
        gradientSeconds = max(0, seconds - compute.seconds(.vector(elements: count)) / speed)
        shares = buckets.map(\.readyShare)
    }

    /// When the bucket's numbers are there, in seconds since the step began.
    func readySeconds(_ bucket: Int) -> Double { gradientSeconds * shares[bucket] }

    /// The same on a virtual clock. All parts are rounded from the step's beginning, so that they add up to the step.
    func ready(_ bucket: Int, from begin: VirtualTime) -> VirtualTime {
        VirtualTime(nanoseconds: begin.nanoseconds + VirtualTime.span(seconds: readySeconds(bucket)))
    }

    func gradientEnd(from begin: VirtualTime) -> VirtualTime {
        VirtualTime(nanoseconds: begin.nanoseconds + VirtualTime.span(seconds: gradientSeconds))
    }

    /// What is left for the update, in nanoseconds.
    var updateSpan: Int64 { VirtualTime.span(seconds: seconds) - VirtualTime.span(seconds: gradientSeconds) }
}
