import Foundation
public import Kernel

/// Measurements of any unit, each of which a model sees less its mean and divided by its standard deviation.
///
/// Both are those of a training set: test samples are scaled by what is known without them.
public struct StandardisedFeatures: SampleSource {
    public let shape: FeatureShape
    public let count: Int
    /// `[N, features]`, as measured.
    let values: [Float]
    /// `[features]`
    let means: [Float]
    let deviations: [Float]

    /// Scaled by these samples themselves.
    ///
    /// - Parameter values: `[N, features]`, as measured.
    /// - Precondition: whole samples, one at least.
    public init(features: Int, values: [Float]) {
        precondition(
            features > 0 && !values.isEmpty && values.count % features == 0, "\(values.count) values of \(features)")
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
        self.init(features: features, values: values, means: means, deviations: deviations)
    }

    private init(features: Int, values: [Float], means: [Float], deviations: [Float]) {
        shape = FeatureShape(features: features)
        count = values.count / features
        self.values = values
        self.means = means
        self.deviations = deviations
    }

    public var form: String { "standardised" }

    public func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?) {
        precondition(places == nil, "features without an order are not turned")
        let features = shape.count
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

    public func selecting(_ indices: [Int]) -> Self {
        let features = shape.count
        return Self(
            features: features, values: indices.flatMap { values[$0 * features..<($0 + 1) * features] }, means: means,
            deviations: deviations)
    }

    public func appending(_ other: any SampleSource) -> Self {
        guard let other = other as? Self, other.shape == shape else {
            preconditionFailure("\(shape) features and other samples")
        }
        return Self(features: shape.count, values: values + other.values, means: means, deviations: deviations)
    }

    public func scaled(by training: any SampleSource) -> Self {
        guard let training = training as? Self, training.shape == shape else {
            preconditionFailure("\(shape) features scaled by other samples")
        }
        let own = Self(features: shape.count, values: training.values)
        return Self(features: shape.count, values: values, means: own.means, deviations: own.deviations)
    }

    public func withBytes(_ body: ([UInt8]) -> Void) {
        // Little-endian, whatever the machine's order is.
        body(values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    }
}
