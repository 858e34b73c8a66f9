import Foundation

/// The cross-entropy of sigmoid(logit) with a label of 0 or 1, from the logit, so that no rounded probability's logarithm is
/// taken: max(z, 0) - z label + log(1 + exp(-|z|)).
enum BinaryCrossEntropy {
    /// Returns the sum of the losses, and turns the logits into scale * (sigmoid(logit) - label).
    ///
    /// - Parameters:
    ///   - logits: `[B]`, overwritten.
    ///   - labels: `[B]`, each 0 or 1.
    static func lossAndGradient(
        _ logits: UnsafeMutablePointer<Float>, labels: UnsafePointer<UInt8>, batch: Int, scale: Float
    ) -> Double {
        var sum = 0.0
        for sample in 0..<batch {
            let (z, label) = (logits[sample], labels[sample])
            sum += loss(z, label)
            // The distance from the label itself, which 1 - sigmoid(z) would lose where that is close to 1.
            let towards = label == 1 ? -z : z
            let small = exp(-abs(towards))
            let distance = towards < 0 ? small / (1 + small) : 1 / (1 + small)
            logits[sample] = label == 1 ? -scale * distance : scale * distance
        }
        return sum
    }

    /// The loss of each sample, and whether its logit's sign is its label's; 0 and NaN never are.
    @inline(__always)
    static func judge(
        _ logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, batch: Int,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
    ) {
        for sample in 0..<batch {
            let (z, label) = (logits[sample], labels[sample])
            each(sample, loss(z, label), label == 1 ? z > 0 : z < 0)
        }
    }

    private static func loss(_ z: Float, _ label: UInt8) -> Double {
        precondition(label <= 1, "label \(label) of a loss for two classes, 0 and 1")
        let z = Double(z)
        // Written so that a NaN stays a NaN.
        return (z < 0 ? 0 : z) - (label == 1 ? z : 0) + log1p(exp(-abs(z)))
    }
}
