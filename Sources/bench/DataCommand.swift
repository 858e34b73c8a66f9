import ArgumentParser
import Datasets
import Foundation
import Tasks

struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "List, download and check data sets.",
        subcommands: [ListData.self, Fetch.self, Verify.self],
        defaultSubcommand: ListData.self)
}

/// The folder of the data; shared by the sub-commands.
struct DataOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The folder of data sets. (default: $BENCH_DATA, else ~/.cache/distributed-training-bench)",
            valueName: "folder"))
    var data: String?

    func images(_ database: ImageDatabase) -> ImageFiles { ImageFiles(database, in: DataDirectory(data)) }

    /// Says that the folder has no effect where all tasks that are asked for have embedded data.
    func noteIfUnused(_ tasks: [TrainingTask]?) {
        guard data != nil, let tasks, tasks.allSatisfy(\.isEmbedded) else { return }
        printError("--data has no effect: the data of \(tasks.map(\.name).joined(separator: ", ")) are embedded")
    }
}

/// A name of a data set that can be downloaded.
enum DownloadableData: String, CaseIterable, ExpressibleByArgument {
    case mnist
    case fashionMNIST = "fashion-mnist"

    var database: ImageDatabase {
        switch self {
        case .mnist: .mnist
        case .fashionMNIST: .fashionMNIST
        }
    }
}

struct ListData: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Say which data sets there are, and where.")
    @OptionGroup var options: DataOptions

    func run() throws {
        print("digits         embedded: 1,797 images of 8x8 (Alpaydin and Kaynak 1998, doi:10.24432/C50P49, CC BY 4.0)")
        print("letters        embedded: 20,000 letters of 16 features (Slate 1991, doi:10.24432/C5ZP40, CC BY 4.0)")
        print(
            "vowels         embedded: 990 vowels by 15 speakers (Deterding, Niranjan and Robinson, doi:10.24432/C58P4S, CC BY 4.0)"
        )
        print(
            "sotu           embedded: 696,000 letters by 29 presidencies (State of the Union 1790-1932, The American Presidency Project, "
                + "public domain)")
        for database in ImageDatabase.all { print(line(options.images(database))) }
    }

    private func line(_ images: ImageFiles) -> String {
        let (database, files) = (images.database, images.database.files.compactMap { images.locate($0) })
        let state =
            files.count == database.files.count
            ? "all four files are there"
            : """
            \(files.count) of 4 files are there; get them with 'bench data fetch \(database.folderName)'\
            \(database.systemPackage.map { ", or install Debian's package \($0.name)" } ?? "")
            """
        let folder = files.first?.deletingLastPathComponent().path ?? images.folder.path
        let name = database.folderName.padding(toLength: 14, withPad: " ", startingAt: 0)
        return "\(name) \(folder): \(state) (\(database.origin))"
    }
}

struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Download a data set and check it.")
    @Argument(help: "The data set.") var name: DownloadableData
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Try these addresses instead of the known mirrors.", valueName: "url"))
    var mirror: [String] = []
    @OptionGroup var options: DataOptions

    func run() async throws {
        let images = options.images(name.database)
        print("\(name.database.name) to \(images.folder.path)")
        try await Download(mirrors: mirror.isEmpty ? name.database.mirrors : mirror).fetch(images) { print("  \($0)") }
    }
}

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare a data set's files with their published checksums.")
    @Argument(help: "The data set.") var name: DownloadableData = .mnist
    @OptionGroup var options: DataOptions

    func run() throws {
        let images = options.images(name.database)
        var failures = 0
        for file in name.database.files {
            do {
                try images.verify(file)
                print("\(file.name): right")
            } catch {
                failures += 1
                printError("\(error)")
            }
        }
        guard failures == 0 else { throw ExitCode.failure }
    }
}
