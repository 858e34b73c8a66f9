import Foundation
import Testing

@testable import Datasets

/// Files made here, in the place and of the form of MNIST's.
@Suite struct MNISTTests {
    private func write(_ files: [String: [UInt8]], to mnist: ImageFiles) throws {
        for (name, bytes) in files { try Data(bytes).write(to: mnist.folder.appendingPathComponent(name)) }
    }

    /// Two images to train on and one to test on; pixel values count up.
    private let files: [String: [UInt8]] = [
        "train-images-idx3-ubyte": idx([2, 28, 28], (0..<1568).map { UInt8($0 % 256) }),
        "train-labels-idx1-ubyte": idx([2], [9, 0]),
        "t10k-images-idx3-ubyte": idx([1, 28, 28], [UInt8](repeating: 255, count: 784)),
        "t10k-labels-idx1-ubyte": idx([1], [5]),
    ]

    private func loadError(replacing name: String, with bytes: [UInt8]?) async throws -> String {
        try await withDataDirectory { directory in
            var files = files
            files[name] = bytes
            try write(files, to: ImageFiles(.mnist, in: directory))
            return dataError { _ = try ImageFiles(.mnist, in: directory).load() }
        }
    }

    @Test func loadReadsImagesAndLabels() async throws {
        try await withDataDirectory { directory in
            try write(files, to: ImageFiles(.mnist, in: directory))
            let split = try ImageFiles(.mnist, in: directory).load()
            #expect(split.training.labels == [9, 0] && split.test.labels == [5])
            #expect(split.training.pixels == (0..<1568).map { UInt8($0 % 256) })
            #expect(split.training.shape.count == 784 && split.training.classCount == 10 && split.training.white == 255)
        }
    }

    @Test func locateFindsEverySpelling() async throws {
        for name in ["idx3-ubyte", ".idx3-ubyte", "idx3-ubyte.gz", ".idx3-ubyte.gz"] {
            try await withDataDirectory { directory in
                let mnist = ImageFiles(.mnist, in: directory)
                #expect(mnist.locate(ImageDatabase.mnist.testImages) == nil)
                let full = "t10k-images" + (name.hasPrefix(".") ? "" : "-") + name
                try write([full: [1]], to: mnist)
                #expect(mnist.locate(ImageDatabase.mnist.testImages)?.lastPathComponent == full)
            }
        }
    }

    @Test func gzippedFilesAreDecompressedWhateverTheirName() async throws {
        // The images of GzipTests are 2x3 pixels: they are read as far as that.
        for name in ["train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"] {
            try await withDataDirectory { directory in
                var files = files
                files["train-images-idx3-ubyte"] = nil
                files[name] = GzipTests.small
                try write(files, to: ImageFiles(.mnist, in: directory))
                let message = dataError { _ = try ImageFiles(.mnist, in: directory).load() }
                #expect(message.contains("2x3") && message.contains("28x28"), "\(message)")
            }
        }
    }

    @Test func missingFileIsNamedWithWhatToDo() async throws {
        let message = try await loadError(replacing: "train-labels-idx1-ubyte", with: nil)
        #expect(message.contains("mnist/train-labels-idx1-ubyte"), "\(message)")
        #expect(message.contains("bench data fetch mnist") && message.contains("BENCH_DATA"), "\(message)")
    }

    @Test func countsThatDifferAreNamed() async throws {
        let message = try await loadError(replacing: "train-labels-idx1-ubyte", with: idx([3], [1, 2, 3]))
        #expect(message.contains("2 images") && message.contains("3 labels"), "\(message)")
    }

    @Test func labelAboveNineIsRefused() async throws {
        let message = try await loadError(replacing: "t10k-labels-idx1-ubyte", with: idx([1], [10]))
        #expect(message.contains("t10k-labels") && message.contains("above 9"), "\(message)")
    }

    @Test func emptySetsOddSizesAndDamagedFilesAreRefused() async throws {
        try await withDataDirectory { directory in
            var files = files
            files["t10k-images-idx3-ubyte"] = idx([0, 28, 28], [])
            files["t10k-labels-idx1-ubyte"] = idx([0], [])
            try write(files, to: ImageFiles(.mnist, in: directory))
            #expect(dataError { _ = try ImageFiles(.mnist, in: directory).load() }.contains("0 images"))
        }
        let odd = try await loadError(
            replacing: "t10k-images-idx3-ubyte", with: idx([1, 28, 27], [UInt8](repeating: 0, count: 756)))
        #expect(odd.contains("28x27"), "\(odd)")
        let cut = try await loadError(replacing: "t10k-images-idx3-ubyte", with: Array(GzipTests.small.prefix(14)))
        #expect(cut.contains("damaged or cut short"), "\(cut)")
    }

    @Test func verifyComparesTheChecksumOfTheDecompressedFile() async throws {
        // SHA-256 of "abc", FIPS 180-2, appendix B.1.
        let abc = ImageDatabase.File(
            name: "abc", sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(throws: Never.self) { try ImageFiles.verify(CompressedFile([0x61, 0x62, 0x63], name: "abc"), abc) }
        let message = dataError { try ImageFiles.verify(CompressedFile([0x61, 0x62, 0x64], name: "abc"), abc) }
        #expect(message.contains(abc.sha256) && message.contains("abc:"), "\(message)")
        try await withDataDirectory { directory in
            try write(files, to: ImageFiles(.mnist, in: directory))
            for file in ImageDatabase.mnist.files {
                #expect(dataError { try ImageFiles(.mnist, in: directory).verify(file) }.contains(file.sha256))
            }
        }
    }

    @Test func onlyThePublishedFilesAreCalledMNIST() async throws {
        let published = ImageDatabase.mnist.identity(ImageDatabase.mnist.files.map(\.sha256))
        #expect(published.name == "MNIST" && published.isPublished)
        try await withDataDirectory { directory in
            try write(files, to: ImageFiles(.mnist, in: directory))
            let other = try ImageFiles(.mnist, in: directory).load().identity
            #expect(other.name == "IDX files that are not MNIST" && !other.isPublished)
            #expect(other != published && other.sha256.count == 64)
            // The digest is of what is unpacked: one byte of any file is another set, and gzip changes nothing.
            for name in files.keys.sorted() {
                var changed = files
                var bytes = files[name] ?? []
                bytes[bytes.count - 1] ^= 1
                changed[name] = bytes
                try write(changed, to: ImageFiles(.mnist, in: directory))
                #expect(try ImageFiles(.mnist, in: directory).load().identity.sha256 != other.sha256, "\(name)")
            }
        }
    }

    @Test(.enabled(if: mnistIsThere, "the data folder holds MNIST: set BENCH_DATA, or run 'bench data fetch mnist'"))
    func theRealFilesVerifyAndLoad() throws {
        let mnist = ImageFiles(.mnist, in: DataDirectory(nil))
        for file in ImageDatabase.mnist.files { try mnist.verify(file) }
        let split = try mnist.load()
        #expect(split.training.count == 60_000 && split.test.count == 10_000)
        #expect(Array(split.training.labels.prefix(5)) == [5, 0, 4, 1, 9])
        #expect(Array(split.test.labels.prefix(5)) == [7, 2, 1, 0, 4])
        #expect(split.identity == ImageDatabase.mnist.identity(ImageDatabase.mnist.files.map(\.sha256)))
    }

    /// Clothes and digits have one form: what they are is told by their checksums, and each has a folder of its own.
    @Test func aDatabaseReadsItsOwnFolderAndKnowsItsOwnFiles() async throws {
        let names = ImageDatabase.all.map { $0.identity($0.files.map(\.sha256)) }
        #expect(names.map(\.name) == ["MNIST", "Fashion-MNIST"] && names.allSatisfy(\.isPublished))
        #expect(ImageDatabase.fashionMNIST.identity(ImageDatabase.mnist.files.map(\.sha256)).isPublished == false)
        try await withDataDirectory { directory in
            try write(files, to: ImageFiles(.mnist, in: directory))
            let clothes = ImageFiles(.fashionMNIST, in: directory)
            try FileManager.default.createDirectory(at: clothes.folder, withIntermediateDirectories: true)
            // The folder is there, so that nothing is looked for in the system's.
            let message = dataError { _ = try clothes.load() }
            #expect(message.contains("fashion-mnist/train-images-idx3-ubyte[.gz] does not exist"), "\(message)")
            #expect(message.contains("dataset-fashion-mnist") && message.contains("bench data fetch fashion-mnist"))
            try write(files, to: clothes)
            let split = try clothes.load()
            #expect(
                split.identity.name == "IDX files that are not Fashion-MNIST" && split.training.name == "fashion-mnist")
        }
    }

    @Test(
        .enabled(
            if: ImageDatabase.fashionMNIST.files.allSatisfy {
                ImageFiles(.fashionMNIST, in: DataDirectory(nil)).locate($0) != nil
            }, "Fashion-MNIST is on this machine: install Debian's dataset-fashion-mnist"))
    func theRealClothesVerifyAndLoad() throws {
        let clothes = ImageFiles(.fashionMNIST, in: DataDirectory(nil))
        for file in ImageDatabase.fashionMNIST.files { try clothes.verify(file) }
        let split = try clothes.load()
        #expect(split.training.count == 60_000 && split.test.count == 10_000)
        // An ankle boot, two tops, a dress, a top; the first of the test set are a boot, a pullover, two trousers, a shirt.
        #expect(Array(split.training.labels.prefix(5)) == [9, 0, 0, 3, 0])
        #expect(Array(split.test.labels.prefix(5)) == [9, 2, 1, 1, 6])
        #expect(split.identity.name == "Fashion-MNIST" && split.identity.isPublished)
    }
}
