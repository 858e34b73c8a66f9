import ArgumentParser
import Diagnostics
import Experiments
import Foundation
import Reports
import Storage
import Studies

struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw a picture of recorded results as SVG or PNG.",
        discussion: """
            Takes the folder of a run, a study or coalitions and writes one of the pictures of its report.html. Without an option \
            it lists them. PNG is made by rsvg-convert, which has to be installed.

            EXAMPLES:
              bench plot Results/latest
              bench plot Results/latest --picture accuracy-time --output curves.svg
              bench plot Results/latest --picture time-to-target --theme dark --output times.png
            """)

    @Argument(
        help: ArgumentHelp("A folder with a results.json, a study.json or a coalitions.json.", valueName: "folder"))
    var directory: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Which one, by its name. (default: the first of them)", valueName: "picture"))
    var picture: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where it goes. (default: its name, as SVG)", valueName: "file.svg|file.png"))
    var output: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "light, dark, or auto: an SVG that follows the reader's setting. (default: auto, of PNG light)",
            valueName: "theme"),
        transform: { text in
            let allowed = [PictureTheme.auto, .light, .dark]
            guard let theme = allowed.first(where: { $0.rawValue == text }) else {
                throw ValidationError(
                    UnknownName.message("theme", found: text, allowed: allowed.map(\.rawValue)))
            }
            return theme
        })
    var theme: PictureTheme?

    private var isPNG: Bool { output?.lowercased().hasSuffix(".png") == true }

    func validate() throws {
        if picture?.isEmpty == true { throw ValidationError("--picture is empty; allowed is the name of a picture") }
        guard let output else { return }
        guard isPNG || output.lowercased().hasSuffix(".svg") else {
            throw ValidationError("--output '\(output)' is neither; allowed are names that end in .svg or .png")
        }
        if isPNG, theme == .auto {
            throw ValidationError("--theme auto: a PNG has fixed colours; allowed for it are light and dark")
        }
        var named = NamedFiles()
        for name in [ResultsFile.name, StudyFile.name, CoalitionFile.name] {
            named.reads("the picture", "\(directory)/\(name)")
        }
        named.writes("--output", output)
        try named.check()
    }

    func run() throws {
        let pictures = try pictures()
        guard let first = pictures.first else {
            throw ReportError("'\(directory)' has no run that is finished to draw")
        }
        guard picture != nil || output != nil else {
            var table = TextTable([("picture", .left), ("what it shows", .left)])
            for picture in pictures { table.append([picture.name, picture.title]) }
            print(table.terminal(TerminalAbilities.output.layout), terminator: "")
            return
        }
        let names = pictures.map(\.name)
        guard let chosen = picture == nil ? first : pictures.first(where: { $0.name == picture }) else {
            throw ValidationError(UnknownName.message("picture", found: picture ?? "", allowed: names))
        }
        let file = output ?? "\(chosen.name).svg"
        try requireWritableParent(of: file, option: "--output")
        let svg = Data((chosen.svg(theme ?? (isPNG ? .light : .auto)) + "\n").utf8)
        try writeAtomically(isPNG ? try PNGConverter.convert(svg) : svg, to: URL(fileURLWithPath: file))
        print("\(chosen.title): \(file)")
        if let foreign = try foreignData() { printError(foreign) }
    }

    private func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(directory)/\(name)") }

    /// A picture has no room for what its data are.
    private func foreignData() throws -> String? {
        if holds(ResultsFile.name) { return DataText.warning(try ResultsFile.read(directory), in: directory) }
        let others: Results =
            holds(StudyFile.name)
            ? try StudyFile.read(directory).withoutRuns : try CoalitionFile.read(directory).withoutRuns
        return DataText.warning(others, in: directory)
    }

    private func pictures() throws -> [Picture] {
        if holds(StudyFile.name), !holds(ResultsFile.name) {
            return PicturedStudy(try StudyFile.read(directory)).pictures
        }
        if holds(CoalitionFile.name), !holds(ResultsFile.name) {
            return CoalitionAnalysis(try CoalitionFile.read(directory)).map(CoalitionPage.pictures) ?? []
        }
        return PicturedRuns(try ResultsFile.read(directory, note: printError)).pictures
    }
}

/// Converts SVG to PNG with librsvg's program, where that is installed.
enum PNGConverter {
    private static let program = "rsvg-convert"
    /// Pixels of the image for each pixel of the picture: two, for sharp images on screens of high resolution.
    private static let zoom = "2"

    /// - Throws: ``ReportError`` where the program is missing or fails.
    static func convert(_ svg: Data) throws -> Data {
        guard let path = path() else {
            throw ReportError(
                "PNG needs the program \(program), which is not in the PATH: install it (Debian and Ubuntu: apt-get install "
                    + "librsvg2-bin; Fedora: dnf install librsvg2-tools), or write an .svg")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (source, target) = (
            folder.appendingPathComponent("picture.svg"), folder.appendingPathComponent("picture.png")
        )
        try svg.write(to: source)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["--zoom", zoom, "--output", target.path, source.path]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0,
            let png = try? Data(contentsOf: target)
        else {
            throw ReportError("\(program) could not make a PNG (exit code \(process.terminationStatus))")
        }
        return png
    }

    private static func path() -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
