extension ForwardPass {
    /// What the layer keeps for its backward pass, as floats: `[B, savedCountPerSample]`.
    func savedFloats(layer: some Layer) -> UnsafeMutablePointer<Float> {
        // A float and a word of `saved` have 32 bits each; what one pass writes as floats, the other reads as floats.
        UnsafeMutableRawPointer(saved).bindMemory(to: Float.self, capacity: batch * layer.savedCountPerSample)
    }
}

extension BackwardPass {
    /// What the layer kept, as floats: `[B, savedCountPerSample]`. It is the layer's own, which may scribble on it.
    func savedFloats(layer: some Layer) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(mutating: saved).bindMemory(
            to: Float.self, capacity: batch * layer.savedCountPerSample)
    }
}
