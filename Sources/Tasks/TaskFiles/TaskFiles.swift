import Foundation
import Locking

/// The task files of this process. Each is read once, and again only if the file or its data change.
package enum TaskFiles {
    private struct Entry {
        let contents: TaskFileContents
        /// Stamps of the task file and of its data, by path.
        let stamps: [String: Stamp]
    }

    /// What changes when a file is written again.
    private struct Stamp: Equatable {
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
        let inode: UInt64

        /// Nil where the file does not exist.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            (size, inode) = (Int64(status.st_size), UInt64(status.st_ino))
            (seconds, nanoseconds) = (Int(time.tv_sec), Int(time.tv_nsec))
        }
    }

    private static let read = Guarded<[String: Entry]>([:])
    private static let largestFile = 1 << 20

    /// Reads a task file and its data.
    ///
    /// - Throws: ``TaskFileError`` naming the line, what was found and what is allowed.
    package static func contents(_ path: String) throws(TaskFileError) -> TaskFileContents {
        let key = URL(fileURLWithPath: path).standardizedFileURL.path
        let known = read.withLock { $0[key] }
        if let known, known.contents.task.file?.path == path,
            known.stamps.allSatisfy({ Stamp($0.key) == $0.value })
        {
            return known.contents
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TaskFileError("task file '\(path)' does not exist or cannot be read")
        }
        guard data.count <= largestFile else {
            throw TaskFileError("\(path): \(data.count) bytes; a task file has \(largestFile) at most")
        }
        guard let text = String(data: data, encoding: .utf8) else { throw TaskFileError("\(path): not UTF-8 text") }
        let contents = try TaskFile(file: path).parse(text)
        var stamps: [String: Stamp] = [:]
        for file in [key] + contents.data.paths { stamps[file] = Stamp(file) }
        let entry = Entry(contents: contents, stamps: stamps)
        read.withLock { $0[key] = entry }
        return contents
    }

    /// The task file and the files that it names; empty for a task's name. Errors in the file are reported where it is
    /// read, not here.
    package static func files(of argument: String) -> [String] {
        guard TaskFile.isFile(argument) else { return [] }
        return [argument] + ((try? contents(argument))?.data.paths ?? [])
    }
}

extension TrainingTask {
    /// The task that an argument of `--task` means: a path that ends in .yaml or .yml, or a name.
    ///
    /// - Throws: ``TaskFileError`` for what is wrong with a file; ``ExperimentError`` listing the tasks for a name that is none.
    public static func resolve(_ argument: String) throws -> TrainingTask {
        TaskFile.isFile(argument) ? try TaskFiles.contents(argument).task : try named(argument)
    }

    /// The task of a record.
    ///
    /// - Parameter file: the task file, which is read again; nil for a task of the program's.
    /// - Throws: ``ExperimentError`` for a file that is missing or was changed, or an unknown name.
    package static func recorded(_ name: String, _ file: TaskFileReference?) throws(ExperimentError) -> TrainingTask {
        guard let file else { return try named(name) }
        let task: TrainingTask
        do throws(TaskFileError) {
            task = try TaskFiles.contents(file.path).task
        } catch { throw ExperimentError("\(error)") }
        guard task.file == file else {
            throw ExperimentError(
                """
                the task file '\(file.path)' was changed: its SHA-256 is \(task.file?.sha256.prefix(12) ?? "?"), and was \
                \(file.sha256.prefix(12)) when the record was made
                """)
        }
        return task
    }
}
