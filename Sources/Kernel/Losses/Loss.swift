/// What a ``Network`` minimises: how far what leaves its last layer is from what it should be, sample by sample.
public enum Loss: String, CaseIterable, Codable, Sendable {
    /// -log softmax(z)[label] of logits z, one for each class (PyTorch's `CrossEntropyLoss`). Right where the label's is the
    /// largest.
    case softmaxCrossEntropy
    /// -log sigmoid(z) where the label is 1, -log(1 - sigmoid(z)) where it is 0, of one logit z (PyTorch's
    /// `BCEWithLogitsLoss`). Right where z > 0 for label 1, z < 0 for label 0.
    case binaryCrossEntropy
    /// The mean of (y - t)² over a sample's outputs y and their targets t (PyTorch's `MSELoss`). Never right or wrong.
    case squaredError

    /// Refuses a last layer that the loss cannot do with.
    func check(outputs: Int) throws(NetworkError) {
        guard self == .binaryCrossEntropy else { return }
        try require(
            outputs == 1,
            "the last layer has \(outputs) outputs, and the binary cross-entropy takes one: the logit of label 1")
    }

    /// A batch, and what a network made of it.
    struct Samples {
        /// `[B, outputs]`; a loss writes its derivative over them.
        let outputs: UnsafeMutablePointer<Float>
        let batch: Batch
        /// Outputs of a sample.
        let width: Int
    }

    /// The sum of the losses; turns the outputs into the derivative of scale times that sum.
    func lossAndGradient(_ samples: Samples, scale: Float) -> Double {
        let (outputs, count) = (samples.outputs, samples.batch.count)
        switch self {
        case .softmaxCrossEntropy:
            return SoftmaxCrossEntropy.lossAndGradient(
                outputs, labels: samples.batch.filledLabels, batch: count, classes: samples.width, scale: scale)
        case .binaryCrossEntropy:
            return BinaryCrossEntropy.lossAndGradient(
                outputs, labels: samples.batch.filledLabels, batch: count, scale: scale)
        case .squaredError:
            return SquaredError.lossAndGradient(
                outputs, targets: samples.batch.filledTargets, batch: count, width: samples.width, scale: scale)
        }
    }

    /// Each sample's loss and whether the model is right about it, in their order. May overwrite the outputs.
    @inline(__always)
    func judge(_ samples: Samples, _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void) {
        let (outputs, count) = (samples.outputs, samples.batch.count)
        switch self {
        case .softmaxCrossEntropy:
            SoftmaxCrossEntropy.judge(
                outputs, labels: samples.batch.filledLabels, batch: count, classes: samples.width, each)
        case .binaryCrossEntropy:
            BinaryCrossEntropy.judge(outputs, labels: samples.batch.filledLabels, batch: count, each)
        case .squaredError:
            SquaredError.judge(
                outputs, targets: samples.batch.filledTargets, batch: count, width: samples.width, each)
        }
    }
}

extension Batch {
    /// `[B]`
    var filledLabels: UnsafePointer<UInt8> {
        precondition(count > 0, "an empty batch")
        // The memory of a batch that holds samples is never nil.
        return UnsafePointer(labels.baseAddress.unsafelyUnwrapped)
    }

    /// `[B, targetCount]`
    var filledTargets: UnsafePointer<Float> {
        precondition(count > 0 && targetCount > 0, "a batch of \(count) samples with \(targetCount) targets each")
        return UnsafePointer(targets.baseAddress.unsafelyUnwrapped)
    }
}
