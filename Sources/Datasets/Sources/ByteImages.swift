public import Kernel

/// Images kept as the bytes that files hold and turned into floats when a batch is gathered: a quarter of the memory, and the
/// conversion costs less than the memory traffic that it saves.
public struct ByteImages: SampleSource {
    public let shape: FeatureShape
    public let count: Int
    /// `[N, features]`, rows first.
    let pixels: [UInt8]
    /// The byte that stands for 1.0.
    let white: Float

    /// - Precondition: `pixels` holds whole samples of `shape`.
    public init(shape: FeatureShape, pixels: [UInt8], white: Float) {
        precondition(pixels.count % shape.count == 0, "\(pixels.count) pixels for samples of \(shape)")
        self.shape = shape
        count = pixels.count / shape.count
        self.pixels = pixels
        self.white = white
    }

    public var form: String { "\(white)" }

    public func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?) {
        switch samples {
        case .list(let indices):
            // By hand, since a batch is small and a generic collection's elements come one call each.
            indices.withUnsafeBufferPointer { indices in
                gather(indices.count, into: inputs, places) { Int(indices[$0]) }
            }
        case .range(let range): gather(range.count, into: inputs, places) { Int(range.lowerBound) + $0 }
        }
    }

    @inline(__always)
    private func gather(
        _ rows: Int, into inputs: UnsafeMutablePointer<Float>, _ places: [Int32]?, _ sample: (_ row: Int) -> Int
    ) {
        let (features, white, count) = (shape.count, white, count)
        precondition(
            places.map { $0.count == features } ?? true, "\(places?.count ?? 0) places of \(features) features")
        pixels.withUnsafeBufferPointer { pixels in
            guard let bytes = pixels.baseAddress else { return }
            for row in 0..<rows {
                let index = sample(row)
                precondition(index >= 0 && index < count, "sample \(index) of \(count)")
                let (source, target) = (bytes + index * features, inputs + row * features)
                if let places {
                    places.withUnsafeBufferPointer { places in
                        for feature in 0..<features { target[feature] = Float(source[Int(places[feature])]) / white }
                    }
                } else {
                    for feature in 0..<features { target[feature] = Float(source[feature]) / white }
                }
            }
        }
    }

    public func selecting(_ indices: [Int]) -> Self {
        var selected: [UInt8] = []
        selected.reserveCapacity(indices.count * shape.count)
        for index in indices { selected.append(contentsOf: pixels[index * shape.count..<(index + 1) * shape.count]) }
        return Self(shape: shape, pixels: selected, white: white)
    }

    public func appending(_ other: any SampleSource) -> Self {
        guard let other = other as? Self, other.shape == shape, other.white == white else {
            preconditionFailure("images of \(shape) and other samples")
        }
        return Self(shape: shape, pixels: pixels + other.pixels, white: white)
    }

    /// The images themselves: nothing of them is estimated.
    public func scaled(by training: any SampleSource) -> Self { self }

    public func withBytes(_ body: ([UInt8]) -> Void) { body(pixels) }
}
