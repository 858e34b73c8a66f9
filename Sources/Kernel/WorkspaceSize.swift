extension Network {
    /// What training on up to `samples` samples at once needs beside the model and its gradient: the batch, the activations
    /// of every layer, what layers keep for their backward pass, the gradients between layers, and scratch. It is what a
    /// ``NetworkWorkspace`` allocates.
    public func workspaceBytes(samples: Int) -> Int {
        let layers = stages.map(\.layer)
        let widest = layers.map { max($0.input.count, $0.output.count) }.max() ?? 0
        var floats = [samples * widest, samples * widest, layers.map(\.scratchCount).max() ?? 0]
        for stage in stages {
            // One that works in place has the buffer of the layer before.
            if !stage.isInPlace { floats.append(samples * stage.layer.output.count) }
            floats.append(samples * stage.layer.savedCountPerSample)
        }
        floats += widestResiduals.map { samples * $0 }
        let numbers = floats.reduce(0, +)
        return numbers * MemoryLayout<Float>.stride
            + Batch.bytes(capacity: samples, featureCount: input.count, targetCount: targetCount)
    }

    /// Numbers of the widest residual that lies in none, of the widest that lies in one other, and so on: a gradient goes
    /// around the body of one of each at a time.
    var widestResiduals: [Int] {
        var widest: [Int] = []
        for stage in stages {
            guard let depth = stage.end?.depth else { continue }
            widest += [Int](repeating: 0, count: max(0, depth + 1 - widest.count))
            widest[depth] = max(widest[depth], stage.layer.output.count)
        }
        return widest
    }
}
