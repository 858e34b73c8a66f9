import Randomness
import Testing

@testable import Fabrics

@Suite struct ScheduleTextTests {
    @Test(
        arguments: [
            ([], ""), ([7], "7"), ([1, 1, 1], "3*(1)"), ([0, 1, 2, 1, 2, 1, 2, 3], "0 3*(1 2) 3"),
            ([1, 1, 2, 1, 1, 2], "2*(2*(1) 2)"),
        ] as [([UInt32], String)])
    func whatRepeatsIsWrittenOnce(_ program: [UInt32], _ text: String) throws {
        #expect(ScheduleText.write(program) == text)
        #expect(try ScheduleText.read(text, operations: 8, most: 100) == program)
    }

    @Test func anEpochOfAThousandIsAsLongAsOne() throws {
        let epoch: [UInt32] = Array(repeating: [1, 2], count: 22).joined() + [3, 2, 0]
        let program: [UInt32] = [0] + Array(repeating: epoch, count: 1000).joined()
        #expect(ScheduleText.write(program) == "1000*(0 22*(1 2) 3 2) 0")
    }

    @Test func anyProgramIsReadAsItWasWritten() throws {
        for seed in 1...200 as ClosedRange<UInt64> {
            var stream = SeedSequence(seed).stream(.test)
            let length = Int.random(in: 0..<200, using: &stream)
            let program = (0..<length).map { _ in UInt32.random(in: 0..<3, using: &stream) }
            #expect(
                try ScheduleText.read(ScheduleText.write(program), operations: 3, most: 200) == program, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("0 x", "no number at character 3"), ("2*0", "no '(' behind '*' at character 3"), ("2*(0", "no ')'"),
        ("0)", "a ')' too many at character 2"), ("0 9", "operation 9 of 3"), ("11*(0)", "more than 10 operations"),
        ("9999999999999*(0)", "operation 9999999999 of 3"),
        ("4000000000*(4000000000*(4000000000*(0 1)))", "more than 10 operations"),
        (String(repeating: "1*(", count: 65) + "0" + String(repeating: ")", count: 65), "too deep"),
    ])
    func aWrongTextIsAnsweredWithWhereItIsWrong(_ text: String, _ answer: String) {
        do {
            let program = try ScheduleText.read(text, operations: 3, most: 10)
            Issue.record("read as \(program)")
        } catch {
            #expect(error.description.contains(answer), "\(error.description)")
        }
    }
}
