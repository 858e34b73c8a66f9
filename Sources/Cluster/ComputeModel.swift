import Diagnostics

/// Work whose time a ``ComputeModel`` knows: training steps, forward passes, passes over a parameter vector, and plain
/// arithmetic.
public struct ComputeWork: Hashable, Sendable {
    /// Steps over a full batch, and what is left over: an epoch is so many full steps and maybe a short one.
    public var fullSteps = 0
    /// Samples of each full step.
    public var samplesPerStep = 0
    /// Steps with fewer samples, such as the last one of an epoch.
    public var shortSteps = 0
    /// Samples of each of these.
    public var samplesPerShortStep = 0
    /// Numbers read and added, as in averaging models.
    public var vectorElements = 0
    /// Times that a model's outputs are computed for so many samples, and nothing else.
    public var forwardPasses = 0
    /// Samples of each forward pass.
    public var samplesPerForwardPass = 0
    /// Arithmetic of another kind, as the samples of a training step that take as many operations.
    public var equivalentSamples = 0.0

    /// Nothing, or what other work's time includes.
    public static let none = ComputeWork()

    /// One training step: forward, backward and update.
    public static func step(samples: Int) -> Self {
        var work = Self()
        (work.fullSteps, work.samplesPerStep) = (1, samples)
        return work
    }

    /// `epochs` passes over `samples` samples in batches of `batch`.
    public static func epochs(_ epochs: Int, samples: Int, batch: Int) -> Self {
        var work = Self()
        (work.fullSteps, work.samplesPerStep) = (epochs * (samples / batch), batch)
        let rest = samples % batch
        if rest > 0 { (work.shortSteps, work.samplesPerShortStep) = (epochs, rest) }
        return work
    }

    /// `passes` forward passes over `samples` samples each, such as a client makes that looks how good a model is on its data.
    public static func forward(samples: Int, passes: Int = 1) -> Self {
        var work = Self()
        (work.forwardPasses, work.samplesPerForwardPass) = (passes, samples)
        return work
    }

    /// So many floating-point operations that are no part of a training step, such as the products of a compression.
    ///
    /// - Parameter flopsPerSample: what the model's training takes for a sample: they are done at the same rate.
    public static func flops(_ count: Double, ofTraining flopsPerSample: Double) -> Self {
        precondition(count >= 0 && flopsPerSample > 0, "\(count) operations, \(flopsPerSample) a sample")
        var work = Self()
        work.equivalentSamples = count / flopsPerSample
        return work
    }

    /// A pass over a vector of so many numbers, which reads and adds them.
    public static func vector(elements: Int) -> Self {
        var work = Self()
        work.vectorElements = elements
        return work
    }
}

/// How long work takes on one core of the reference device, in seconds; a node's `speed` and `cores` divide it.
public struct ComputeModel: Sendable, Codable, Hashable {
    /// `calibrated`, `cluster file`, or the name of a device profile.
    public let name: String
    /// Seconds of a training step at so many samples, ascending; between two points the time is interpolated.
    public let stepPoints: [StepPoint]
    /// Seconds of one pass over a vector, such as an addition, for each number in it.
    public let secondsPerVectorElement: Double

    /// What a step of so many samples takes.
    public struct StepPoint: Codable, Hashable, Sendable {
        /// Samples of the step.
        public let samples: Int
        /// Seconds of the step on one core of the device.
        public let seconds: Double

        /// A measured or assumed point.
        public init(samples: Int, seconds: Double) {
            self.samples = samples
            self.seconds = seconds
        }
    }

    /// Measured on this host.
    public init(calibrated points: [StepPoint], secondsPerVectorElement: Double) {
        precondition(!points.isEmpty, "a calibration without a point")
        name = "calibrated"
        stepPoints = points.sorted { $0.samples < $1.samples }
        self.secondsPerVectorElement = secondsPerVectorElement
    }

    /// The model of a cluster's file, whose times were measured.
    public init(_ measured: MeasuredCompute) {
        name = Self.clusterFile
        stepPoints = measured.steps
        secondsPerVectorElement = measured.secondsPerVectorElement
    }

    /// The name of a model whose times a cluster's file has.
    public static let clusterFile = "cluster file"

    /// A device of fixed rates: `flopsPerSample` forward and backward, and an update of `parameters` numbers a step.
    package init(_ profile: DeviceProfile, flopsPerSample: Double, parameters: Int) {
        name = profile.name
        let perStep = profile.stepOverheadSeconds + Double(parameters) * profile.secondsPerVectorElement
        let perSample = flopsPerSample / profile.flopsPerSecond
        stepPoints = [
            StepPoint(samples: 0, seconds: perStep), StepPoint(samples: 1, seconds: perStep + perSample),
        ]
        secondsPerVectorElement = profile.secondsPerVectorElement
    }

    package func seconds(_ work: ComputeWork) -> Double {
        Double(work.fullSteps) * step(work.samplesPerStep) + Double(work.shortSteps) * step(work.samplesPerShortStep)
            + Double(work.vectorElements) * secondsPerVectorElement + rest(work, coresSharing: { _ in 1 })
    }

    /// What a forward pass takes of a step: its products are one of the three that a step has for each layer, of the loss by
    /// inputs and by weights the other two (J. Kaplan et al. 2020, *Scaling Laws for Neural Language Models*, section 2.1).
    /// With it a third of the step's overhead and of its update, which is more than a forward pass has.
    private static let forwardShare = 1.0 / 3

    /// Forward passes, and arithmetic at the rate at which a step's time grows with its samples.
    private func rest(_ work: ComputeWork, coresSharing: (_ samples: Int) -> Double) -> Double {
        guard work.forwardPasses > 0 || work.equivalentSamples > 0 else { return 0 }
        let samples = work.samplesPerForwardPass
        let forward = Double(work.forwardPasses) * step(samples) * Self.forwardShare / coresSharing(samples)
        return forward + work.equivalentSamples * secondsPerFurtherSample / coresSharing(.max)
    }

    /// What one sample more adds to a large step.
    private var secondsPerFurtherSample: Double {
        guard let last = stepPoints.last else { return 0 }
        guard let before = stepPoints.dropLast().last else { return last.seconds / Double(last.samples) }
        return max(0, last.seconds - before.seconds) / Double(last.samples - before.samples)
    }

    /// How long work takes on a node: divided by its speed, and of training steps by the cores that have a sample to work on.
    ///
    /// An assumption, and the best case: a step scales perfectly over its samples, so that min(cores, samples) cores take
    /// that many times less, the step's overhead and its update of the model included. What only reads and adds vectors,
    /// such as averaging models, is bound by memory, which the cores of a node share: it takes as long as on one.
    package func seconds(_ work: ComputeWork, on node: Node) -> Double {
        let (samples, shorter) = (work.samplesPerStep, work.samplesPerShortStep)
        let full = Double(work.fullSteps) * step(samples) / node.coresSharing(samples: samples)
        let short = Double(work.shortSteps) * step(shorter) / node.coresSharing(samples: shorter)
        let rest = rest(work, coresSharing: node.coresSharing)
        return (full + short + Double(work.vectorElements) * secondsPerVectorElement + rest) / node.speed
    }

    /// Linear between the points around `samples`, and along the last pair beyond them; in proportion below the first.
    private func step(_ samples: Int) -> Double {
        guard samples > 0 else { return 0 }
        guard let upper = stepPoints.firstIndex(where: { $0.samples >= samples }) ?? stepPoints.indices.last else {
            return 0
        }
        if stepPoints[upper].samples == samples { return stepPoints[upper].seconds }
        guard upper > 0 else { return stepPoints[0].seconds * Double(samples) / Double(stepPoints[0].samples) }
        let (low, high) = (stepPoints[upper - 1], stepPoints[upper])
        let slope = (high.seconds - low.seconds) / Double(high.samples - low.samples)
        return max(0, low.seconds + slope * Double(samples - low.samples))
    }
}

extension Node {
    /// Cores that have a sample of a step to work on; 1 at least.
    package func coresSharing(samples: Int) -> Double { Double(max(1, min(cores, samples))) }
}

/// A device of fixed rates, which makes cluster time exactly reproducible.
package struct DeviceProfile: Sendable {
    package let name: String
    package let summary: String
    package let flopsPerSecond: Double
    package let stepOverheadSeconds: Double
    package let secondsPerVectorElement: Double

    /// Round figures near one current server core: not a machine, a yardstick.
    package static let reference = DeviceProfile(
        name: "reference", summary: "a fixed 30 GFLOP/s and 10 GB/s, 10 µs a step: the same on every machine",
        flopsPerSecond: 30e9, stepOverheadSeconds: 10e-6, secondsPerVectorElement: 8 / 10e9)

    package static let all = [reference]

    package static func named(_ name: String) throws(Quantity.Failure) -> DeviceProfile {
        guard let profile = all.first(where: { $0.name == name }) else {
            throw Quantity.Failure(
                description: UnknownName.message(
                    "compute model", found: name, allowed: ["calibrated"] + all.map(\.name)))
        }
        return profile
    }
}
