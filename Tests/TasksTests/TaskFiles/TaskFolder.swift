import Foundation

@testable import Datasets
@testable import Tasks

/// A folder with a task file and small data: twelve samples of four numbers in three classes by four users.
struct TaskFolder {
    let url: URL

    static let features: [Float] = (0..<48).map { Float(($0 * 7) % 13) / 4 }
    static let labels: [UInt8] = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]
    static let users: [UInt8] = [5, 5, 5, 7, 7, 7, 9, 9, 9, 30, 30, 30]

    static func with<Result>(_ body: (TaskFolder) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("task-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        let folder = TaskFolder(url: url)
        try folder.writeData()
        return try body(folder)
    }

    func write(_ data: Data, _ name: String) throws { try data.write(to: url.appendingPathComponent(name)) }
    func write(_ text: String, _ name: String) throws { try write(Data(text.utf8), name) }

    func write(_ floats: [Float], _ shape: [Int], _ name: String) throws {
        let bytes = floats.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { [UInt8]($0) } }
        try write(NPY.encode("<f4", shape: shape, data: bytes), name)
    }

    func write(bytes: [UInt8], _ shape: [Int], _ name: String) throws {
        try write(NPY.encode("|u1", shape: shape, data: bytes), name)
    }

    private func writeData() throws {
        try write(Self.features, [12, 4], "x.npy")
        try write(bytes: Self.labels, [12], "y.npy")
        try write(bytes: Self.users, [12], "u.npy")
        try write(Array(Self.features[..<8]), [2, 4], "tx.npy")
        try write(bytes: [0, 2], [2], "ty.npy")
        try write(bytes: [1, 0], [2], "tu.npy")
        try write(Array(Self.features[..<6]), [2, 3], "narrow.npy")
        try write(bytes: [UInt8](repeating: 9, count: 12), [12], "nine.npy")
        try write(bytes: [UInt8](repeating: 1, count: 12 * 64), [12, 1, 8, 8], "images.npy")
        try write((0..<12).map { $0 == 11 ? 256 : Float($0) }, [12], "many.npy")
        try write(bytes: [UInt8](repeating: 1, count: 12 * 75), [12, 5, 5, 3], "last.npy")
        try write([1, 2, .nan, 4] + Self.features[4...], [12, 4], "nan.npy")
        try write([0.5] + [Float](repeating: 1, count: 11), [12], "half.npy")
        let rows = (0..<12).map { "\($0),\($0 % 5),\(["red", "green"][$0 % 2]),p\($0 / 3)" }
        let wide = ([1, -1e300] + [Double](repeating: 0, count: 22)).flatMap { value in
            withUnsafeBytes(of: value.bitPattern.littleEndian) { [UInt8]($0) }
        }
        try write(NPY.encode("<f8", shape: [12, 2], data: wide), "wide.npy")
        try write(Data([0x1F, 0x8B, 8, 0, 0xFF]), "t.txt.gz")
        try write("age,size,colour\n1,20,red\n2,30,green\n", "swapped.csv")
        try write("size,age,colour,who\n" + rows.joined(separator: "\n") + "\n", "t.csv")
    }

    func contents(_ text: String) throws -> TaskFileContents {
        try write(text, "t.yaml")
        return try TaskFiles.contents(url.appendingPathComponent("t.yaml").path)
    }

    /// What is wrong with a task file, by the file's name alone; empty for nothing.
    func message(_ text: String) throws -> String {
        do {
            _ = try contents(text)
            return ""
        } catch let error as TaskFileError {
            return error.description.replacingOccurrences(of: url.path + "/", with: "")
        }
    }
}
