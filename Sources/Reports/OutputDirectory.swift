public import Experiments
import Files
public import Foundation

/// The folder that an experiment's files go to. Every file is complete or not there.
public struct OutputDirectory: Sendable {
    public let url: URL
    /// Whether this made the folder.
    private let isNew: Bool

    /// Makes the folder where it is missing and checks that it can be written, before anything is computed for it.
    ///
    /// - Parameter other: a file of another command, whose report would be written over.
    /// - Throws: ``ReportError`` saying why not.
    public init(_ path: String, notWith other: String? = nil) throws(ReportError) {
        url = URL(fileURLWithPath: path, isDirectory: true)
        isNew = !FileManager.default.fileExists(atPath: path)
        if let file = Self.fileInTheWay(of: path) {
            throw ReportError("output folder '\(path)' cannot be written: '\(file)' is not a folder")
        }
        if let other, FileManager.default.fileExists(atPath: "\(path)/\(other)") {
            throw ReportError("output folder '\(path)' holds another command's '\(other)'; name another with --output")
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            try DurableFile.requireWritable(folder: url)
        } catch {
            throw ReportError("output folder '\(path)' cannot be written: \(systemReason(error))")
        }
    }

    /// Removes what a process that was killed while it wrote has left; nobody may be writing to the folder.
    public func removeTemporaries() { DurableFile.removeTemporaries(in: url) }

    /// Takes the folder away again if this made it and nothing was written to it.
    public func removeIfUnused() {
        // rmdir and not FileManager, which would take the contents along.
        if isNew { rmdir(url.path) }
    }

    /// The part of the path that is there and no folder, for which Foundation has no clear words.
    private static func fileInTheWay(of path: String) -> String? {
        let names = path.split(separator: "/")
        for count in 1..<(names.count + 1) {
            let part = (path.hasPrefix("/") ? "/" : "") + names.prefix(count).joined(separator: "/")
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: part, isDirectory: &isFolder) else { return nil }
            if !isFolder.boolValue { return part }
        }
        return nil
    }

    /// The files of a run.
    public static let resultNames = [
        ResultsFile.name, SummaryCSV.name, CurvesCSV.name, TargetsCSV.name, MarkdownReport.name,
    ]

    /// Writes `results.json` alone: what counts when no more will come.
    public func writeResults(_ results: Results) throws {
        try writeAtomically(try ResultsFile.encode(results), to: url.appendingPathComponent(ResultsFile.name))
    }

    /// Writes `results.json` and what is made from it.
    public func write(_ results: Results) throws {
        try writeResults(results)
        try writeDerived(results)
    }

    /// Writes the files that are made from `results.json`.
    public func writeDerived(_ results: Results) throws(ReportError) {
        for (name, text) in [
            (SummaryCSV.name, SummaryCSV.render(results)), (CurvesCSV.name, CurvesCSV.render(results)),
            (TargetsCSV.name, TargetsCSV.render(results)),
            (MarkdownReport.name, MarkdownReport.render(results)),
        ] {
            try writeAtomically(Data(text.utf8), to: url.appendingPathComponent(name))
        }
    }
}

/// Writes a file under another name and moves it to its place, so that it is there whole or not at all. Where a link is
/// named, the file that it leads to is replaced; a device or a pipe is written to.
///
/// - Parameter kind: of file, before its name in errors.
/// - Throws: ``ReportError`` naming the file and what the system said; then what was there before is intact.
public func writeAtomically(_ data: Data, to url: URL, kind: String = "") throws(ReportError) {
    do throws(FileError) {
        try DurableFile.write(data, to: url.path)
    } catch {
        throw ReportError("\(kind)'\(url.relativePath)' cannot be written: \(error)")
    }
}

/// Removes what a process that was killed while it wrote these files has left; nobody may be writing them.
public func removeTemporaries(of url: URL) {
    DurableFile.removeTemporaries(
        in: url.deletingLastPathComponent(), of: url.deletingPathExtension().lastPathComponent)
}

/// What the system said, without Foundation's wrapping.
func systemReason(_ error: any Error) -> String {
    if let error = error as? FileError { return error.description }
    let error = error as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    if let posix = [underlying, error].compactMap({ $0 }).first(where: { $0.domain == NSPOSIXErrorDomain }) {
        return String(cString: strerror(Int32(posix.code)))
    }
    return error.localizedDescription
}
