import ArgumentParser
import Foundation
import Fuzzing

/// Tries inputs on everything that the program reads, in processes of their own, and says which end, hang, take too much memory
/// or are answered wrongly.
@main
struct FuzzReaders: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz-readers",
        abstract: "Try inputs on everything that bench reads.",
        discussion: """
            Which input has which number follows from the seed, so that a finding is made again by its class and number:

              fuzz-readers --seconds 120                            all classes, two minutes
              fuzz-readers --class gzip,schedule --inputs 100000
              fuzz-readers --class gzip --index 4711 --write FILE   the input itself, and what becomes of it
              fuzz-readers --class gzip --file FILE                 what becomes of a file
              fuzz-readers --corpus-only                            the corpus, with every input that ever failed
              fuzz-readers --self-test                              planted faults, each of which has to be found

            Exit codes: 0 nothing found, 1 a finding, 64 the command line is wrong.
            """)

    @Option(name: .customLong("class"), help: "Classes with commas, or all.")
    var classes = "all"
    @Option(help: "Decides which inputs are tried.")
    var seed: UInt64 = 1
    @Option(help: "For all classes together.")
    var seconds = 60.0
    @Option(help: "Of each class; none for as many as there is time for.")
    var inputs: Int?
    @Option(help: "The number of the first input.")
    var first = 0
    @Option(help: "The folder with a folder of seeds for each class.")
    var corpus = "Tests/Fuzz/Corpus"
    @Option(help: "Where inputs go that fail.")
    var finds: String?
    @Option(help: "Kinds of findings that are listed and do not fail: crash, hang, memory, wrong, told.")
    var allow: String?
    @Option(help: "How long a processor may be busy with an input, in seconds.")
    var hang = 20.0
    @Option(help: "One input, read in this process.")
    var index: Int?
    @Option(help: "Where that input goes.")
    var write: String?
    @Option(help: "A file to read in this process.")
    var file: String?
    @Flag(help: "The corpus and the seeds, as they are.")
    var corpusOnly = false
    @Flag(help: "Planted faults in place of the readers.")
    var selfTest = false
    @Option(help: "A folder for the seeds that the program writes itself.")
    var writeSeeds: String?
    @Flag(help: "Search by libFuzzer, with its options behind '--', as Benchmarks/fuzz.sh does.")
    var coverageGuided = false
    @Argument(help: .hidden) var fuzzerOptions: [String] = []
    @Option(help: .hidden) var childStatus: String?
    @Option(help: .hidden) var childFindings: String?
    @Option(help: .hidden) var end: Int?

    func validate() throws {
        for name in names {
            do { _ = try InputClasses.make(name) } catch { throw ValidationError("--class: \(error)") }
        }
        if index != nil || file != nil || coverageGuided || writeSeeds != nil, names.count != 1 {
            throw ValidationError("--index, --file, --write-seeds and --coverage-guided are for one --class")
        }
        _ = try allowedKinds()
        guard seconds > 0, hang > 0, first >= 0 else {
            throw ValidationError("--seconds, --hang and --first are above 0")
        }
    }

    private var names: [String] {
        selfTest
            ? InputClasses.planted
            : classes == "all"
                ? InputClasses.names + [OptionInputs.className] : classes.split(separator: ",").map(String.init)
    }
    private func allowedKinds() throws -> Set<Campaign.Finding.Kind> {
        Set(
            try (allow ?? "").split(separator: ",").map { name in
                guard let kind = Campaign.Finding.Kind(rawValue: String(name)) else {
                    throw ValidationError("--allow: '\(name)' is no kind of findings")
                }
                return kind
            })
    }

    private var corpusFolder: URL { URL(fileURLWithPath: corpus) }

    func run() throws {
        if let childStatus { return try child(childStatus) }
        if index != nil || file != nil { return try one() }
        if let writeSeeds {
            for (index, seed) in try inputs(names[0]).seeds.enumerated() {
                try Data(seed).write(to: URL(fileURLWithPath: writeSeeds).appendingPathComponent("seed-\(index)"))
            }
            return
        }
        if coverageGuided { throw ExitCode(try CoverageGuided.search(try inputs(names[0]), fuzzerOptions)) }
        if selfTest { return try findPlanted() }
        var table = ReportTable()
        for (number, name) in names.enumerated() {
            // What a class leaves of its time is the others'.
            let left = (seconds - table.seconds) / Double(names.count - number)
            table.add(name, try campaign(name, seconds: max(0.5, left)), folder: finds, input: { try input(name, $0) })
        }
        print(table.text, terminator: "")
        if table.hasFindings(but: try allowedKinds()) { throw ExitCode(1) }
    }

    // MARK: One class

    private func campaign(_ name: String, seconds: Double, inputs: Int? = nil, hang: Double? = nil) throws
        -> Campaign.Report
    {
        var settings = Campaign.Settings()
        settings.seconds = corpusOnly ? .infinity : self.inputs == nil ? seconds : .infinity
        settings.inputs = corpusOnly ? 1_000_000 : inputs ?? self.inputs ?? .max
        settings.first = first
        settings.hangSeconds = hang ?? self.hang
        // One planted fault that is found is enough, and each hang takes its time.
        if selfTest { settings.mostEnds = 2 }
        let folder = WorkFolder.parent.appendingPathComponent("fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try Campaign(in: folder, settings) { first, end, seconds, status, findings in
            var words = [
                "--class", name, "--seed", "\(seed)", "--corpus", corpus, "--first", "\(first)", "--end", "\(end)",
                "--seconds", "\(min(seconds, 1e6))", "--child-status", status, "--child-findings", findings,
            ]
            if corpusOnly { words.append("--corpus-only") }
            guard name == OptionInputs.className else {
                return Campaign.Launch(executable: Self.executable, arguments: words)
            }
            // The bundle of the tests, in which a test stands by that does what a child does.
            return Campaign.Launch(
                executable: Self.testBundle,
                arguments: ["--testing-library", "swift-testing", "--filter", "optionsOfAChildOfTheFuzzHarness"],
                environment: ["FUZZ_CHILD": words.joined(separator: "\n")])
        }.run()
    }

    private static let executable =
        Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]).standardizedFileURL
    private static let testBundle =
        executable.deletingLastPathComponent().appendingPathComponent("distributed-training-benchPackageTests.xctest")

    private func inputs(_ name: String) throws -> Inputs {
        try Inputs(InputClasses.make(name), seed: seed, corpus: corpusFolder)
    }

    private func input(_ name: String, _ index: Int) throws -> [UInt8] { try inputs(name).input(index) }

    private func child(_ status: String) throws {
        let inputs = try inputs(names[0])
        let end = corpusOnly ? inputs.seeds.count : end ?? .max
        Child(inputs, status: try StatusPage(status), findings: childFindings ?? "/dev/null")
            .run(first..<max(first, end), seconds: seconds)
    }

    private func one() throws {
        let inputs = try inputs(names[0])
        let input = try file.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) } ?? inputs.input(index ?? 0)
        if let write { try Data(input).write(to: URL(fileURLWithPath: write)) }
        let judgement = Judge(inputs.kind).judge(input)
        print("\(input.count) bytes: \(judgement)")
        switch judgement {
        case .accepted, .refused: break
        case .wrong, .memory, .told: throw ExitCode(1)
        }
    }

    // MARK: Planted faults

    private func findPlanted() throws {
        for (name, planted) in zip(InputClasses.planted, InputClasses.plantedKinds) {
            // A machine that is busy with something else keeps every input waiting, which is no hang: only where one is
            // planted is the limit short.
            let report = try campaign(name, seconds: .infinity, inputs: 60, hang: planted == .hang ? 0.3 : 20)
            let found = report.count(planted)
            let others = report.findings.count - found
            print("\(name): \(report.tried) inputs, \(found) times \(planted.rawValue), \(others) others")
            guard found > 0, others == 0 else {
                print("\(name) has to be found as \(planted.rawValue): \(report.findings.map(\.what))")
                throw ExitCode(1)
            }
        }
    }
}
