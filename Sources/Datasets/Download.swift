internal import Files
import Foundation

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// Downloads data sets from their mirrors.
package struct Download: Sendable {
    package let mirrors: [String]

    package init(mirrors: [String]) { self.mirrors = mirrors }

    /// Fetches the database's files that are missing or damaged, checks each, and moves it to its place only then.
    /// - Parameter report: called with a line for every file.
    /// - Throws: ``DataError`` with what each mirror answered.
    package func fetch(_ images: ImageFiles, report: (String) -> Void) async throws {
        do {
            try FileManager.default.createDirectory(at: images.folder, withIntermediateDirectories: true)
        } catch {
            throw DataError("the folder '\(images.folder.path)' cannot be made: \(Self.reason(error))")
        }
        for file in images.database.files {
            if (try? images.verify(file)) != nil {
                report("\(file.name): already there, checksum right")
                continue
            }
            try await fetch(file, into: images.folder, report: report)
        }
    }

    private func fetch(_ file: ImageDatabase.File, into folder: URL, report: (String) -> Void) async throws {
        var answers: [String] = []
        for mirror in mirrors {
            guard let url = URL(string: "\(mirror)/\(file.name).gz") else {
                throw DataError("'\(mirror)' is not an address such as https://example.org/mnist")
            }
            do {
                let data = try await contents(of: url)
                let contents = try CompressedFile([UInt8](data), name: url.absoluteString)
                guard contents.isCompressed else { throw DataError("\(contents.name): not a gzip file") }
                try ImageFiles.verify(contents, file)
                // A damaged uncompressed copy would be found before the good one.
                for stale in [file.name, file.name.replacingOccurrences(of: "-idx", with: ".idx")] {
                    try? FileManager.default.removeItem(at: folder.appendingPathComponent(stale))
                }
                try DurableFile.write(data, to: folder.appendingPathComponent(file.name + ".gz").path)
                report("\(file.name): \(data.count) bytes from \(mirror), checksum right")
                return
            } catch {
                answers.append("\(url.absoluteString): \(Self.reason(error))")
            }
        }
        throw DataError("\(file.name) could not be downloaded:\n  " + answers.joined(separator: "\n  "))
    }

    private static func reason(_ error: any Error) -> String {
        (error as? DataError)?.description ?? (error as? FileError)?.description
            ?? (error as NSError).localizedDescription
    }

    private func contents(of url: URL) async throws -> Data {
        let (data, response) = try await URLSession.shared.data(from: url)
        if let response = response as? HTTPURLResponse, response.statusCode != 200 {
            throw DataError("HTTP status \(response.statusCode)")
        }
        return data
    }
}
