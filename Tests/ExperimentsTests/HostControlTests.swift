import Testing

@testable import Experiments

@Suite struct HostControlTests {
    @Test(arguments: [1, 2]) func bothControlsTakeTime(_ threads: Int) {
        let times = HostControl(threads: threads).measure()
        #expect(times.sgemmSeconds > 0 && times.sweepSeconds > 0)
    }

    @Test func theYardstickIsTheGeometricMean() {
        #expect(HostControl.Times(sgemmSeconds: 2, sweepSeconds: 8).seconds == 4)
    }

    @Test(arguments: [(2, 1), (5, 4), (13, 12), (14, 12), (100, 12), (1, 0), (0, 0)])
    func aRunIsTimedInAtMostTwelvePartsThatAddUp(_ evaluations: Int, _ parts: Int) {
        let clock = RunClock(HostControl(threads: 1))
        clock.measure()
        for index in 0..<evaluations { clock.evaluated(clusterSeconds: Double(index * index)) }
        let measured = clock.segments(isMeasured: true)
        #expect(measured.count == parts)
        let last = max(0, evaluations - 1)
        #expect(measured.reduce(0, +) == Double(last * last), "\(measured)")
        // Squares: the parts grow, so none is left out or taken twice.
        #expect(measured == measured.sorted())
        #expect(clock.segments(isMeasured: false).count == parts)
    }

    @Test func theControlIsTheLeastThatWasMeasuredAndItsTimeIsNotTheRuns() {
        let clock = RunClock(HostControl(threads: 1))
        for _ in 0..<3 { clock.measure() }
        let control = clock.control
        #expect(control.sgemmSeconds > 0 && control.sweepSeconds > 0)
        // Three controls took three times the least, or more.
        #expect(clock.spentSeconds >= 3 * (control.sgemmSeconds + control.sweepSeconds))
    }

    @Test func theNameOfAProcessorHasItsFamilyAndModel() {
        let info =
            "processor\t: 0\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\nmodel\t: 7\n"
        #expect(MachineDescription.processorName(info) == "AMD EPYC (family 25, model 1)")
        #expect(MachineDescription.processorName("model name\t: Some CPU\n") == "Some CPU")
        #expect(MachineDescription.processorName("nothing of it") == nil)
    }
}
