import Foundation
import Locking
import Testing

@testable import Datasets

/// Without the network: mirrors are closed ports and folders of this machine. A folder cannot be a mirror that works,
/// as Foundation's URLSession reads no file:// addresses on Linux.
@Suite struct DownloadTests {
    /// The port of discard, where nothing listens.
    private let deaf = ["http://127.0.0.1:9/first", "http://127.0.0.1:9/second"]

    @Test func unreachableMirrorsAreAllNamed() async throws {
        try await withDataDirectory { directory in
            let mnist = ImageFiles(.mnist, in: directory)
            let error = await #expect(throws: DataError.self) {
                try await Download(mirrors: deaf).fetch(mnist) { _ in }
            }
            let message = error?.description ?? ""
            for mirror in deaf {
                #expect(message.contains("\(mirror)/\(ImageDatabase.mnist.trainingImages.name).gz: "), "\(message)")
            }
            #expect(mnist.locate(ImageDatabase.mnist.trainingImages) == nil)
        }
    }

    @Test func missingFolderIsNamed() async throws {
        try await withDataDirectory { directory in
            let mirror = directory.url.appendingPathComponent("nothing-here").absoluteString
            let error = await #expect(throws: DataError.self) {
                try await Download(mirrors: [mirror]).fetch(ImageFiles(.mnist, in: directory)) { _ in }
            }
            #expect(error?.description.contains(mirror) == true, "\(error?.description ?? "")")
        }
    }

    @Test func damagedFilesStayWhereNoMirrorHasABetterOne() async throws {
        try await withDataDirectory { directory in
            let mnist = ImageFiles(.mnist, in: directory)
            let url = mnist.folder.appendingPathComponent(ImageDatabase.mnist.trainingImages.name)
            try Data([1, 2, 3]).write(to: url)
            await #expect(throws: DataError.self) { try await Download(mirrors: deaf).fetch(mnist) { _ in } }
            #expect(try Data(contentsOf: url) == Data([1, 2, 3]))
        }
    }

    @Test func addressThatIsNoneIsNamed() async throws {
        try await withDataDirectory { directory in
            let error = await #expect(throws: DataError.self) {
                try await Download(mirrors: ["http://[bad"]).fetch(ImageFiles(.mnist, in: directory)) { _ in }
            }
            #expect(error?.description.contains("http://[bad") == true, "\(error?.description ?? "")")
        }
    }

    @Test(.enabled(if: mnistIsThere, "the data folder holds MNIST: set BENCH_DATA, or run 'bench data fetch mnist'"))
    func filesThatAreThereAreNotFetchedAgain() async throws {
        let lines = Guarded<[String]>([])
        try await Download(mirrors: []).fetch(ImageFiles(.mnist, in: DataDirectory(nil))) { line in
            lines.withLock { $0.append(line) }
        }
        #expect(lines.withLock { $0 } == ImageDatabase.mnist.files.map { "\($0.name): already there, checksum right" })
    }
}
