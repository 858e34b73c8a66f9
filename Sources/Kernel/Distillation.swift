import Foundation

/// How far a model's logits z are from another model's logits t, for each sample: what is minimised to make the models
/// agree.
public enum DistillationLoss: String, CaseIterable, Sendable {
    /// (1/C) Σ_c |z_c - t_c| over C classes: D. Li and J. Wang 2019, *FedMD*, section 3.
    case meanAbsoluteError = "mae"
    /// KL(softmax(t) || softmax(z)): Y. Zhang et al. 2018, *Deep Mutual Learning*, section 3.1. Its gradient is that of the
    /// cross-entropy with softmax(t) as soft labels.
    case kullbackLeibler = "kl"

    /// The sum over the batch of a * distance + (1 - a) * cross-entropy with the label; turns the logits into the derivative of
    /// scale times that sum. Where z = t the distance's derivative is 0.
    ///
    /// - Parameters:
    ///   - logits: z `[B, classes]`, overwritten.
    ///   - targets: t, a row of `classes` for each sample, by its place in the batch.
    ///   - labels: `[B]`; not read where a is 1.
    ///   - share: a, from 0 to 1
    func lossAndGradient(
        _ logits: UnsafeMutablePointer<Float>, towards targets: (Int) -> UnsafePointer<Float>,
        labels: UnsafePointer<UInt8>, share: Float, batch: Int, classes: Int, scale: Float
    ) -> Double {
        var loss = 0.0
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * classes) { scratch in
            guard let own = scratch.baseAddress else { return }
            let other = own + classes
            for sample in 0..<batch {
                let (row, target) = (logits + sample * classes, targets(sample))
                own.update(from: row, count: classes)
                let logOfSum = Self.softmax(own, classes)
                if self == .kullbackLeibler {
                    other.update(from: target, count: classes)
                    let logOfOther = Self.softmax(other, classes)
                    for index in 0..<classes where other[index] > 0 {
                        let difference = (target[index] - logOfOther) - (row[index] - logOfSum)
                        loss += Double(share) * Double(other[index]) * Double(difference)
                    }
                }
                let label = share < 1 ? Int(labels[sample]) : -1
                if share < 1 { loss += Double(1 - share) * Double(logOfSum - row[label]) }
                for index in 0..<classes {
                    let distance: Float
                    switch self {
                    case .meanAbsoluteError:
                        let difference = row[index] - target[index]
                        loss += Double(share) * Double(abs(difference)) / Double(classes)
                        // A difference of NaN stays NaN.
                        distance = (difference > 0 ? 1 : difference < 0 ? -1 : difference) / Float(classes)
                    case .kullbackLeibler: distance = own[index] - other[index]
                    }
                    var slope = share * distance
                    if share < 1 { slope += (1 - share) * (own[index] - (index == label ? 1 : 0)) }
                    row[index] = scale * slope
                }
            }
        }
        return loss
    }

    /// Replaces the row by its softmax.
    /// - Returns: the logarithm of the sum of its exponentials.
    private static func softmax(_ row: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
        var largest = row[0]
        for index in 1..<max(count, 1) { largest = max(largest, row[index]) }
        var sum: Float = 0
        for index in 0..<count {
            row[index] = exp(row[index] - largest)
            sum += row[index]
        }
        for index in 0..<count { row[index] /= sum }
        return log(sum) + largest
    }
}

extension Network {
    /// The logits of the samples in `workspace.batch`, put down in rows of a longer vector.
    ///
    /// - Parameters:
    ///   - result: `[rows, classes]`
    ///   - row: of the batch's first sample.
    package func outputs(
        of workspace: Workspace, at parameters: ParameterVector, into result: ParameterVector, from row: Int
    ) {
        let (count, first) = (workspace.batch.count * classCount, row * classCount)
        precondition(first >= 0 && first + count <= result.count, "rows from \(row) on of \(result.count) numbers")
        (result.storage + first).update(from: forward(own(workspace), workspace.batch.count, parameters), count: count)
    }

    /// The same as ``lossAndGradient(of:dividedBy:at:into:progress:)`` for a loss that draws the model to another's logits:
    /// share * distance + (1 - share) * cross-entropy with the label.
    ///
    /// - Parameters:
    ///   - targets: `[rows, classes]`, the other's logits.
    ///   - rows: which row belongs to each sample of the batch.
    ///   - share: 1 where the samples' labels are not to be looked at.
    package func lossAndGradient(
        of workspace: Workspace, towards targets: ParameterVector, rows: ArraySlice<Int32>, by loss: DistillationLoss,
        share: Float = 1, dividedBy divisor: Int, at parameters: ParameterVector, into gradient: ParameterVector
    ) -> Double {
        precondition(self.loss == .softmaxCrossEntropy, "logits of classes from a network that minimises \(self.loss)")
        let (workspace, batch, classes) = (own(workspace), workspace.batch, classCount)
        precondition(gradient.count == parameterCount, "gradient of \(gradient.count), not \(parameterCount)")
        precondition(rows.count == batch.count, "\(rows.count) rows for \(batch.count) samples")
        precondition(
            rows.allSatisfy { $0 >= 0 && (Int($0) + 1) * classes <= targets.count },
            "a row outside of \(targets.count / classes)")
        let logits = forward(workspace, batch.count, parameters)
        let numbers = targets.numbers
        let sum = loss.lossAndGradient(
            logits, towards: { numbers + Int(rows[rows.startIndex + $0]) * classes }, labels: batch.filledLabels,
            share: share, batch: batch.count, classes: classes, scale: 1 / Float(divisor))
        backward(workspace, batch.count, parameters, logits, into: gradient.storage, startingFrom: nil, nil)
        return sum
    }
}
