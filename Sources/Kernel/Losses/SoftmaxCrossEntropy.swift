import Foundation

/// The cross-entropy of softmax(logits) with the true class, and its derivative, in one pass.
enum SoftmaxCrossEntropy {
    /// Returns the sum over the batch of -log softmax(logits)[label], and turns the logits into
    /// scale * (softmax(logits) - onehot(label)), the derivative of scale times that sum.
    ///
    /// - Parameters:
    ///   - logits: `[B, classes]`, overwritten.
    ///   - labels: `[B]`, each in 0..<classes.
    static func lossAndGradient(
        _ logits: UnsafeMutablePointer<Float>, labels: UnsafePointer<UInt8>, batch: Int, classes: Int, scale: Float
    ) -> Double {
        var loss = 0.0
        for sample in 0..<batch {
            let row = logits + sample * classes
            let label = Int(labels[sample])
            let trueLogit = row[label]
            let (largest, total) = exponentiate(row, classes)
            loss += Double(log(total) + largest - trueLogit)
            let normalizer = scale / total
            for index in 0..<classes { row[index] *= normalizer }
            row[label] -= scale
        }
        return loss
    }

    /// The loss of each sample and whether its largest logit is its label's, in their order; a row with a NaN is never right.
    /// Overwrites the logits `[B, classes]`.
    ///
    /// - Parameter each: told each sample's place in the batch, its loss and whether it is right.
    @inline(__always)
    static func judge(
        _ logits: UnsafeMutablePointer<Float>, labels: UnsafePointer<UInt8>, batch: Int, classes: Int,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
    ) {
        for sample in 0..<batch {
            let row = logits + sample * classes
            let trueLogit = row[Int(labels[sample])]
            var best = 0
            for index in 1..<max(classes, 1) where row[index] > row[best] { best = index }
            let (largest, total) = exponentiate(row, classes)
            // A NaN anywhere in the row makes the sum one.
            each(sample, Double(log(total) + largest - trueLogit), best == Int(labels[sample]) && total.isFinite)
        }
    }

    /// Replaces the row by exp(x - largest), which cannot overflow; returns the largest and the sum.
    private static func exponentiate(_ row: UnsafeMutablePointer<Float>, _ count: Int) -> (largest: Float, sum: Float) {
        var largest = row[0]
        for index in 1..<max(count, 1) { largest = max(largest, row[index]) }
        var sum: Float = 0
        for index in 0..<count {
            row[index] = exp(row[index] - largest)
            sum += row[index]
        }
        return (largest, sum)
    }
}
