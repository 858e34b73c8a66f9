import Testing

@testable import Calibration
@testable import Experiments
@testable import Reports
@testable import Storage
@testable import TestSupport

@Suite struct CalibrationCSVTests {
    private static let points = [
        CalibrationPoint(.step, task: "digits", size: 32, ranks: 2, seconds: [1.25e-6, 1.5e-6, 1.1234567890123456e-6]),
        CalibrationPoint(.step, task: "digits", size: 64, ranks: 2, seconds: [2e-6]),
        CalibrationPoint(.memory, size: 1 << 27, ranks: 2, seconds: [0.01, 0.02]),
        CalibrationPoint(.burst, size: 16, messages: 4, ranks: 2, seconds: [1e-5]),
        CalibrationPoint(.burst, size: 16, messages: 8, ranks: 2, seconds: [2e-5, 3e-5]),
        // As of two files, one behind the other.
        CalibrationPoint(.burst, size: 16, messages: 8, ranks: 2, seconds: [4e-5]),
        CalibrationPoint(.allReduce, size: 1024, ranks: 3, seconds: [5e-5]),
    ]

    @Test func pointsAreReadAsTheyWereWritten() throws {
        let text = CalibrationCSV.render(Self.points)
        #expect(text.hasPrefix("kind,task,size,messages,ranks,repetition,seconds\nstep,digits,32,1,2,0,1.25e-06\n"))
        #expect(try CalibrationCSV.parse(text, file: "p.csv") == Self.points)
    }

    @Test(arguments: [
        ("", "p.csv:1: not the points"), ("kind,task\n", "p.csv:1: not the points"),
        ("HEAD\nsteps,digits,1,1,1,0,1", "p.csv:2: 'steps,digits,1,1,1,0,1' is no time"),
        ("HEAD\nstep,digits,1,1,1,0,1\nstep,digits,1,1,1,1,0", "p.csv:3: "),
        ("HEAD\nburst,,0,1,1,0,1", "p.csv:2: "), ("HEAD\nburst,,1,0,1,0,1", "p.csv:2: "),
        ("HEAD\nburst,,1,1,0,0,1", "p.csv:2: "), ("HEAD\nburst,,1,1,1,-1,1", "p.csv:2: "),
        ("HEAD\nburst,,1,1,1,0,inf", "p.csv:2: "), ("HEAD\nburst,,1,1,1,0", "p.csv:2: 6 fields; allowed are 7"),
    ])
    func aWrongLineIsNamed(_ text: String, _ part: String) {
        let text = text.replacing("HEAD", with: "kind,task,size,messages,ranks,repetition,seconds")
        let error = #expect(throws: ReportError.self) { try CalibrationCSV.parse(text, file: "p.csv") }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
}
