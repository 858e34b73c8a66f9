import Foundation
public import Kernel

/// Measurements of any unit, each of which a model sees less its mean and divided by its standard deviation.
///
/// Mean and deviation are the training set's, also for test samples, of which nothing may be known in training.
public struct StandardisedFeatures: SampleSource {
    public let shape: FeatureShape
    public let count: Int
    /// `[N, features]`, as measured.
    let values: [Float]
    /// `[features]`, of the training set
    let means: [Float]
    let deviations: [Float]

    /// Scaled by these samples themselves.
    ///
    /// - Parameter values: `[N, features]`, as measured.
    /// - Precondition: whole samples, one at least.
    public init(features: Int, values: [Float]) {
        self.init(shape: FeatureShape(features: features), values: values)
    }

    /// Scaled by these samples themselves, each number of the shape by its own mean and deviation.
    ///
    /// - Parameter values: `[N, features]`, as measured.
    /// - Precondition: whole samples, one at least.
    public init(shape: FeatureShape, values: [Float]) {
        let features = shape.count
        precondition(!values.isEmpty && values.count % features == 0, "\(values.count) values of \(features)")
        let count = values.count / features
        var (means, deviations): ([Float], [Float]) = ([], [])
        for feature in 0..<features {
            let column = stride(from: feature, to: values.count, by: features).map { Double(values[$0]) }
            let mean = column.reduce(0, +) / Double(count)
            let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
            means.append(Float(mean))
            // A feature that never changes says nothing, and stays at zero.
            deviations.append(variance > 0 ? Float(sqrt(variance)) : 1)
        }
        self.init(shape: shape, values: values, means: means, deviations: deviations)
    }

    private init(shape: FeatureShape, values: [Float], means: [Float], deviations: [Float]) {
        self.shape = shape
        count = values.count / shape.count
        self.values = values
        self.means = means
        self.deviations = deviations
    }

    public var form: String { "standardised" }

    public func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?) {
        let features = shape.count
        if let places { return gather(samples, into: inputs, from: places) }
        values.withUnsafeBufferPointer { values in
            means.withUnsafeBufferPointer { means in
                deviations.withUnsafeBufferPointer { deviations in
                    samples.forEachRow { row, index in
                        precondition(index >= 0 && index < count, "sample \(index) of \(count)")
                        let (source, target) = (index * features, inputs + row * features)
                        for feature in 0..<features {
                            target[feature] = (values[source + feature] - means[feature]) / deviations[feature]
                        }
                    }
                }
            }
        }
    }

    private func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, from places: [Int32]) {
        let features = shape.count
        precondition(places.count == features, "\(places.count) places of \(features) features")
        samples.forEachRow { row, index in
            precondition(index >= 0 && index < count, "sample \(index) of \(count)")
            for feature in 0..<features {
                let place = Int(places[feature])
                inputs[row * features + feature] =
                    (values[index * features + place] - means[place]) / deviations[place]
            }
        }
    }

    public func selecting(_ indices: [Int]) -> Self {
        let features = shape.count
        return Self(
            shape: shape, values: indices.flatMap { values[$0 * features..<($0 + 1) * features] }, means: means,
            deviations: deviations)
    }

    public func appending(_ other: any SampleSource) -> Self {
        guard let other = other as? Self, other.shape == shape else {
            preconditionFailure("\(shape) features and other samples")
        }
        return Self(shape: shape, values: values + other.values, means: means, deviations: deviations)
    }

    public func scaled(by training: any SampleSource) -> Self {
        guard let training = training as? Self, training.shape == shape else {
            preconditionFailure("\(shape) features scaled by other samples")
        }
        let own = Self(shape: shape, values: training.values)
        return Self(shape: shape, values: values, means: own.means, deviations: own.deviations)
    }

    public func withBytes(_ body: ([UInt8]) -> Void) {
        // Little-endian, whatever the machine's order is.
        body(values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    }
}
