internal import Diagnostics
public import Kernel

/// Labelled samples, kept as the bytes that files hold and turned into floats when a batch is gathered: a quarter of
/// the memory, and the conversion costs less than the memory traffic that it saves.
public struct Dataset: Sendable {
    /// As reports call it.
    public let name: String
    /// The shape of one sample.
    public let shape: FeatureShape
    /// Labels are from 0 to below this.
    public let classCount: Int
    /// `[N, features]`, rows first.
    let pixels: [UInt8]
    /// `[N]`, each in 0..<classCount.
    public let labels: [UInt8]
    /// The byte that stands for 1.0.
    let white: Float

    /// - Precondition: `pixels` holds `labels.count` samples of `shape`, every label is below `classCount`.
    public init(name: String, shape: FeatureShape, classCount: Int, pixels: [UInt8], labels: [UInt8], white: Float) {
        precondition(
            pixels.count == labels.count * shape.count, "\(pixels.count) pixels, \(labels.count) labels of \(shape)")
        precondition(labels.allSatisfy { Int($0) < classCount }, "a label is not below \(classCount)")
        self.name = name
        self.shape = shape
        self.classCount = classCount
        self.pixels = pixels
        self.labels = labels
        self.white = white
    }

    /// How many samples it has.
    public var count: Int { labels.count }

    /// Copies the samples at `indices` into `batch`, as floats in 0...1.
    package func gather(_ indices: ArraySlice<Int32>, into batch: Batch) {
        // By hand, since a batch is small and a generic collection's elements come one call each.
        gather(count: indices.count, into: batch) { indices[indices.startIndex + $0] }
    }

    /// Copies the samples of a range into `batch`, as floats in 0...1.
    package func gather(_ range: Range<Int32>, into batch: Batch) {
        gather(count: range.count, into: batch) { range.lowerBound + Int32($0) }
    }

    @inline(__always)
    private func gather(count rows: Int, into batch: Batch, _ sample: (Int) -> Int32) {
        precondition(batch.featureCount == shape.count, "a batch of \(batch.featureCount) features for \(shape)")
        batch.resize(to: rows)
        let (features, white) = (shape.count, white)
        pixels.withUnsafeBufferPointer { pixels in
            guard let bytes = pixels.baseAddress, let inputs = batch.inputs.baseAddress else { return }
            for row in 0..<rows {
                let index = Int(sample(row))
                precondition(index >= 0 && index < count, "sample \(index) of \(count)")
                batch.labels[row] = labels[index]
                let (source, target) = (bytes + index * features, inputs + row * features)
                for feature in 0..<features { target[feature] = Float(source[feature]) / white }
            }
        }
    }

    /// The samples at `indices`, in that order, as a data set of their own.
    public func selecting(_ indices: some Collection<Int>) -> Dataset {
        var selected: [UInt8] = []
        selected.reserveCapacity(indices.count * shape.count)
        for index in indices { selected.append(contentsOf: pixels[index * shape.count..<(index + 1) * shape.count]) }
        return Dataset(
            name: name, shape: shape, classCount: classCount, pixels: selected, labels: indices.map { labels[$0] },
            white: white)
    }
}

/// What is trained on and what accuracy is measured on.
public struct TrainTestSplit: Sendable {
    /// What is trained on.
    public let training: Dataset
    /// What accuracy is measured on, and nothing is trained on.
    public let test: Dataset
    /// Of the data that both were taken from: the same for every seed that draws another split.
    public let identity: DataIdentity

    /// - Parameter identity: nil for the digest of these samples.
    public init(training: Dataset, test: Dataset, identity: DataIdentity? = nil) {
        self.training = training
        self.test = test
        self.identity = identity ?? DataIdentity(of: training, test)
    }
}

/// Bad data or a bad wish about data: says what was found, where, and what is allowed.
public struct DataError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    /// - Parameter description: what was found, where, and what is allowed.
    public init(_ description: String) { self.description = ErrorText.message(description) }
}
