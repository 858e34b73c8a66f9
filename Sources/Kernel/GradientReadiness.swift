/// Told while a gradient is computed that its numbers from `readyFrom` to the end are there.
public typealias GradientProgress = (_ readyFrom: Int) -> Void

extension Network {
    /// For every slot of ``layout``, the share of a training step's forward and backward pass that is done when its
    /// gradient is there: the backward pass goes from the last layer to the first, and a layer's weights and biases are
    /// ready when the layer's own part is over. The share of the first slot is 1.
    ///
    /// Shares are of floating-point operations. A layer's backward pass costs twice its forward pass, except in the
    /// first layer with parameters, whose input gradient is not computed (as in ``trainingFlopsPerSample``).
    public var gradientReadiness: [Double] {
        let firstTrained = layers.firstIndex { !$0.parameters.isEmpty } ?? 0
        var done = layers.reduce(0) { $0 + $1.flopsPerSample }
        var doneAtSlot: [Double] = []
        for (index, layer) in layers.enumerated().reversed() where index >= firstTrained {
            done += (index == firstTrained ? 1 : 2) * layer.flopsPerSample
            doneAtSlot += Array(repeating: done, count: layer.parameters.count)
        }
        // Counts of operations are whole numbers, so that the last sum over itself is 1 to the last bit.
        return doneAtSlot.reversed().map { $0 / done }
    }
}
