/// The maximum over `window` x `window` squares side by side; a border narrower than the window is dropped (PyTorch's
/// `MaxPool2d`). Ties go to the first in reading order.
struct MaxPool2D: Layer {
    let name = "maxpool"
    let input: FeatureShape
    let window: Int

    init(input: FeatureShape, window: Int) {
        precondition(
            window > 0 && input.height >= window && input.width >= window, "a window of \(window) on input \(input)")
        self.input = input
        self.window = window
    }

    var output: FeatureShape {
        FeatureShape(channels: input.channels, height: input.height / window, width: input.width / window)
    }

    /// The index of each maximum within its sample.
    var savedCountPerSample: Int { output.count }
    var flopsPerSample: Double { Double(output.count * window * window) }

    func forward(_ pass: ForwardPass) {
        let (height, width) = (output.height, output.width)
        for sample in 0..<pass.batch {
            let image = pass.input + sample * input.count
            var next = sample * output.count
            for channel in 0..<input.channels {
                for y in 0..<height {
                    for x in 0..<width {
                        let corner = (channel * input.height + y * window) * input.width + x * window
                        var best = corner
                        for dy in 0..<window {
                            for dx in 0..<window {
                                let candidate = corner + dy * input.width + dx
                                // A NaN wins, and nothing is greater than it, so that divergence is seen.
                                if image[candidate] > image[best] || image[candidate].isNaN { best = candidate }
                            }
                        }
                        pass.output[next] = image[best]
                        pass.saved[next] = Int32(truncatingIfNeeded: best)
                        next += 1
                    }
                }
            }
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        inputGradient.update(repeating: 0, count: pass.batch * input.count)
        for sample in 0..<pass.batch {
            let image = inputGradient + sample * input.count
            for index in sample * output.count..<(sample + 1) * output.count {
                image[Int(pass.saved[index])] += pass.outputGradient[index]
            }
        }
    }
}
