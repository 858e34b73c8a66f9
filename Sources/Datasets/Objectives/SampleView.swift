public import Kernel

/// How a node sees samples: images turned, or classes under other names. Training and test samples are seen alike.
///
///     let view = SampleView(quarterTurns: 1, of: FeatureShape(channels: 1, height: 8, width: 8))
///     dataset.gather(indices, into: batch, seenAs: view)
public struct SampleView: Hashable, Sendable {
    /// Which number of the sample stands at each place, `[features]`; nil where all stay where they are.
    let places: [Int32]?
    /// What each class is called, `[classes]`; nil where all keep their names.
    let labels: [UInt8]?

    /// Images turned counterclockwise, as `numpy.rot90` and PyTorch's `rot90` do, each channel by itself.
    ///
    /// - Parameter quarterTurns: any whole number; four are none.
    /// - Precondition: as high as wide.
    public init(quarterTurns: Int, of shape: FeatureShape) {
        precondition(shape.height == shape.width, "quarter turns of \(shape)")
        labels = nil
        let turns = ((quarterTurns % 4) + 4) % 4
        guard turns > 0 else {
            places = nil
            return
        }
        let side = shape.height
        var places: [Int32] = []
        places.reserveCapacity(shape.count)
        for channel in 0..<shape.channels {
            for row in 0..<side {
                for column in 0..<side {
                    var (y, x) = (row, column)
                    // Where the pixel was before each of the turns.
                    for _ in 0..<turns { (y, x) = (x, side - 1 - y) }
                    places.append(Int32((channel * side + y) * side + x))
                }
            }
        }
        self.places = places
    }

    /// Classes under other names.
    ///
    /// - Parameter labels: what each class is called, `[classes]`.
    /// - Precondition: a permutation of 0..<classes.
    public init(relabelling labels: [UInt8]) {
        precondition(labels.sorted() == labels.indices.map { UInt8($0) }, "labels \(labels) are no permutation")
        places = nil
        self.labels = labels == labels.sorted() ? nil : labels
    }

    /// What a class is called.
    package func label(_ label: UInt8) -> UInt8 { labels?[Int(label)] ?? label }

    /// Whether all samples are seen as they are.
    public var changesNothing: Bool { places == nil && labels == nil }
}
