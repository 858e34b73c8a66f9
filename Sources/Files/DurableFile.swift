package import Foundation

/// Files that outlive the process and the machine's power, written whole (see ``FileWriter``).
package enum DurableFile {
    /// Removes what processes that were killed have left of the files whose names begin with `name`. Nobody may be writing
    /// them.
    package static func removeTemporaries(in folder: URL, of name: String = "") {
        for found in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            guard found.hasPrefix(FileWriter.temporaryPrefix) else { continue }
            let rest = found.dropFirst(FileWriter.temporaryPrefix.count).drop { $0.isNumber }
            if rest.hasPrefix("-" + name) { unlink(folder.appendingPathComponent(found).path) }
        }
    }

    /// - Throws: ``FileError``; then nothing is left of the file, and what was there before is intact.
    package static func write(_ data: Data, to path: String) throws(FileError) {
        let writer = try FileWriter(path)
        // Foundation's function passes on errors without their type.
        var failure: FileError?
        data.withUnsafeBytes { bytes in
            do throws(FileError) { try writer.write(bytes) } catch { failure = error }
        }
        if let failure {
            writer.discard()
            throw failure
        }
        try writer.finish()
    }

    /// - Throws: ``FileError`` where no files can be made in the folder.
    package static func requireWritable(folder: URL) throws(FileError) {
        let probe = folder.appendingPathComponent("\(FileWriter.temporaryPrefix)\(getpid())-probe").path
        unlink(probe)
        let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError() }
        close(descriptor)
        unlink(probe)
    }

    /// - Throws: ``FileError`` where a file of this name could not be written; nothing is changed by asking.
    package static func requireWritable(file: String) throws(FileError) {
        let location = try FileLocation(file)
        switch location.kind {
        case .folder: throw FileError(EISDIR)
        case .descriptor(let number):
            let flags = fcntl(number, F_GETFL)
            guard flags >= 0, flags & O_ACCMODE != O_RDONLY else { throw FileError(EBADF) }
        case .stream: guard access(location.path, W_OK) == 0 else { throw FileError() }
        case .regular, .missing:
            if location.kind == .regular, access(location.path, W_OK) != 0 { throw FileError() }
            let folder = URL(fileURLWithPath: location.path).deletingLastPathComponent().path
            guard access(folder, W_OK | X_OK) == 0 else { throw FileError() }
        }
    }
}
