import Testing

@testable import Experiments

@Suite struct TimeToAccuracyTests {
    private func times(_ accuracies: [Double], target: Double = 0.5) -> (first: Double?, sustained: Double?) {
        let time = TimeToAccuracy(curve(accuracies), target: target)
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
        let below = Double(0.5).nextDown
        #expect(times([below, below, below]) == (nil, nil))
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
