extension Network {
    /// What training on up to `samples` samples at once needs beside the model and its gradient: the batch, the activations
    /// of every layer, what layers keep for their backward pass, the gradients between layers, and scratch. It is what a
    /// ``NetworkWorkspace`` allocates.
    public func workspaceBytes(samples: Int) -> Int {
        let layers = stages.map(\.layer)
        let widest = layers.map { max($0.input.count, $0.output.count) }.max() ?? 0
        var floats = [samples * input.count, samples * widest, samples * widest, layers.map(\.scratchCount).max() ?? 0]
        for (index, layer) in layers.enumerated() {
            // One that works in place has the buffer of the layer before.
            if !layer.operatesInPlace || index == 0 { floats.append(samples * layer.output.count) }
            floats.append(samples * layer.savedCountPerSample)
        }
        let numbers = floats.reduce(0, +)
        return numbers * MemoryLayout<Float>.stride + samples * MemoryLayout<UInt8>.stride
    }
}
