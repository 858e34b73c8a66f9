import Foundation
import PackagePlugin

/// Has the commit that is built written down. The manifest cannot do it, since it is evaluated anew only when it has changed
/// itself; nor can a command before every build, which the package manager leaves out where it remembers its plan. This one is
/// run when a source file or the history has changed.
@main struct RecordCommit: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) -> [Command] {
        let package = context.package.directoryURL
        let script = package.appendingPathComponent("Sources/RecordCommit/record-commit.sh")
        let sources = context.package.targets.compactMap { $0.sourceModule?.sourceFiles.map(\.url) }.joined()
        let output = context.pluginWorkDirectoryURL.appendingPathComponent("commit.swift")
        return [
            .buildCommand(
                displayName: "The commit that is built", executable: URL(fileURLWithPath: "/bin/sh"),
                arguments: [script.path, package.path, output.path],
                inputFiles: [script, package.appendingPathComponent("Package.swift")]
                    + sources.filter { $0.path.hasPrefix(package.appendingPathComponent("Sources").path) }
                    + history(of: package),
                outputFiles: [output])
        ]
    }

    /// Git's files that change with every commit, and when another one is checked out.
    private func history(of package: URL) -> [URL] {
        var folder = package.appendingPathComponent(".git")
        // A worktree has a file in the folder's place that names it.
        if let text = try? String(contentsOf: folder, encoding: .utf8), text.hasPrefix("gitdir: ") {
            let path = text.dropFirst("gitdir: ".count).trimmingCharacters(in: .whitespacesAndNewlines)
            folder = URL(fileURLWithPath: path, relativeTo: package)
        }
        return ["HEAD", "logs/HEAD"].map { folder.appendingPathComponent($0) }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
    }
}
