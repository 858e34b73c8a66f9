import Fabrics
import Kernel
import Testing

@testable import Strategies
@testable import Training

/// Which tensors travel together, by the rule of DistributedDataParallel: in reverse order, a tensor joins the open bucket,
/// and closes it if the bucket then holds its limit or more; the limit is 1 MiB for the first bucket, 25 MiB for others.
@Suite struct GradientOverlapTests {
    private static let image = FeatureShape(channels: 1, height: 28, width: 28)
    private static let mnist2NN = Network(
        input: image,
        [
            .flatten, .dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 200), .relu,
            .dense("fc3", outputs: 10),
        ])
    private static let mnistCNN = Network(
        input: image,
        [
            .conv2D("conv1", filters: 32, kernel: 5), .maxPool2D(2), .relu,
            .conv2D("conv2", filters: 64, kernel: 5), .maxPool2D(2), .relu,
            .flatten, .dense("fc1", outputs: 512), .relu, .dense("fc2", outputs: 10),
        ])

    private func ranges(_ network: Network, _ bytes: Int? = nil) -> [Range<Int>] {
        (bytes.map(GradientOverlap.init) ?? GradientOverlap()).buckets(of: network).map(\.range)
    }

    /// In reverse: fc3 10 and 2,000 numbers, fc2 200 and 40,000, fc1 200 and 156,800; 796,840 bytes in all.
    @Test func theTwoNNIsLessThanTheFirstBucket() {
        #expect(ranges(Self.mnist2NN) == [0..<199_210])
        // 8,040 bytes, 8,840, 168,840: closed. 800, 628,000: the rest.
        #expect(ranges(Self.mnist2NN, 100_000) == [157_000..<199_210, 0..<157_000])
        // 40, 8,040: closed at 8,040. 800, 160,800. 800, 628,000.
        #expect(ranges(Self.mnist2NN, 8_040) == [197_200..<199_210, 157_000..<197_200, 0..<157_000])
        // A byte more, and fc2's bias is needed to close the first: 8,840. 160,000. 800, 628,000.
        #expect(ranges(Self.mnist2NN, 8_041) == [197_000..<199_210, 157_000..<197_000, 0..<157_000])
    }

    /// In reverse: fc2 10 and 5,120 numbers, fc1 512 and 1,605,632, conv2 64 and 51,200, conv1 32 and 800.
    @Test func theCNNFillsTheFirstBucketWithItsWidestLayer() {
        // 40 bytes, 20,520, 22,568, 6,445,096: beyond 1 MiB only then. The two convolutions: 208,384.
        #expect(ranges(Self.mnistCNN) == [52_096..<1_663_370, 0..<52_096])
        #expect(ranges(Self.mnistCNN, 100_000) == [52_096..<1_663_370, 832..<52_096, 0..<832])
    }

    @Test func anyByteClosesABucketOfOneTensor() {
        for network in [Self.mnist2NN, Self.mnistCNN] {
            #expect(ranges(network, 1) == network.layout.slots.map(\.range).reversed())
        }
    }

    /// Four layers of 16,000,000 and 8,000 bytes: the weights of the last fill 1 MiB; two layers more, 32,016,000 bytes,
    /// fill 25 MiB = 26,214,400, which one layer does not; the first is left.
    @Test func onlyTheFirstBucketIsClosedByOneMebibyte() {
        let layers = (1...4).map { Network.Description.dense("fc\($0)", outputs: 2000) }
        let network = Network(input: FeatureShape(features: 2000), layers)
        let layer = 2000 * 2001
        #expect(ranges(network) == [3 * layer..<4 * layer, layer..<3 * layer, 0..<layer])
        // A limit below 1 MiB is the first bucket's, too.
        #expect(ranges(network, 8_001) == (0..<4).reversed().map { $0 * layer..<($0 + 1) * layer })
    }

    @Test func aBucketIsReadyWithTheFirstOfItsLayers() {
        let readiness = Self.mnist2NN.gradientReadiness
        let shares = GradientOverlap(bucketBytes: 100_000).buckets(of: Self.mnist2NN).map(\.readyShare)
        // fc2's weights are the third of six tensors.
        #expect(shares == [readiness[2], 1])
        #expect(readiness[2] < 1)
    }
}
