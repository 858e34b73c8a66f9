import Testing

@testable import Experiments
@testable import TestSupport

@Suite struct TimeToTargetTests {
    private func times(_ accuracies: [Double], target: Double = 0.5) -> (first: Double?, sustained: Double?) {
        let time = TimeToTarget(curve(accuracies), target: .accuracy(target))
        return (time.firstCrossingSeconds, time.sustainedSeconds)
    }

    @Test func aCurveThatNeverGetsThereHasNoTime() {
        #expect(times([0.125, 0.25, 0.375, 0.4375]) == (nil, nil))
    }

    @Test func aCurveThatCrossesAndStaysIsTimedWhereTheMeanOfThreeIsThere() {
        // Means of three: at 3 s 0.4375, at 4 s 0.625.
        #expect(times([0.125, 0.25, 0.375, 0.6875, 0.8125, 0.875]) == (3, 4))
    }

    @Test func aSpikeCountsAsFirstCrossingAlone() {
        #expect(times([0.125, 0.25, 0.625, 0.25, 0.25, 0.25]) == (2, nil))
    }

    @Test func aSpikeBeforeTheRealCrossingDoesNotMoveIt() {
        // At 5 s the mean of 0.25, 0.5625 and 0.625 is below, at 6 s it is above.
        #expect(times([0.125, 0.625, 0.25, 0.25, 0.5625, 0.625, 0.6875]) == (1, 6))
    }

    @Test func aMeanAboveTheTargetDoesNotCountWhereTheEvaluationItselfIsBelow() {
        // At 2 s the mean is 0.75 with an evaluation of 0.25; the next evaluation above the target is at 4 s.
        #expect(times([1, 1, 0.25, 0.25, 1, 1]) == (0, 4))
    }

    @Test func exactlyTheTargetIsReached() {
        #expect(times([0, 0.5, 0.5, 0.5]) == (1, 3))
        #expect(times([0.5, 0.5, 0.5]) == (0, 2))
    }

    @Test func anEvaluationJustBelowTheTargetIsNot() {
        // One right answer less of a hundred million.
        let below = 49_999_999 / 1e8
        #expect(times([below, below, below]) == (nil, nil))
    }

    @Test func threeAccuraciesAtTheTargetReachIt() {
        // The sum of three times 0.95, divided by 3, is 0.9499999999999998 in floating point.
        #expect(times([0.5, 0.95, 0.95, 0.95], target: 0.95) == (1, 3))
        // 340, 343 and 343 right answers of 360 are 1,026 of 1,080.
        #expect(times([340, 343, 343, 350].map { $0 / 360 }, target: 0.95) == (1, 2))
        // One right answer less.
        #expect(times([340, 342, 343, 342].map { $0 / 360 }, target: 0.95) == (1, 3))
    }

    /// Against counts of right answers, in integers: all counts of three evaluations around the target.
    @Test(arguments: [360, 10_000]) func aTargetIsReachedWhereTheRightAnswersAreEnough(_ samples: Int) {
        for thousandths in [500, 700, 800, 900, 930, 950, 960, 970, 973, 975, 980, 985, 990, 995, 1000] {
            let target = Double("\(thousandths)e-3") ?? .nan
            // As a target was parsed by older versions, and stands in their files.
            let divided = Double(thousandths) / 10 / 100
            let middle = samples * thousandths / 1000
            let range = max(0, middle - 6)...min(samples, middle + 6)
            for first in range {
                for second in range {
                    for third in range {
                        let points = curve([first, second, third].map { Double($0) / Double(samples) })
                        let isThere = third * 1000 >= thousandths * samples
                        let isSustained = isThere && (first + second + third) * 1000 >= 3 * thousandths * samples
                        let firstThere = [first, second, third].firstIndex { $0 * 1000 >= thousandths * samples }
                        for target in [target, divided] {
                            let time = TimeToTarget(points, target: .accuracy(target))
                            guard time.firstCrossingSeconds == firstThere.map(Double.init),
                                (time.sustainedSeconds != nil) == isSustained
                            else {
                                Issue.record("\(first), \(second), \(third) of \(samples), target \(target): \(time)")
                                return
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func theCurveOfTargetsTakesAnAccuracyForReachedLikeTheHeadline() {
        let curve = TargetCurve(results([record("sync", [0.1, 0.95, 0.95, 0.95])], seeds: [1]))
        let point = curve.points[0].points.first { $0.target == 0.95 }
        #expect(point?.seedsReached == 1)
    }

    @Test(arguments: [0, 1, 2]) func fewerThanThreeEvaluationsCannotBeSustained(_ count: Int) {
        let found = times(Array(repeating: 0.75, count: count))
        #expect(found.sustained == nil)
        #expect(found.first == (count == 0 ? nil : 0))
    }

    @Test func threeEvaluationsCanBeSustained() {
        #expect(times([0.75, 0.75, 0.75]) == (0, 2))
    }

    @Test func aLaterFallDoesNotTakeTheTimeBack() {
        #expect(times([0.75, 0.75, 0.75, 0, 0, 0]) == (0, 2))
    }

    @Test func notANumberNeverReachesATarget() {
        #expect(times([.nan, .nan, .nan, .nan], target: 0) == (nil, nil))
        #expect(times([0.75, 0.75, .nan, 0.75, 0.75, 0.75]) == (0, 5))
    }
}
