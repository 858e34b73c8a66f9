import Testing
import Training

@testable import Pricing

@Suite struct BucketTests {
    /// Tensors whose gradients come in the reverse of the forward pass.
    private func profile(
        of tensors: [(name: String, numbers: Int)] = ResNet50.tensors, bytes: Int = 4
    ) throws -> StepProfile {
        var text = ProfileText(bytes: "\(bytes)")
        let entries = tensors.enumerated().map { index, tensor in
            let ready = 1 - Double(index) / Double(tensors.count)
            return #"{"name": "\#(tensor.name)", "numbers": \#(tensor.numbers), "ready": \#(ready)}"#
        }
        text.gradient = "\"tensors\": [\(entries.joined(separator: ",\n"))]"
        return try text.parsed()
    }

    /// `In msg nelems` of the five all-reduces of a trace of ResNet-50 under DistributedDataParallel: HolisticTraceAnalysis,
    /// `tests/data/nccl_parser_config/nccl_data.json.gz`.
    @Test func bucketsOfResNet50AreThoseThatPyTorchSent() throws {
        let profile = try profile()
        #expect(ResNet50.tensors.count == 161)
        #expect(profile.parameterCount == 25_557_032)
        let buckets = profile.buckets(GradientOverlap(), at: try profile.step(of: 10))
        #expect(buckets.map(\.numbers) == [2_049_000, 7_875_584, 6_563_840, 6_637_568, 2_431_040])
        #expect(buckets.reduce(0) { $0 + $1.numbers } == profile.parameterCount)
    }

    /// `rebuilt_bucket_sizes` of DistributedDataParallel in PyTorch 2.13 with `bucket_cap_mb=1`, in bytes.
    @Test func bucketsOfANarrowResNetAreThoseThatPyTorchBuilt() throws {
        let profile = try profile(of: NarrowResNet18.tensors)
        let buckets = profile.buckets(GradientOverlap(bucketBytes: 1 << 20), at: try profile.step(of: 10))
        #expect(
            buckets.map { $0.numbers * 4 } == [
                2_371_624, 2_361_344, 2_494_464, 1_181_696, 1_181_696, 1_068_544, 531_072,
            ])
    }

    /// The same tensors hold half the bytes, so that buckets are about twice as long.
    @Test func halfPrecisionFillsBucketsHalfAsFast() throws {
        let profile = try profile(bytes: 2)
        let buckets = profile.buckets(GradientOverlap(), at: try profile.step(of: 10))
        #expect(profile.gradientBytes == 51_114_064)
        #expect(buckets[0].numbers == 2_049_000)
        for bucket in buckets.dropFirst().dropLast() {
            #expect(bucket.numbers * 2 >= 25 << 20)
        }
        #expect(buckets.count == 3)
    }

    /// A bucket is ready when the last of its tensors is: forward 0.1 s and backward 0.2 s, of which 1/3 and 2/3 of the passes.
    @Test func sharesAreThoseOfForwardAndBackwardTogether() throws {
        let profile = try ProfileText().parsed()
        let buckets = profile.buckets(GradientOverlap(bucketBytes: 4), at: try profile.step(of: 10))
        #expect(buckets.map(\.numbers) == [3000, 1000])
        #expect(abs(buckets[0].readyShare - (0.1 + 0.25 * 0.2) / 0.3) < 1e-12)
        #expect(buckets[1].readyShare == 1)
    }

    /// PyTorch fills buckets in the order in which gradients came, which may differ from the reverse of the forward pass.
    @Test func bucketsAreFilledInTheOrderInWhichGradientsCome() throws {
        var text = ProfileText()
        text.gradient = """
            "tensors": [{"name": "a", "numbers": 10, "ready": 0.2}, {"name": "b", "numbers": 20, "ready": 0.9},
             {"name": "c", "numbers": 30, "ready": 0.9}]
            """
        let profile = try text.parsed()
        let buckets = profile.buckets(GradientOverlap(bucketBytes: 4), at: try profile.step(of: 10))
        #expect(buckets.map(\.numbers) == [10, 30, 20])
    }

    @Test func recordedBucketsStayAsTheyAre() throws {
        var text = ProfileText()
        text.gradient = """
            "buckets": [{"name": "1", "numbers": 7, "ready": 0.5}, {"name": "2", "numbers": 9, "ready": 1}]
            """
        let profile = try text.parsed()
        let buckets = profile.buckets(GradientOverlap(bucketBytes: 1 << 30), at: try profile.step(of: 10))
        #expect(buckets.map(\.numbers) == [7, 9])
        #expect(profile.warnings.contains { $0.contains("buckets that were recorded") })
    }

    /// Buckets of a trace stand in the order of sending: one whose gradients came early waits for those in front of it.
    @Test func aBucketGoesOutBehindThoseBeforeIt() throws {
        var text = ProfileText()
        text.gradient = """
            "buckets": [{"name": "1", "numbers": 7, "ready": 0.75}, {"name": "2", "numbers": 9, "ready": 0.5},
             {"name": "3", "numbers": 5, "ready": 1}]
            """
        let profile = try text.parsed()
        let shares = profile.buckets(GradientOverlap(), at: try profile.step(of: 10)).map(\.readyShare)
        // Forward 0.1 s and backward 0.2 s.
        #expect(abs(shares[0] - 0.25 / 0.3) < 1e-12 && shares[1] == shares[0] && shares[2] == 1)
    }
}
