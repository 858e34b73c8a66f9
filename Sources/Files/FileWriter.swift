internal import Foundation

/// Writes a file bit by bit. The bytes go to a file of another name beside it, which takes the place of the old one when all
/// are on the disk, with the old one's permissions: killed at any moment, a process leaves the old file or the new one, and
/// maybe the temporary one. Where a link is named, the file that it leads to is replaced, and the link stays. What is no
/// regular file, such as a device or a pipe, is written to directly.
///
/// A file with further names (hard links) keeps its old contents under these.
package final class FileWriter {
    /// What names of temporary files begin with; a process number follows, since two processes may write one file.
    static let temporaryPrefix = ".tmp-"
    /// The longest file name, in bytes, on the file systems in use.
    private static let longestName = 255

    private var descriptor: Int32
    private let path: String
    /// The temporary file's path; nil where bytes go to their destination at once.
    private let temporary: String?

    /// - Throws: ``FileError`` where the file cannot be written; then no temporary file is left.
    package init(_ name: String) throws(FileError) {
        let location = try FileLocation(name)
        path = location.path
        switch location.kind {
        case .folder: throw FileError(EISDIR)
        case .descriptor(let number):
            temporary = nil
            // A duplicate of a descriptor shares its position with whoever else writes to it; a file that is opened by
            // its name would not.
            descriptor = fcntl(number, F_DUPFD_CLOEXEC, 3)
        case .stream:
            temporary = nil
            descriptor = try Self.open(path, O_WRONLY | O_NOCTTY)
        case .missing, .regular:
            let beside = Self.temporaryPath(for: path)
            temporary = beside
            descriptor = try Self.create(beside, replacing: location)
        }
        guard descriptor >= 0 else { throw FileError() }
    }

    deinit { discard() }

    private static func temporaryPath(for path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let name = "\(temporaryPrefix)\(getpid())-\(url.lastPathComponent)"
        // A long name keeps what it begins with.
        let bytes =
            name.utf8.count <= longestName ? name : String(decoding: name.utf8.prefix(longestName - 3), as: UTF8.self)
        return url.deletingLastPathComponent().appendingPathComponent(bytes).path
    }

    private static func open(_ path: String, _ flags: Int32) throws(FileError) -> Int32 {
        while true {
            let descriptor = Foundation.open(path, flags | O_CLOEXEC, 0o666)
            if descriptor >= 0 { return descriptor }
            guard errno == EINTR else { throw FileError() }
        }
    }

    /// An empty file that nobody else has, with the owner and the permissions of what it is to replace.
    private static func create(_ path: String, replacing old: FileLocation) throws(FileError) -> Int32 {
        var status = stat()
        let replaces = old.kind == .regular && stat(old.path, &status) == 0
        // The folder alone would allow to replace a file that is protected.
        if replaces, access(old.path, W_OK) != 0 { throw FileError() }
        // A process with this number that was killed may have left one.
        unlink(path)
        let descriptor = try open(path, O_WRONLY | O_CREAT | O_EXCL)
        if replaces {
            // Only root may give files away; others keep theirs.
            if status.st_uid != geteuid() || status.st_gid != getegid() {
                _ = fchown(descriptor, status.st_uid, status.st_gid)
            }
            _ = fchmod(descriptor, status.st_mode & 0o7777)
        }
        return descriptor
    }

    /// - Throws: ``FileError`` saying why not all was written, such as that the disk is full.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError(count < 0 ? errno : ENOSPC) }
            done += count
        }
    }

    /// Moves the complete file to its destination, safe from a loss of power.
    ///
    /// - Throws: ``FileError``; then no temporary file is left, and what was there before is intact.
    package func finish() throws(FileError) {
        do throws(FileError) {
            if temporary != nil, fsync(descriptor) != 0 { throw FileError() }
            let closed = close(descriptor)
            descriptor = -1
            // A file system may find out only here that there is no room.
            guard closed == 0 else { throw FileError() }
            guard let temporary else { return }
            guard rename(temporary, path) == 0 else { throw FileError() }
            try Self.flushNames(besides: path)
        } catch {
            discard()
            if let temporary { unlink(temporary) }
            throw error
        }
    }

    /// Removes the temporary file, which is not complete.
    package func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if let temporary { unlink(temporary) }
    }

    /// A name is safe when the folder that it is in is.
    private static func flushNames(besides path: String) throws(FileError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = try open(folder, O_RDONLY)
        defer { close(descriptor) }
        // Some file systems have no such call for folders.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError() }
    }

    /// A descriptor for a file that grows line by line and is read meanwhile; it is made where it is missing.
    ///
    /// - Parameter keeping: what is there already, before the new lines.
    /// - Throws: ``FileError`` where it cannot be written.
    package static func descriptor(appendingTo name: String, keeping: Bool) throws(FileError) -> Int32 {
        let location = try FileLocation(name)
        if case .descriptor(let number) = location.kind {
            let descriptor = fcntl(number, F_DUPFD_CLOEXEC, 3)
            guard descriptor >= 0 else { throw FileError() }
            return descriptor
        }
        let mode = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY
        return try open(location.path, keeping ? mode : mode | O_TRUNC)
    }
}
