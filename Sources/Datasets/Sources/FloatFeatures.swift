public import Kernel

/// Numbers that a model sees as they are.
public struct FloatFeatures: SampleSource {
    public let shape: FeatureShape
    public let count: Int
    /// `[N, features]`
    let values: [Float]

    /// - Parameter values: `[N, features]`
    /// - Precondition: whole samples of `shape`.
    public init(shape: FeatureShape, values: [Float]) {
        precondition(values.count % shape.count == 0, "\(values.count) values for samples of \(shape)")
        self.shape = shape
        count = values.count / shape.count
        self.values = values
    }

    public var form: String { "floats" }

    public func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?) {
        let (features, count) = (shape.count, count)
        precondition(
            places.map { $0.count == features } ?? true, "\(places?.count ?? 0) places of \(features) features")
        values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            samples.forEachRow { row, index in
                precondition(index >= 0 && index < count, "sample \(index) of \(count)")
                let (source, target) = (base + index * features, inputs + row * features)
                if let places {
                    places.withUnsafeBufferPointer { places in
                        for feature in 0..<features { target[feature] = source[Int(places[feature])] }
                    }
                } else {
                    target.update(from: source, count: features)
                }
            }
        }
    }

    public func selecting(_ indices: [Int]) -> Self {
        let features = shape.count
        var selected: [Float] = []
        selected.reserveCapacity(indices.count * features)
        for index in indices { selected.append(contentsOf: values[index * features..<(index + 1) * features]) }
        return Self(shape: shape, values: selected)
    }

    public func appending(_ other: any SampleSource) -> Self {
        guard let other = other as? Self, other.shape == shape else {
            preconditionFailure("samples of \(shape) and others")
        }
        return Self(shape: shape, values: values + other.values)
    }

    /// The features themselves: nothing of them is estimated.
    public func scaled(by training: any SampleSource) -> Self { self }

    public func withBytes(_ body: ([UInt8]) -> Void) { values.withLittleEndianBytes(body) }
}

extension Array where Element == Float {
    /// Hands their little-endian bytes over in pieces, whatever the machine's order is.
    func withLittleEndianBytes(_ body: ([UInt8]) -> Void) {
        let piece = 1 << 16
        for start in Swift.stride(from: 0, to: count, by: piece) {
            body(
                self[start..<Swift.min(count, start + piece)].flatMap { value in
                    Swift.withUnsafeBytes(of: value.bitPattern.littleEndian) { [UInt8]($0) }
                })
        }
    }
}
