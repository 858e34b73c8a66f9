import ArgumentParser
import Cluster
import Datasets
import Experiments
import Files
import Foundation
import Reports
import Storage
import Tasks

/// The files that a command reads and writes, by the options that name them, to detect conflicts before any file is
/// written. Devices and pipes may be named twice.
struct NamedFiles {
    private struct Entry {
        let option: String
        let path: String
        /// Whether the command keeps a folder of such files, and nobody has named this one.
        var isOwn = false
    }

    private var read: [String: Entry] = [:]
    private var written: [String: Entry] = [:]
    private var collision: String?

    init() {
        // A file of the same name would overwrite the text of standard output, or be overwritten by it.
        if let path = Self.standardOutput { writes("standard output", path) }
    }

    private static var standardOutput: String? {
        var status = stat()
        guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(STDOUT_FILENO)")
    }

    mutating func reads(_ option: String, _ path: String?) {
        guard let path, let identity = FileLocation.identity(of: path) else { return }
        let entry = Entry(option: option, path: path)
        if read[identity] == nil { read[identity] = entry }
        if let output = written[identity] { note(output, overwrites: entry) }
    }

    mutating func writes(_ option: String, _ path: String?) {
        if let path { writes(Entry(option: option, path: path)) }
    }

    private mutating func writes(_ entry: Entry) {
        guard let identity = FileLocation.identity(of: entry.path) else { return }
        if let other = written[identity] { note(other, meets: entry) } else { written[identity] = entry }
        if let input = read[identity] { note(entry, overwrites: input) }
    }

    private mutating func note(_ first: Entry, meets second: Entry) {
        guard collision == nil else { return }
        collision =
            first.path == second.path
            ? "\(first.option) and \(second.option) both name '\(first.path)'"
            : "\(first.option) '\(first.path)' and \(second.option) '\(second.path)' are the same file"
    }

    private mutating func note(_ output: Entry, overwrites input: Entry) {
        guard collision == nil else { return }
        let place = output.path == input.path ? "what" : "'\(input.path)', which"
        collision = "\(output.option) '\(output.path)' would overwrite \(place) \(input.option) reads"
    }

    /// - Throws: `ValidationError` naming two options whose files meet, or a file that another command keeps.
    func check() throws {
        if let collision = collision ?? folderInTheWay ?? replaced {
            throw ValidationError("\(collision); allowed are files of their own")
        }
    }

    /// A file whose name is that of a folder which others go to.
    private var folderInTheWay: String? {
        for (place, inner) in written.sorted(by: { $0.key < $1.key }) {
            var path = place[...]
            while let slash = path.lastIndex(of: "/") {
                path = path[..<slash]
                guard let entry = written[String(path)] else { continue }
                return "\(entry.option) '\(entry.path)' is a folder that \(inner.option) writes to"
            }
        }
        return nil
    }

    /// A file of results, a study or coalitions that somebody has named for something else.
    private var replaced: String? {
        for entry in written.values.sorted(by: { ($0.option, $0.path) < ($1.option, $1.path) })
        where entry.option.hasPrefix("--") && !entry.isOwn {
            guard let place = try? FileLocation(entry.path).path else { continue }
            let url = URL(fileURLWithPath: place)
            let (name, folder) = (url.lastPathComponent, url.deletingLastPathComponent())
            for (folder, name) in [
                (folder, name), (folder.deletingLastPathComponent(), "\(folder.lastPathComponent)/\(name)"),
            ] {
                guard
                    let kind = OutputDirectory.Kind.allCases.first(where: {
                        $0.isIn(folder.path) && $0.names.contains(name)
                    })
                else { continue }
                let owner = "what belongs to the '\(kind.file)' of its folder"
                return "\(entry.option) '\(entry.path)' would overwrite \(owner)"
            }
        }
        return nil
    }

    // MARK: What several commands have

    mutating func reads(cluster option: String, _ argument: String?) {
        for file in argument.map(ClusterFile.files) ?? [] { reads(option, file) }
    }

    mutating func reads(task: String?) {
        for file in task.map(TaskFiles.files) ?? [] { reads("--task", file) }
    }

    mutating func reads(jitter: Jitter?) {
        if case .empirical(let file, _) = jitter { reads("--jitter", file) }
    }

    mutating func reads(data: String?) {
        for database in ImageDatabase.all {
            let images = ImageFiles(database, in: DataDirectory(data))
            for file in database.files { reads("--data", images.locate(file)?.path) }
        }
    }

    /// The files that every command which trains reads.
    mutating func reads(_ plan: ExperimentPlan, _ cluster: ClusterOptions, planFile: String?, data: String?) {
        reads("--init", plan.initialParametersFile)
        reads("--plan", planFile)
        reads(task: plan.taskFile?.path)
        reads(cluster: "--cluster", cluster.cluster)
        reads(cluster: "--machine", cluster.machine)
        reads(jitter: cluster.jitter)
        reads(data: data)
    }

    mutating func writes(_ option: String, _ names: [String], in folder: String) {
        for name in names { writes(Entry(option: option, path: "\(folder)/\(name)", isOwn: true)) }
    }
}

extension FileOptions {
    /// - Throws: `ValidationError` naming two options whose files meet.
    func checkThatNoneMeet(
        _ plan: ExperimentPlan, _ cluster: ClusterOptions, _ checkpoints: CheckpointOptions, tuned: String?,
        planFile: String?
    ) throws {
        var files = NamedFiles()
        files.reads(plan, cluster, planFile: planFile, data: data)
        files.reads("--tuned", tuned.map(StudyFile.file))
        files.writes("--output", OutputDirectory.resultNames, in: output)
        // Runs add their name to these file names, but the names themselves must not conflict either: a user who gives
        // one twice expects that file.
        for (option, file) in [("--save", save), ("--trace-loss", traceLoss), ("--trace", trace), ("--log", logFile)] {
            files.writes(option, file)
        }
        for (option, file) in [("--save", save), ("--trace", trace)] where !plan.isOneRun {
            for name in file.map({ runFiles($0, plan) }) ?? [] { files.writes(option, name) }
        }
        for strategy in plan.strategies where record {
            for seed in plan.seeds {
                files.writes("--record", [ScheduleFile.name(strategy.name, seed: seed)], in: output)
            }
        }
        try files.check()
        try checkFolder(of: checkpoints, plan)
    }

    /// The names of the files of all runs.
    private func runFiles(_ file: String, _ plan: ExperimentPlan) -> [String] {
        plan.strategies.flatMap { strategy in
            plan.seeds.map { runFile(URL(fileURLWithPath: file), strategy.name, seed: $0, isOnly: false).relativePath }
        }
    }

    /// Files in a folder of checkpoints must not have names that checkpoints could get; other files may be there.
    private func checkFolder(of checkpoints: CheckpointOptions, _ plan: ExperimentPlan) throws {
        guard let folder = checkpoints.checkpoint, let place = FileLocation.identity(of: folder) else { return }
        let named = [("--save", save), ("--trace", trace), ("--trace-loss", traceLoss), ("--log", logFile)]
        for (option, file) in named {
            guard let file, CheckpointDirectory.owns(URL(fileURLWithPath: file).lastPathComponent),
                FileLocation.identity(of: URL(fileURLWithPath: file).deletingLastPathComponent().path) == place
            else { continue }
            throw ValidationError(
                "\(option) '\(file)' has a name that --checkpoint '\(folder)' gives its own files; allowed are others")
        }
    }
}

/// Throws before anything is computed if a file could not be written afterwards.
func requireWritableParent(of file: String, option: String) throws {
    do throws(FileError) {
        try DurableFile.requireWritable(file: file)
    } catch {
        switch error.code {
        case EISDIR: throw ReportError("\(option) '\(file)' is a folder; name a file")
        case ENOENT, ENOTDIR:
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: file) {
                throw ReportError(
                    "\(option) '\(file)' is a link to '\(target)', whose folder does not exist or cannot be written")
            }
            let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
            throw ReportError("\(option) '\(file)': the folder '\(folder)' does not exist or cannot be written")
        default: throw ReportError("\(option) '\(file)' cannot be written: \(error)")
        }
    }
}

/// The file of one run: with several runs, strategy and seed are part of its name. A device or a pipe is used for all
/// runs.
func runFile(_ file: URL, _ strategy: String, seed: UInt64, isOnly: Bool) -> URL {
    if isOnly || (try? FileLocation(file.path))?.kind.isPassedOn == true { return file }
    let stem = file.deletingPathExtension().lastPathComponent
    let suffix = file.pathExtension.isEmpty ? "" : "." + file.pathExtension
    let name = "\(stem)-\(StrategyPlan.fileName(strategy))-seed\(seed)\(suffix)"
    return file.deletingLastPathComponent().appendingPathComponent(name)
}
