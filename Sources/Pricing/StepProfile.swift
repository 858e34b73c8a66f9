import Training

/// What one training step of a model takes on the device that it was measured on, and when which part of its gradient is there:
/// all that pricing needs of a model that is not trained here. ``ProfileFile`` reads one.
public struct StepProfile: Hashable, Sendable {
    /// What one step of so many samples takes on one device, in seconds.
    public struct Step: Hashable, Sendable {
        /// Samples of the step on this device.
        public let samples: Int
        /// Seconds of the forward pass.
        public let forward: Double
        /// Seconds of the backward pass.
        public let backward: Double
        /// Seconds of the optimizer's update.
        public let update: Double
        /// The tenth and the ninetieth hundredth of whole steps, in seconds; nil where nobody measured them.
        public let spread: ClosedRange<Double>?
        /// What measuring the tensors made of a step's time, as a ratio; nil where nobody measured it.
        public let hookedOverPlain: Double?

        /// All three parts, in seconds.
        public var seconds: Double { forward + backward + update }
    }

    /// A tensor of the gradient, or what is sent of it at once.
    public struct Part: Hashable, Sendable {
        public let name: String
        /// Numbers in it.
        public let numbers: Int
        /// The share of the backward pass that is over when its gradient is there, from 0 to 1.
        public let ready: Double
    }

    /// How finely the gradient is known.
    public enum Gradient: Hashable, Sendable {
        /// Tensor by tensor, in the order of the forward pass: any size of bucket can be priced.
        case tensors([Part])
        /// In the buckets of the job that was recorded, in the order of sending, and in no other.
        case buckets([Part])

        /// What it consists of.
        public var parts: [Part] {
            switch self {
            case .tensors(let parts), .buckets(let parts): parts
            }
        }
    }

    /// As tables call it.
    public let name: String
    /// What it was measured on.
    public let device: String
    /// The framework's version; nil where nobody says.
    public let framework: String?
    /// Who measured it, when and how.
    public let source: String
    /// Bytes of a number of the gradient on the wire.
    public let bytesPerNumber: Int
    /// By samples, ascending, each number once.
    public let steps: [Step]
    public let gradient: Gradient
    /// Floating-point operations of training on one sample; nil where nobody says.
    public let flopsPerSample: Double?
    /// Samples of the training set; nil where nobody says.
    public let trainingSamples: Int?
    /// The share of the backward pass in which the device computed while it was recorded; nil where it was not measured.
    public let busyInBackward: Double?

    /// P, numbers in the whole gradient.
    public var parameterCount: Int { gradient.parts.reduce(0) { $0 + $1.numbers } }
    /// Bytes of the whole gradient on the wire.
    public var gradientBytes: Int { parameterCount * bytesPerNumber }

    /// A device that is idle for more of the backward pass waits for its host, and its times are those of the recording.
    public static let leastBusy = 0.8

    /// What one step of so many samples takes: measured, or interpolated between the two measured numbers around it.
    ///
    /// - Throws: ``PricingError`` outside what was measured: below its knee a device's time is not in proportion to samples, and
    ///   beyond the last point memory may end.
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

    /// What goes out while the backward pass runs, in the order of sending: by DistributedDataParallel's rule
    /// (``GradientOverlap``), or as it was recorded.
    ///
    /// PyTorch fills its buckets in the order in which gradients came in the first step, which is here that of `ready`; where
    /// two are alike, the later of the forward pass comes first. A bucket goes out when all its tensors are there and the one
    /// before it has gone.
    ///
    /// - Returns: each bucket's numbers, and the share of forward and backward pass after which it is there.
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

    /// What whoever reads the prices should know of their source, a sentence each.
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

    /// Of times that are too small for a number, such as 1e-400 seconds, the share is none.
    private static func percent(_ fraction: Double) -> String {
        Int(exactly: (fraction * 100).rounded()).map { "\($0) %" } ?? "more than can be told"
    }
}
