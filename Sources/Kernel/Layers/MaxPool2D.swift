import Lanes

/// The maximum over `window` x `window` squares side by side; a border narrower than the window is dropped (PyTorch's
/// `MaxPool2d`). Ties go to the first in reading order. If asked, max(·, 0) of that.
struct MaxPool2D: Layer {
    let name = "maxpool"
    let input: FeatureShape
    let window: Int
    var hasReLU = false

    init(input: FeatureShape, window: Int) {
        precondition(
            window > 0 && input.height >= window && input.width >= window, "a window of \(window) on input \(input)")
        self.input = input
        self.window = window
    }

    var output: FeatureShape {
        FeatureShape(channels: input.channels, height: input.height / window, width: input.width / window)
    }
    var inputOrder: ChannelOrder? { .last }
    var outputOrder: ChannelOrder? { .last }

    /// The place of each maximum in its window is kept.
    var savedCountPerSample: Int { output.count }
    var flopsPerSample: Double { Double(output.count * window * window) }

    var readsOutput: Bool { hasReLU }
    var fusedWithReLU: (any Layer)? {
        var fused = self
        fused.hasReLU = true
        return fused
    }

    func forward(_ pass: ForwardPass) {
        let channels = input.channels
        forEachWindow(pass.batch) { corner, result in
            let (image, output, saved) = (pass.input + corner, pass.output + result, pass.saved + result)
            var channel = 0
            while channel + 8 <= channels {
                var best = image.lanes(channel)
                var place = SIMD8<Int32>()
                var next: Int32 = 0
                for y in 0..<window {
                    for x in 0..<window {
                        let candidate = image.lanes((y * input.width + x) * channels + channel)
                        // A NaN wins, and nothing is greater than it, so that divergence is seen.
                        let wins = (candidate .> best) .| (candidate .!= candidate)
                        best.replace(with: candidate, where: wins)
                        place.replace(with: next, where: wins)
                        next += 1
                    }
                }
                if hasReLU { best.replace(with: 0, where: best .< 0) }
                output.set(channel, best)
                UnsafeMutableRawPointer(saved + channel).storeBytes(of: place, as: SIMD8<Int32>.self)
                channel += 8
            }
            while channel < channels {
                var (best, place) = (image[channel], 0)
                for next in 1..<max(window * window, 1) {
                    let candidate = image[(next / window * input.width + next % window) * channels + channel]
                    if candidate > best || candidate.isNaN { (best, place) = (candidate, next) }
                }
                output[channel] = hasReLU && best < 0 ? 0 : best
                saved[channel] = Int32(truncatingIfNeeded: place)
                channel += 1
            }
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        let channels = input.channels
        if hasReLU { maskGradient(pass.outputGradient, where: pass.output, count: pass.batch * output.count) }
        if input.height % window != 0 || input.width % window != 0 {
            inputGradient.update(repeating: 0, count: pass.batch * input.count)
        }
        forEachWindow(pass.batch) { corner, result in
            let (image, gradient, saved) = (inputGradient + corner, pass.outputGradient + result, pass.saved + result)
            var channel = 0
            while channel + 8 <= channels {
                let (values, place) = (
                    gradient.lanes(channel),
                    UnsafeRawPointer(saved + channel).loadUnaligned(as: SIMD8<Int32>.self)
                )
                var next: Int32 = 0
                for y in 0..<window {
                    for x in 0..<window {
                        image.set(
                            (y * input.width + x) * channels + channel,
                            values.kept(where: place, equals: next))
                        next += 1
                    }
                }
                channel += 8
            }
            while channel < channels {
                for next in 0..<window * window {
                    image[(next / window * input.width + next % window) * channels + channel] =
                        Int(saved[channel]) == next ? gradient[channel] : 0
                }
                channel += 1
            }
        }
    }

    /// Calls `body` with where each window begins in the input, and where its maxima go in the output.
    @inline(__always)
    private func forEachWindow(_ batch: Int, _ body: (_ corner: Int, _ result: Int) -> Void) {
        for sample in 0..<batch {
            for y in 0..<output.height {
                for x in 0..<output.width {
                    body(
                        sample * input.count + (y * window * input.width + x * window) * input.channels,
                        sample * output.count + (y * output.width + x) * input.channels)
                }
            }
        }
    }
}
