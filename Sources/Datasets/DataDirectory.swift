public import Foundation

/// The folder that holds data sets, one sub-folder each.
public struct DataDirectory: Sendable {
    /// Where the folder is, whether it exists or not.
    public let url: URL

    /// - Parameter path: from `--data`; else `$BENCH_DATA`; else `$XDG_CACHE_HOME/distributed-training-bench`; else
    ///   `~/.cache/distributed-training-bench` (XDG Base Directory Specification).
    public init(_ path: String?, environment: [String: String] = ProcessInfo.processInfo.environment) {
        func nonEmpty(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let given = path ?? nonEmpty("BENCH_DATA") {
            url = URL(fileURLWithPath: given, isDirectory: true)
        } else {
            let cache =
                nonEmpty("XDG_CACHE_HOME").map { URL(fileURLWithPath: $0, isDirectory: true) }
                ?? (nonEmpty("HOME").map { URL(fileURLWithPath: $0, isDirectory: true) }
                ?? FileManager.default.homeDirectoryForCurrentUser).appendingPathComponent(".cache")
            url = cache.appendingPathComponent("distributed-training-bench")
        }
    }
}
