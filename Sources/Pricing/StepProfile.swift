import Training

/// How long one training step of a model takes on the device that it was measured on, and when each part of its
/// gradient is available: all that pricing needs to know of a model that is not trained here. ``ProfileFile`` reads a
/// profile.
public struct StepProfile: Hashable, Sendable {
    /// The parts of one step of so many samples on one device, in seconds.
    public struct Step: Hashable, Sendable {
        /// Samples of the step on this device.
        public let samples: Int
        /// Seconds of the forward pass.
        public let forward: Double
        /// Seconds of the backward pass.
        public let backward: Double
        /// Seconds of the optimizer's update.
        public let update: Double
        /// The 10th and 90th percentiles of whole steps, in seconds; nil where they were not measured.
        public let spread: ClosedRange<Double>?
        /// The time of a step with the tensors measured, relative to one without; nil where it was not measured.
        public let hookedOverPlain: Double?

        /// All three parts, in seconds.
        public var seconds: Double { forward + backward + update }
    }

    /// A tensor of the gradient, or a bucket of tensors that is sent at once.
    public struct Part: Hashable, Sendable {
        /// The name of the tensor or bucket.
        public let name: String
        /// How many numbers it has.
        public let numbers: Int
        /// The share of the backward pass after which its gradient is available, from 0 to 1.
        public let ready: Double
    }

    /// How finely the gradient is known.
    public enum Gradient: Hashable, Sendable {
        /// Tensor by tensor, in the order of the forward pass: buckets of any size can be priced.
        case tensors([Part])
        /// In the buckets of the recorded job, in the order of sending; no other buckets can be priced.
        case buckets([Part])

        /// The tensors or buckets.
        public var parts: [Part] {
            switch self {
            case .tensors(let parts), .buckets(let parts): parts
            }
        }
    }

    /// The profile's name in tables.
    public let name: String
    /// The device that the profile was measured on.
    public let device: String
    /// The framework's version; nil where it is not given.
    public let framework: String?
    /// Who measured the profile, when and how.
    public let source: String
    /// Bytes of a number of the gradient when it is sent.
    public let bytesPerNumber: Int
    /// The measured steps, ascending by samples, each number of samples once.
    public let steps: [Step]
    /// The gradient by tensors or by buckets.
    public let gradient: Gradient
    /// Floating-point operations of training on one sample; nil where they are not given.
    public let flopsPerSample: Double?
    /// Samples of the training set; nil where they are not given.
    public let trainingSamples: Int?
    /// The share of the backward pass in which the device computed while it was recorded; nil where it was not measured.
    public let busyInBackward: Double?

    /// P, the number of parameters, which is that of the gradient's numbers.
    public var parameterCount: Int { gradient.parts.reduce(0) { $0 + $1.numbers } }
    /// Bytes of the whole gradient when it is sent.
    public var gradientBytes: Int { parameterCount * bytesPerNumber }

    /// Below this share the device waits for its host in the backward pass, and its times are those of the recording
    /// only.
    public static let leastBusy = 0.8

    /// The times of a step of so many samples: measured, or interpolated between the two measured numbers around it.
    ///
    /// - Throws: ``PricingError`` outside the measured range: for few samples a device's time is not proportional to
    ///   their number, and for more than the largest number its memory may not suffice.
    public func step(of samples: Int) throws(PricingError) -> Step {
        if let step = steps.first(where: { $0.samples == samples }) { return step }
        guard let upper = steps.firstIndex(where: { $0.samples > samples }), upper > 0 else {
            let (least, most) = (steps[0].samples, steps[steps.count - 1].samples)
            throw PricingError(
                """
                a step of \(samples) samples, and profile '\(name)' was measured \
                \(steps.count == 1 ? "at \(least) samples alone; allowed are \(least)" : "from \(least) to \(most) samples; allowed is what lies between") \
                a worker, or a profile with more points
                """)
        }
        let (low, high) = (steps[upper - 1], steps[upper])
        let share = Double(samples - low.samples) / Double(high.samples - low.samples)
        func between(_ part: KeyPath<Step, Double>) -> Double {
            low[keyPath: part] + share * (high[keyPath: part] - low[keyPath: part])
        }
        return Step(
            samples: samples, forward: between(\.forward), backward: between(\.backward), update: between(\.update),
            spread: nil, hookedOverPlain: nil)
    }

    /// What is sent during the backward pass, in the order of sending: by DistributedDataParallel's rule
    /// (``GradientOverlap``), or as it was recorded.
    ///
    /// PyTorch fills its buckets in the order in which gradients came in the first step, which is the order of `ready`
    /// here; of two equal ones, the later one of the forward pass comes first. A bucket is sent when all its tensors
    /// are available and the bucket before it has been sent.
    ///
    /// - Returns: each bucket's numbers, and the share of forward and backward pass after which the bucket is
    ///   available.
    package func buckets(
        _ overlap: GradientOverlap, at step: Step
    ) -> [(numbers: Int, readyShare: Double)] {
        let passes = step.forward + step.backward
        func share(_ ready: Double) -> Double { (step.forward + ready * step.backward) / passes }
        let parts: [Part]
        switch gradient {
        case .buckets(let recorded): parts = recorded
        case .tensors(let tensors):
            parts = tensors.enumerated().sorted { ($0.element.ready, -$0.offset) < ($1.element.ready, -$1.offset) }
                .map(\.element)
        }
        var latest = 0.0
        let arrived = parts.map { part in
            latest = max(latest, share(part.ready))
            return (numbers: part.numbers, readyShare: min(1, latest))
        }
        if case .buckets = gradient { return arrived }
        return overlap.buckets(ofTensors: arrived, bytesPerNumber: bytesPerNumber)
    }

    /// What readers of the prices should know about the profile, a sentence each.
    public var warnings: [String] {
        var warnings: [String] = []
        if let busy = busyInBackward, busy < Self.leastBusy {
            warnings.append(
                """
                the device was busy for \(Self.percent(busy)) of the backward pass that was recorded: it waited for its host, so \
                these times are too long and hide too much communication
                """)
        }
        if case .buckets = gradient {
            warnings.append("the gradient is known in the buckets that were recorded, and in no others")
        }
        let hooked = steps.compactMap(\.hookedOverPlain).max() ?? 1
        if hooked > 1.1 {
            warnings.append(
                "measuring tensor by tensor made steps \(Self.percent(hooked - 1)) longer: when gradients are there is less sure"
            )
        }
        for step in steps {
            guard let spread = step.spread, spread.upperBound > 1.2 * spread.lowerBound else { continue }
            warnings.append(
                "steps of \(step.samples) samples spread by \(Self.percent(spread.upperBound / spread.lowerBound - 1)) (p10 to p90)"
            )
        }
        return warnings
    }

    /// A share in per cent; of times too small to be represented, such as 1e-400 seconds, it is not a number.
    private static func percent(_ fraction: Double) -> String {
        Int(exactly: (fraction * 100).rounded()).map { "\($0) %" } ?? "more than can be told"
    }
}
