import Foundation
import Yams

extension ClusterFile {
    /// The file that `argument` of `--cluster` names, and those that it names in turn: measured latencies and devices. None
    /// for a preset; what is wrong with a file is said where it is read.
    package static func files(of argument: String) -> [String] {
        guard argument.hasSuffix(".yaml") || argument.hasSuffix(".yml") else { return [] }
        guard let data = FileManager.default.contents(atPath: argument), let text = String(data: data, encoding: .utf8),
            let root = (try? Yams.compose(yaml: text))?.mapping
        else { return [argument] }
        let folder = URL(fileURLWithPath: argument).deletingLastPathComponent()
        let latencies = root["jitter"]?.string.flatMap { text -> String? in
            text.hasPrefix("empirical:") ? String(text.dropFirst("empirical:".count)) : nil
        }
        return [argument]
            + [latencies, root["devices"]?.string].compactMap { $0 }.map {
                URL(fileURLWithPath: $0, relativeTo: folder).path
            }
    }
}
