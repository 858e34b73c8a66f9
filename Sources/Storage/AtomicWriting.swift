import Files
package import Foundation

/// Writes a file under another name and moves it to its place, so that it is there completely or not at all. Where the
/// URL names a link, the file that the link leads to is replaced; a device or a pipe is written to directly.
///
/// - Parameter kind: the kind of file, put before its name in errors.
/// - Throws: ``ReportError`` naming the file and the system's reason; an earlier file is then intact.
package func writeAtomically(_ data: Data, to url: URL, kind: String = "") throws(ReportError) {
    do throws(FileError) {
        try DurableFile.write(data, to: url.path)
    } catch {
        throw ReportError("\(kind)'\(url.relativePath)' cannot be written: \(error)")
    }
}

/// Removes what a process left that was killed while it wrote these files. No process may be writing them.
package func removeTemporaries(of url: URL) {
    DurableFile.removeTemporaries(
        in: url.deletingLastPathComponent(), of: url.deletingPathExtension().lastPathComponent)
}

/// The system's reason for an error, without Foundation's wrapping.
func systemReason(_ error: any Error) -> String {
    if let error = error as? FileError { return error.description }
    let error = error as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    if let posix = [underlying, error].compactMap({ $0 }).first(where: { $0.domain == NSPOSIXErrorDomain }) {
        return String(cString: strerror(Int32(posix.code)))
    }
    return error.localizedDescription
}
