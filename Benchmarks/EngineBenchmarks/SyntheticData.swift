import Datasets
import Kernel
import Randomness

/// `count` numbers in -1...1.
func randomVector(_ count: Int) -> ParameterVector {
    var stream = SeedSequence(1).stream(.test, count)
    return ParameterVector((0..<count).map { _ in Float(2 * stream.uniform() - 1) })
}

/// Samples that cost what a task's own would: as in MNIST, four pixels in five are black. More than a second-level
/// cache holds.
func syntheticDataset(_ shape: FeatureShape, classCount: Int) -> Dataset {
    let count = 10_000
    var stream = SeedSequence(1).stream(.test)
    let pixels = (0..<count * shape.count).map { _ in
        let random = stream.next()
        return random % 5 == 0 ? UInt8(truncatingIfNeeded: random >> 32) : 0
    }
    return Dataset(
        name: "synthetic", shape: shape, classCount: classCount, pixels: pixels,
        labels: (0..<count).map { UInt8($0 % classCount) }, white: 255)
}
