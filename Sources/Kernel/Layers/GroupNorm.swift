import Lanes

/// Each sample's channels in groups, each group shifted and scaled to mean 0 and variance 1 over its channels and pixels, then
/// each channel by weights and biases of its own (Y. Wu and K. He 2018, *Group Normalization*, eq. 1 to 6; PyTorch's
/// `GroupNorm`): y = w (x - μ) / sqrt(σ² + ε) + b, with σ² the mean of (x - μ)².
///
/// No sample looks at another, so that a gradient does not depend on how a batch is split among workers.
struct GroupNorm: Layer {
    let name: String
    let input: FeatureShape
    let groups: Int
    let epsilon: Float

    var output: FeatureShape { input }
    var inputOrder: ChannelOrder? { .last }
    var outputOrder: ChannelOrder? { .last }
    var parameters: [ParameterSpecification] {
        [
            ParameterSpecification(name: name + ".weight", shape: [channels], fanIn: 0, fanOut: 0, constant: 1),
            ParameterSpecification(name: name + ".bias", shape: [channels], fanIn: 0, fanOut: 0, constant: 0),
        ]
    }
    var flopsPerSample: Double { 8 * Double(input.count) }
    /// Each group's μ and 1 / sqrt(σ² + ε) are kept.
    var savedCountPerSample: Int { 2 * groups }
    var scratchCount: Int { 6 * period + 2 * channels }

    private var channels: Int { input.channels }
    private var channelsPerGroup: Int { channels / groups }
    /// Numbers of a group in a sample.
    private var groupCount: Int { input.count / groups }
    /// What belongs to a channel is repeated up to a multiple of eight: a sample, with its channels last, is then read eight
    /// numbers at a time whatever the number of channels.
    private var period: Int {
        var period = channels
        while period % 8 != 0 { period += channels }
        return period
    }

    func forward(_ pass: ForwardPass) {
        let (sums, means, scales, biases) = (
            pass.scratch, pass.scratch + period, pass.scratch + 2 * period, pass.scratch + 3 * period
        )
        let weight = pass.parameters
        fill(biases) { weight[channels + $0] }
        pass.saved.withMemoryRebound(to: Float.self, capacity: pass.batch * savedCountPerSample) { saved in
            for sample in 0..<pass.batch {
                let (x, y) = (pass.input + sample * input.count, pass.output + sample * input.count)
                let statistics = saved + sample * savedCountPerSample
                sum(into: sums) { place, _ in
                    x.lanes(place)
                } one: { place, _ in
                    x[place]
                }
                forEachGroup { group, members in
                    statistics[2 * group] = Float(total(sums, members) / Double(groupCount))
                }
                fill(means) { statistics[2 * ($0 / channelsPerGroup)] }
                sum(into: sums) { place, entry in
                    let distance = x.lanes(place) - means.lanes(entry)
                    return distance * distance
                } one: { place, entry in
                    let distance = x[place] - means[entry]
                    return distance * distance
                }
                forEachGroup { group, members in
                    let variance = total(sums, members) / Double(groupCount)
                    statistics[2 * group + 1] = Float(1 / (variance + Double(epsilon)).squareRoot())
                }
                fill(scales) { weight[$0] * statistics[2 * ($0 / channelsPerGroup) + 1] }
                forEachNumber { place, entry in
                    y.set(
                        place,
                        biases.lanes(entry).adding(x.lanes(place) - means.lanes(entry), times: scales.lanes(entry)))
                } one: { place, entry in
                    y[place] = biases[entry].addingProduct(x[place] - means[entry], scales[entry])
                }
            }
        }
    }

    /// With x̂ = (x - μ) r, r = 1 / sqrt(σ² + ε), g = w dL/dy and means over a group: dL/dx = r (g - mean(g) - x̂ mean(g x̂)).
    func backward(_ pass: BackwardPass) {
        let (weight, weightSums) = (pass.parameters, pass.scratch + 6 * period)
        let biasSums = weightSums + channels
        weightSums.update(repeating: 0, count: 2 * channels)
        pass.saved.withMemoryRebound(to: Float.self, capacity: pass.batch * savedCountPerSample) { saved in
            for sample in 0..<pass.batch {
                let first = sample * input.count
                differentiate(
                    pass.input + first, pass.outputGradient + first, saved + sample * savedCountPerSample, weight,
                    weightSums, biasSums, pass.scratch, into: pass.inputGradient.map { $0 + first })
            }
        }
        // After all reading of weights, which may be the gradient's memory.
        for index in 0..<2 * channels { pass.gradient[index] = (pass.start?[index] ?? 0) + weightSums[index] }
    }

    /// One sample: adds to the sums of the parameters' gradients, and overwrites the input's.
    private func differentiate(
        _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, _ statistics: UnsafePointer<Float>,
        _ weight: UnsafePointer<Float>, _ weightSums: UnsafeMutablePointer<Float>,
        _ biasSums: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>,
        into inputGradient: UnsafeMutablePointer<Float>?
    ) {
        let (sums, products, means) = (scratch, scratch + period, scratch + 2 * period)
        let (scales, slopes, shifts) = (scratch + 3 * period, scratch + 4 * period, scratch + 5 * period)
        fill(means) { statistics[2 * ($0 / channelsPerGroup)] }
        sum(into: sums) { place, _ in
            upstream.lanes(place)
        } one: { place, _ in
            upstream[place]
        }
        sum(into: products) { place, entry in
            upstream.lanes(place) * (x.lanes(place) - means.lanes(entry))
        } one: { place, entry in
            upstream[place] * (x[place] - means[entry])
        }
        forEachGroup { group, members in
            let deviation = statistics[2 * group + 1]
            var (mean, meanProduct): (Float, Float) = (0, 0)
            for channel in members {
                let sum = Float(total(sums, channel..<channel + 1))
                let product = Float(total(products, channel..<channel + 1)) * deviation
                biasSums[channel] += sum
                weightSums[channel] += product
                mean += weight[channel] * sum
                meanProduct += weight[channel] * product
            }
            (mean, meanProduct) = (mean / Float(groupCount), meanProduct / Float(groupCount))
            for channel in members {
                for entry in stride(from: channel, to: period, by: channels) {
                    scales[entry] = deviation * weight[channel]
                    slopes[entry] = deviation * deviation * meanProduct
                    shifts[entry] = deviation * mean
                }
            }
        }
        guard let inputGradient else { return }
        forEachNumber { place, entry in
            let distance = x.lanes(place) - means.lanes(entry)
            inputGradient.set(
                place,
                upstream.lanes(place) * scales.lanes(entry) - distance * slopes.lanes(entry) - shifts.lanes(entry))
        } one: { place, entry in
            let distance = x[place] - means[entry]
            inputGradient[place] = upstream[place] * scales[entry] - distance * slopes[entry] - shifts[entry]
        }
    }

    @inline(__always)
    private func forEachGroup(_ body: (_ group: Int, _ channels: Range<Int>) -> Void) {
        for group in 0..<groups { body(group, group * channelsPerGroup..<(group + 1) * channelsPerGroup) }
    }

    /// Repeats a number for each channel through a period.
    @inline(__always)
    private func fill(_ target: UnsafeMutablePointer<Float>, _ value: (_ channel: Int) -> Float) {
        for channel in 0..<channels {
            let value = value(channel)
            for entry in stride(from: channel, to: period, by: channels) { target[entry] = value }
        }
    }

    /// What a period's sums make for some channels together.
    @inline(__always)
    private func total(_ sums: UnsafePointer<Float>, _ members: Range<Int>) -> Double {
        var total = 0.0
        for channel in members {
            for entry in stride(from: channel, to: period, by: channels) { total += Double(sums[entry]) }
        }
        return total
    }

    /// Adds up a sample's numbers by their entries in a period.
    @inline(__always)
    private func sum(
        into sums: UnsafeMutablePointer<Float>, _ lanes: (_ place: Int, _ entry: Int) -> Lanes,
        one: (_ place: Int, _ entry: Int) -> Float
    ) {
        sums.update(repeating: 0, count: period)
        forEachNumber { place, entry in
            sums.set(entry, sums.lanes(entry) + lanes(place, entry))
        } one: { place, entry in
            sums[entry] += one(place, entry)
        }
    }

    /// Calls `lanes` with the place of every eight numbers of a sample and their entry in a period, and `one` with those of the
    /// fewer than eight that are left in the end.
    @inline(__always)
    private func forEachNumber(_ lanes: (_ place: Int, _ entry: Int) -> Void, one: (_ place: Int, _ entry: Int) -> Void)
    {
        let (count, period) = (input.count, period)
        var (place, entry) = (0, 0)
        while place + 8 <= count {
            lanes(place, entry)
            place += 8
            entry += 8
            if entry == period { entry = 0 }
        }
        while place < count {
            one(place, entry)
            place += 1
            entry += 1
        }
    }
}

extension Network.Description {
    /// Channels in groups, each brought to mean 0 and variance 1 in each sample by itself, then scaled and shifted channel by
    /// channel, as PyTorch's `GroupNorm`. The name is that of its tensors: `gn1.weight`, 1 at first, and `gn1.bias`, 0.
    ///
    /// - Parameters:
    ///   - groups: divides the number of channels; 1 for all channels together.
    ///   - epsilon: what is added to the variance.
    public static func groupNorm(_ name: String, groups: Int, epsilon: Float = 1e-5) -> Self {
        Self("groupNorm", named: name) { input throws(NetworkError) in
            try require(
                groups > 0 && input.channels % groups == 0,
                "\(input.channels) channels cannot be put into \(groups) groups")
            try require(
                input.count > groups,
                "\(input) in \(groups) groups leaves each with a single number, whose deviation from its own mean is 0")
            try require(epsilon > 0 && epsilon.isFinite, "epsilon must be a number above 0, found \(epsilon)")
            return GroupNorm(name: name, input: input, groups: groups, epsilon: epsilon)
        }
    }
}
