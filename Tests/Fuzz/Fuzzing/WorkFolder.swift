import Foundation

/// Files that a reader is to read: in memory where the system has a place for that.
package struct WorkFolder {
    package let url: URL

    package init(_ name: String) throws {
        // Whoever starts this process and watches it end names a folder that it removes.
        let given = ProcessInfo.processInfo.environment[Self.variable].map { URL(fileURLWithPath: $0) }
        url = (given ?? Self.parent)
            .appendingPathComponent("fuzz-\(name)-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    package static let variable = "FUZZ_FOLDER"

    package static var parent: URL {
        let memory = URL(fileURLWithPath: "/dev/shm")
        return FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    }

    package func path(_ name: String) -> String { url.path + "/" + name }

    package func write(_ bytes: [UInt8], _ name: String) throws {
        let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw WrongAnswer("'\(path(name))' cannot be written") }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw WrongAnswer("'\(path(name))' cannot be written") }
            done += count
        }
    }

    package func remove(_ name: String) { unlink(path(name)) }
    package func removeAll() { try? FileManager.default.removeItem(at: url) }
}
