import Diagnostics
import Foundation
import Testing

@testable import Cluster

@Suite struct ComputeModelTests {
    static let calibrated = ComputeModel(
        calibrated: [.init(samples: 32, seconds: 5), .init(samples: 8, seconds: 2), .init(samples: 16, seconds: 3)],
        secondsPerVectorElement: 0.25)

    /// Points of binary fractions: exact.
    @Test(arguments: [
        (8, 2.0), (16, 3), (32, 5), (12, 2.5), (24, 4), (20, 3.5),
        // Beyond the last pair with its slope of 1/8; below the first in proportion.
        (40, 6), (64, 9), (4, 1), (2, 0.5), (0, 0),
    ])
    func stepsAreInterpolatedAndExtrapolated(samples: Int, seconds: Double) {
        #expect(Self.calibrated.seconds(.step(samples: samples)) == seconds)
    }

    @Test func onePointScalesInProportion() {
        let model = ComputeModel(calibrated: [.init(samples: 4, seconds: 1)], secondsPerVectorElement: 0)
        #expect(model.seconds(.step(samples: 2)) == 0.5)
        #expect(model.seconds(.step(samples: 16)) == 4)
    }

    @Test func fallingTimesNeverBecomeNegative() {
        let points = [ComputeModel.StepPoint(samples: 1, seconds: 2), .init(samples: 2, seconds: 1)]
        #expect(ComputeModel(calibrated: points, secondsPerVectorElement: 0).seconds(.step(samples: 100)) == 0)
    }

    @Test func vectorsCostByTheElement() {
        #expect(Self.calibrated.seconds(.vector(elements: 8)) == 2)
        #expect(Self.calibrated.seconds(.vector(elements: 0)) == 0)
    }

    /// A forward pass is a third of a step; as many cores share it as share the step, and no more than there are samples.
    @Test func coresShareForwardPassesAsTheyShareSteps() {
        let quad = Node(link: Link(latencySeconds: 0, bytesPerSecond: 1), cores: 4)
        #expect(abs(Self.calibrated.seconds(.forward(samples: 32), on: quad) - 5.0 / 3 / 4) < 1e-12)
        #expect(abs(Self.calibrated.seconds(.forward(samples: 2), on: quad) - 0.5 / 3 / 2) < 1e-12)
        #expect(
            Self.calibrated.seconds(.flops(600, ofTraining: 100), on: quad)
                == Self.calibrated.seconds(.flops(600, ofTraining: 100)) / 4)
    }

    @Test func epochsAreFullStepsAndOneShortOneEach() {
        let work = ComputeWork.epochs(3, samples: 70, batch: 32)
        #expect(work.fullSteps == 6 && work.samplesPerStep == 32)
        #expect(work.shortSteps == 3 && work.samplesPerShortStep == 6)
        // 6 samples: 2 * 6 / 8 seconds.
        #expect(Self.calibrated.seconds(work) == 6 * 5 + 3 * 1.5)

        let even = ComputeWork.epochs(2, samples: 64, batch: 32)
        #expect(even.fullSteps == 4 && even.shortSteps == 0)
        let less = ComputeWork.epochs(2, samples: 5, batch: 32)
        #expect(less.fullSteps == 0 && less.shortSteps == 2 && less.samplesPerShortStep == 5)
    }

    @Test func coresShareTheSamplesOfAStepAndNotItsVectors() {
        let link = Link(latencySeconds: 0, bytesPerSecond: 1)
        let model = Self.calibrated
        // 32 samples take 5 s on one core, 8 take 2 s.
        #expect(model.seconds(.step(samples: 32), on: Node(link: link, cores: 4)) == 1.25)
        #expect(
            model.seconds(.step(samples: 8), on: Node(link: link, cores: 16)) == 0.25, "no more than there are samples")
        #expect(model.seconds(.step(samples: 8), on: Node(link: link, speed: 0.5, cores: 8)) == 0.5)
        #expect(model.seconds(.vector(elements: 8), on: Node(link: link, cores: 4)) == 2)
        // Two epochs of four full steps and one of 2 samples, which two of four cores share: 4 * 5 / 4 + 2 * 0.5 / 2.
        #expect(model.seconds(.epochs(2, samples: 66, batch: 32), on: Node(link: link, cores: 4)) == 5.5)
        for work in [ComputeWork.step(samples: 13), .epochs(3, samples: 70, batch: 32), .vector(elements: 7), .none] {
            #expect(model.seconds(work, on: Node(link: link, speed: 0.3)) == model.seconds(work) / 0.3, "one core")
        }
    }

    @Test func profileCostsFlopsUpdateAndOverhead() {
        let profile = DeviceProfile(
            name: "toy", summary: "", flopsPerSecond: 1024, stepOverheadSeconds: 0.5, secondsPerVectorElement: 0.125)
        let model = ComputeModel(profile, flopsPerSample: 2048, parameters: 10)
        #expect(model.name == "toy")
        // 0.5 + 10 / 8 a step, 2 a sample.
        for samples in [1, 3, 100] { #expect(model.seconds(.step(samples: samples)) == 1.75 + 2 * Double(samples)) }
        #expect(model.seconds(.step(samples: 0)) == 0)
        #expect(model.seconds(.vector(elements: 4)) == 0.5)
    }

    /// A step of 10 samples takes 4 ms, of 20 samples 7 ms.
    @Test func aForwardPassIsAThirdOfAStepOnAsManyCores() {
        let model = ComputeModel(
            calibrated: [.init(samples: 10, seconds: 4e-3), .init(samples: 20, seconds: 7e-3)],
            secondsPerVectorElement: 1e-9)
        #expect(abs(model.seconds(.forward(samples: 10)) - 4e-3 / 3) < 1e-15)
        #expect(abs(model.seconds(.forward(samples: 20, passes: 6)) - 2 * 7e-3) < 1e-15)
        let node = Node(link: Link(latencySeconds: 0, bytesPerSecond: 1), speed: 2, cores: 4)
        #expect(abs(model.seconds(.forward(samples: 20), on: node) - 7e-3 / 3 / 4 / 2) < 1e-15)
        // One sample has work for one core.
        #expect(abs(model.seconds(.forward(samples: 1), on: node) - 4e-3 / 10 / 3 / 2) < 1e-15)
    }

    /// On the yardstick, of 30 GFLOP/s, 6e9 operations take 0.2 s; measured, as long as the samples that take as many.
    @Test func plainArithmeticIsDoneAtTheRateOfTraining() {
        let yardstick = ComputeModel(.reference, flopsPerSample: 3e6, parameters: 1000)
        #expect(abs(yardstick.seconds(.flops(6e9, ofTraining: 3e6)) - 0.2) < 1e-9)
        let measured = ComputeModel(
            calibrated: [.init(samples: 10, seconds: 4e-3), .init(samples: 20, seconds: 7e-3)],
            secondsPerVectorElement: 1e-9)
        // 0.3 ms for each sample more, of 1e6 operations.
        #expect(abs(measured.seconds(.flops(5e6, ofTraining: 1e6)) - 1.5e-3) < 1e-15)
        let single = ComputeModel(calibrated: [.init(samples: 2, seconds: 1e-3)], secondsPerVectorElement: 1e-9)
        #expect(abs(single.seconds(.flops(1e6, ofTraining: 1e6)) - 0.5e-3) < 1e-15)
    }

    @Test func profilesAreFoundByName() throws {
        for profile in DeviceProfile.all {
            #expect(try DeviceProfile.named(profile.name).name == profile.name)
            #expect(profile.flopsPerSecond > 0 && profile.secondsPerVectorElement > 0 && !profile.summary.isEmpty)
        }
        let error = #expect(throws: Quantity.Failure.self) { try DeviceProfile.named("referense") }
        let message = error?.description ?? ""
        #expect(message.contains("did you mean 'reference'?") && message.contains("calibrated"), "\(message)")
    }

    @Test func modelsSurviveJSON() throws {
        let copy = try JSONDecoder().decode(ComputeModel.self, from: JSONEncoder().encode(Self.calibrated))
        #expect(copy == Self.calibrated)
    }
}
