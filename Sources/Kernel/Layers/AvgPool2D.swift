import Lanes

/// The mean of `window` x `window` squares side by side; a border narrower than the window is dropped (PyTorch's `AvgPool2d`).
struct AvgPool2D: Layer {
    let name = "avgpool"
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
    var inputOrder: ChannelOrder? { .last }
    var outputOrder: ChannelOrder? { .last }
    var flopsPerSample: Double { Double(output.count * window * window) }
    var scratchCount: Int { lineCount }

    /// Numbers of a line of pixels.
    private var lineCount: Int { input.width * input.channels }

    /// The lines under a line of windows are added up first, so that it takes eight numbers at a time however few channels
    /// there are.
    func forward(_ pass: ForwardPass) {
        let sums = pass.scratch
        let share = 1 / Float(window * window)
        forEachLine(pass.batch) { line, result in
            let first = pass.input + line
            sums.update(from: first, count: lineCount)
            for row in 1..<max(window, 1) { add(sums, first + row * lineCount, into: sums, count: lineCount) }
            forEachWindow { place, mean in
                var sum = sums.lanes(place)
                for x in 1..<max(window, 1) { sum += sums.lanes(place + x * input.channels) }
                (pass.output + result).set(mean, sum * share)
            } one: { place, mean in
                var sum = sums[place]
                for x in 1..<max(window, 1) { sum += sums[place + x * input.channels] }
                pass.output[result + mean] = sum * share
            }
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        let share = 1 / Float(window * window)
        if input.height % window != 0 || input.width % window != 0 {
            inputGradient.update(repeating: 0, count: pass.batch * input.count)
        }
        forEachLine(pass.batch) { line, result in
            let (first, gradient) = (inputGradient + line, pass.outputGradient + result)
            forEachWindow { place, mean in
                let part = gradient.lanes(mean) * share
                for x in 0..<window { first.set(place + x * input.channels, part) }
            } one: { place, mean in
                let part = gradient[mean] * share
                for x in 0..<window { first[place + x * input.channels] = part }
            }
            for row in 1..<max(window, 1) { (first + row * lineCount).update(from: first, count: lineCount) }
        }
    }

    /// Calls `body` with where the first line of pixels under each line of windows begins, and where their means go.
    @inline(__always)
    private func forEachLine(_ batch: Int, _ body: (_ line: Int, _ result: Int) -> Void) {
        let (input, output) = (input, output)
        for sample in 0..<batch {
            for y in 0..<output.height {
                body(
                    sample * input.count + y * window * lineCount,
                    sample * output.count + y * output.width * output.channels)
            }
        }
    }

    /// Calls `lanes` for every eight channels of each window in a line, `one` for each channel that is left: with the place of
    /// its first number in the line, and that of the mean.
    @inline(__always)
    private func forEachWindow(_ lanes: (_ place: Int, _ mean: Int) -> Void, one: (_ place: Int, _ mean: Int) -> Void) {
        let channels = input.channels
        for x in 0..<input.width / window {
            var channel = 0
            while channel + 8 <= channels {
                lanes(x * window * channels + channel, x * channels + channel)
                channel += 8
            }
            while channel < channels {
                one(x * window * channels + channel, x * channels + channel)
                channel += 1
            }
        }
    }
}

extension Network.Description {
    /// The mean of each window of so many rows and columns, as PyTorch's `AvgPool2d`; windows do not overlap.
    public static func avgPool2D(_ window: Int) -> Self {
        Self("avgPool2D") { input throws(NetworkError) in
            try requireWindow(window, fits: input)
            return AvgPool2D(input: input, window: window)
        }
    }
}
