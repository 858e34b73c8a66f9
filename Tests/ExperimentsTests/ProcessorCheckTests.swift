import Tasks
import Testing

@testable import Experiments

@Suite struct ProcessorCheckTests {
    @Test func aProcessorWithoutTheInstructionsIsNamedWithAWayOut() throws {
        let old = "processor\t: 0\nmodel name\t: Old\nflags\t\t: fpu sse2 avx bmi2\n\nprocessor\t: 1\n"
        let error = #expect(throws: ExperimentError.self) { try ProcessorCheck.check(processorInfo: old) }
        #expect(error?.description.contains("lacks avx2, fma, which") == true)
        #expect(error?.description.contains("BENCH_BASELINE_PROCESSOR=1") == true)
        try ProcessorCheck.check(processorInfo: "flags\t\t: fpu sse2 avx avx2 fma bmi2\n")
        // Another architecture has no such line.
        try ProcessorCheck.check(processorInfo: "Features\t: fp asimd\n")
    }

    @Test func thisProcessorPasses() throws { try ProcessorCheck.run() }
}
