import Foundation

/// Files that outlive the process and the machine's power: written under another name, flushed to the disk, then moved to
/// their place. Killed between any two of these steps, a process leaves the old file or the new one, and maybe a temporary
/// one beside it.
enum DurableFile {
    /// What names of temporary files begin with; a process number follows, since two processes may write one file.
    static let temporaryPrefix = ".tmp-"

    /// Removes what processes that were killed have left of the files whose names begin with `name`. Nobody may be writing
    /// them.
    static func removeTemporaries(in folder: URL, of name: String = "") {
        for found in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            guard found.hasPrefix(temporaryPrefix) else { continue }
            let rest = found.dropFirst(temporaryPrefix.count).drop { $0.isNumber }
            if rest.hasPrefix("-" + name) { unlink(folder.appendingPathComponent(found).path) }
        }
    }

    /// - Throws: ``ReportError`` naming the file and what the system said, such as that the disk is full; then nothing is
    ///   left of it, and what was there before is intact.
    ///
    /// - Parameter kind: of file, before its name in errors.
    static func write(_ data: Data, to url: URL, kind: String = "checkpoint ") throws(ReportError) {
        let folder = url.deletingLastPathComponent()
        let process = ProcessInfo.processInfo.processIdentifier
        let temporary = folder.appendingPathComponent("\(temporaryPrefix)\(process)-\(url.lastPathComponent)")
        do throws(SystemError) {
            try writeAndFlush(data, to: temporary.path)
            guard rename(temporary.path, url.path) == 0 else { throw SystemError() }
            try flushNames(of: folder.path)
        } catch {
            unlink(temporary.path)
            throw ReportError("\(kind)'\(url.relativePath)' cannot be written: \(error.reason)")
        }
    }

    /// What a call left in `errno`.
    private struct SystemError: Error {
        let reason = String(cString: strerror(errno))
    }

    private static func writeAndFlush(_ data: Data, to path: String) throws(SystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError() }
        var failure: SystemError?
        data.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    failure = SystemError()
                    return
                }
                done += count
            }
        }
        if failure == nil, fsync(descriptor) != 0 { failure = SystemError() }
        // A file system may find out only here that there is no room.
        if close(descriptor) != 0, failure == nil { failure = SystemError() }
        if let failure { throw failure }
    }

    /// A name is safe when the folder that it is in is.
    private static func flushNames(of folder: String) throws(SystemError) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError() }
        defer { close(descriptor) }
        // Some file systems have no such call for folders.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemError() }
    }
}
