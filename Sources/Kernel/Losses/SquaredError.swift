import Lanes

/// The mean of (output - target)² over a sample's outputs.
enum SquaredError {
    /// Returns the sum over the batch, and turns the outputs into scale * 2 / width * (output - target).
    ///
    /// - Parameters:
    ///   - outputs: `[B, width]`, overwritten.
    ///   - targets: `[B, width]`
    static func lossAndGradient(
        _ outputs: UnsafeMutablePointer<Float>, targets: UnsafePointer<Float>, batch: Int, width: Int, scale: Float
    ) -> Double {
        var sum = 0.0
        for sample in 0..<batch { sum += loss(outputs + sample * width, targets + sample * width, width) }
        let factor = scale * (2 / Float(width))
        mapLanes(outputs, targets, into: outputs, count: batch * width) { ($0 - $1) * factor }
        return sum
    }

    /// The loss of each sample; what is measured on a scale is never right or wrong.
    @inline(__always)
    static func judge(
        _ outputs: UnsafePointer<Float>, targets: UnsafePointer<Float>, batch: Int, width: Int,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
    ) {
        for sample in 0..<batch {
            each(sample, loss(outputs + sample * width, targets + sample * width, width), false)
        }
    }

    private static func loss(_ outputs: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ width: Int) -> Double {
        var (lanes, index) = (Lanes(), 0)
        while index + 8 <= width {
            let distance = outputs.lanes(index) - targets.lanes(index)
            lanes.add(distance, times: distance)
            index += 8
        }
        var sum = Double(lanes.treeSum)
        while index < width {
            let distance = Double(outputs[index] - targets[index])
            sum += distance * distance
            index += 1
        }
        return sum / Double(width)
    }
}
