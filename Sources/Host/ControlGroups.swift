internal import Foundation

/// What Linux's control groups allow this process: the least of its own group and of all groups that this one is in, in
/// version 2 (`cpu.max`, `memory.max`) and version 1 (`cpu.cfs_quota_us`, `memory.limit_in_bytes`).
///
/// Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/, and proc_pid_mountinfo(5).
package struct ControlGroups: Hashable, Sendable {
    /// Cores' worth of processor time; nil for no limit.
    package var cores: Double?
    /// Bytes of memory; nil for no limit.
    package var memoryBytes: UInt64?

    package static let current = ControlGroups { try? String(contentsOfFile: $0, encoding: .utf8) }

    /// - Parameter read: the text of a file, of which those of `/proc/self` are asked first; nil where there is none.
    package init(read: (_ path: String) -> String?) {
        guard let groups = read("/proc/self/cgroup"), let mounts = read("/proc/self/mountinfo") else { return }
        for line in groups.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { continue }
            let controllers = parts[1].split(separator: ",").map(String.init)
            if parts[1].isEmpty {
                for folder in Self.folders(of: parts[2], mounts, where: { $0.type == "cgroup2" }) {
                    limit(cores: read("\(folder)/cpu.max").flatMap(Self.cores))
                    limit(memory: read("\(folder)/memory.max").flatMap(Self.bytes))
                }
            }
            if controllers.contains("cpu") {
                for folder in Self.folders(of: parts[2], mounts, where: { $0.has("cpu") }) {
                    guard let quota = read("\(folder)/cpu.cfs_quota_us"),
                        let period = read("\(folder)/cpu.cfs_period_us")
                    else { continue }
                    limit(cores: Self.cores("\(quota.trimmed) \(period.trimmed)"))
                }
            }
            if controllers.contains("memory") {
                for folder in Self.folders(of: parts[2], mounts, where: { $0.has("memory") }) {
                    limit(memory: read("\(folder)/memory.limit_in_bytes").flatMap(Self.bytes))
                }
            }
        }
    }

    private mutating func limit(cores new: Double?) {
        if let new { cores = min(cores ?? new, new) }
    }

    private mutating func limit(memory new: UInt64?) {
        if let new { memoryBytes = min(memoryBytes ?? new, new) }
    }

    /// `QUOTA PERIOD` in microseconds; a quota of `max` or -1 is none.
    private static func cores(_ text: String) -> Double? {
        let numbers = text.split { $0 == " " || $0 == "\n" }.map { Double($0) }
        guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
            return nil
        }
        return quota / period
    }

    /// Version 1 says that there is no limit by one that no machine reaches.
    private static func bytes(_ text: String) -> UInt64? {
        UInt64(text.trimmed).flatMap { $0 > 0 && $0 < 1 << 60 ? $0 : nil }
    }

    private struct Mount {
        let root: String
        let point: String
        let type: String
        let options: [String]

        /// A line such as `31 23 0:27 / /sys/fs/cgroup/cpu rw,nosuid shared:9 - cgroup cgroup rw,cpu`.
        init?(_ line: Substring) {
            guard let dash = line.range(of: " - ") else { return nil }
            let (front, back) = (
                line[..<dash.lowerBound].split(separator: " "), line[dash.upperBound...].split(separator: " ")
            )
            guard front.count >= 5, let type = back.first else { return nil }
            (root, point, self.type) = (String(front[3]), String(front[4]), String(type))
            options = back.last?.split(separator: ",").map(String.init) ?? []
        }

        func has(_ controller: String) -> Bool { type == "cgroup" && options.contains(controller) }
    }

    /// The folders of a group and of those it is in, the innermost first, where a matching mount shows them.
    private static func folders(of group: String, _ mounts: String, where matches: (Mount) -> Bool) -> [String] {
        guard let mount = mounts.split(separator: "\n").lazy.compactMap({ Mount($0) }).first(where: matches) else {
            return []
        }
        // A container sees a part of the tree: the mount's root is then the container's own group.
        var path = group
        if mount.root != "/", path.hasPrefix(mount.root) { path.removeFirst(mount.root.count) }
        var names = path.split(separator: "/")
        if names.contains("..") { names = [] }
        return (0...names.count).reversed().map {
            ([mount.point] + names.prefix($0).map(String.init)).joined(separator: "/")
        }
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
