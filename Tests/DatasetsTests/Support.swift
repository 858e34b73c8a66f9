import Foundation
import Kernel
import Randomness
import Testing

@testable import Datasets

extension RandomStream {
    /// The stream of one test case.
    init(test seed: Int) { self = SeedSequence(2024).stream(.test, seed) }

    mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + integer(below: range.count) }
}

/// The message of the ``DataError`` that `body` has to throw.
func dataError(sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void) -> String {
    let error = #expect(throws: DataError.self, sourceLocation: sourceLocation) { try body() }
    return error?.description ?? ""
}

/// An IDX file of unsigned bytes.
func idx(_ shape: [Int], _ data: [UInt8]) -> [UInt8] {
    let extents = shape.flatMap { extent in (0..<4).reversed().map { UInt8(truncatingIfNeeded: extent >> (8 * $0)) } }
    return [0, 0, 8, UInt8(shape.count)] + extents + data
}

/// Calls `body` with a data directory of its own, which is removed afterwards.
func withDataDirectory<Result>(_ body: (DataDirectory) async throws -> Result) async throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("bench-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
        at: url.appendingPathComponent("mnist"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(DataDirectory(url.path, environment: [:]))
}

/// Whether the machine has the files of MNIST, which are not part of the repository.
let mnistIsThere = ImageDatabase.mnist.files.allSatisfy { ImageFiles(.mnist, in: DataDirectory(nil)).locate($0) != nil }

extension Dataset {
    /// The bytes of a data set of images, and the byte that stands for 1.0.
    var pixels: [UInt8] { (source as? ByteImages)?.pixels ?? [] }
    var white: Float { (source as? ByteImages)?.white ?? 0 }

    /// What a model sees of all samples, row by row, and their labels.
    func seen(as view: SampleView? = nil) -> (inputs: [Float], labels: [UInt8]) {
        let batch = Batch(capacity: count, featureCount: shape.count)
        gather(0..<Int32(count), into: batch, seenAs: view)
        return (Array(batch.inputs), Array(batch.labels))
    }
}
