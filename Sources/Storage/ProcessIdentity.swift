internal import Foundation

/// Identifies a process among all that ever ran on a host: numbers are reused, but a number together with a start time
/// is not.
package struct ProcessIdentity: Hashable, Sendable {
    /// The name of the host, or of the container.
    package let host: String
    package let number: Int32
    /// Clock ticks from the host's start to the process's; nil where that is not known.
    package let began: Int?

    package init(host: String, number: Int32, began: Int?) {
        (self.host, self.number, self.began) = (host, number, began)
    }

    /// The identity of this process.
    package static var current: ProcessIdentity {
        let number = getpid()
        return ProcessIdentity(host: hostName, number: number, began: beginning(of: number))
    }

    /// Whether the process may still be running; nil on another host, whose processes are unknown.
    package var isRunning: Bool? {
        guard host == Self.hostName else { return nil }
        // A process of another user cannot be signalled, but exists.
        guard kill(number, 0) == 0 || errno == EPERM else { return false }
        guard let began, let found = Self.beginning(of: number) else { return true }
        return began == found
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Field 22 of `/proc/PID/stat`, counted after the program's name, which may contain anything. A process that has
    /// ended and waits for its parent counts as gone: -1.
    private static func beginning(of number: Int32) -> Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(number)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return fields.first == "Z" ? -1 : nil }
        return Int(fields[19])
    }
}
