import Foundation

/// Bytes of a file in their order, as many as a reader asks for: what a header claims is never reserved before it is there.
protocol ByteStream: AnyObject {
    /// The name for error messages.
    var name: String { get }
    /// The most bytes that can follow, as far as that is known before they are read.
    var most: Int { get }
    /// Bytes of the file before they are decompressed; nil where they are not compressed.
    var compressedCount: Int? { get }

    /// The next `count` bytes; fewer only where they end.
    /// - Throws: ``DataError`` naming the file for data that are damaged or cut short.
    func read(_ count: Int) throws(DataError) -> [UInt8]
}

extension ByteStream {
    static var pieceCount: Int { 1 << 18 }

    /// How many bytes are left, counted up to `most`.
    func countRest(upTo most: Int) throws(DataError) -> Int {
        var rest = 0
        while rest < most {
            let piece = try read(min(most - rest, Self.pieceCount))
            guard !piece.isEmpty else { break }
            rest += piece.count
        }
        return rest
    }
}

/// A part of a file.
final class FilePart: ByteStream {
    let name: String
    let compressedCount: Int? = nil
    private let file: FileHandle
    private var left: Int
    var most: Int { left }

    /// The whole file.
    convenience init(_ url: URL, name: String) throws(DataError) {
        let file = try FilePart.open(url, name: name)
        try self.init(file, name: name, 0..<FilePart.size(of: file, name: name))
    }

    /// - Parameter range: the part of the file, in bytes.
    init(_ file: FileHandle, name: String, _ range: Range<Int>) throws(DataError) {
        (self.file, self.name, left) = (file, name, range.count)
        do { try file.seek(toOffset: UInt64(range.lowerBound)) } catch { throw DataError("\(name) cannot be read") }
    }

    func read(_ count: Int) throws(DataError) -> [UInt8] {
        let wanted = min(count, left)
        guard wanted > 0 else { return [] }
        do {
            let bytes = try file.read(upToCount: wanted).map { [UInt8]($0) } ?? []
            left = bytes.isEmpty ? 0 : left - bytes.count
            return bytes
        } catch { throw DataError("\(name) cannot be read") }
    }

    static func open(_ url: URL, name: String) throws(DataError) -> FileHandle {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw DataError("\(name) does not exist")
        }
        guard !isFolder.boolValue else { throw DataError("\(name) cannot be read: it is a folder") }
        // Opening a pipe that nobody writes to would wait for ever.
        var status = stat()
        guard stat(url.path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw DataError("\(name) is a pipe or a device; allowed is a file")
        }
        guard let file = try? FileHandle(forReadingFrom: url) else { throw DataError("\(name) cannot be read") }
        return file
    }

    static func size(of file: FileHandle, name: String) throws(DataError) -> Int {
        do { return Int(try file.seekToEnd()) } catch { throw DataError("\(name) cannot be read") }
    }
}

/// A file that is gzipped or not.
final class GzipStream: ByteStream {
    let name: String
    private(set) var most: Int
    let compressedCount: Int?
    private let contents: CompressedFile

    init(_ url: URL, name: String) throws(DataError) {
        let file = try FilePart.open(url, name: name)
        let size = try FilePart.size(of: file, name: name)
        contents = try CompressedFile(url, name: name)
        self.name = name
        compressedCount = contents.isCompressed ? size : nil
        most = contents.isCompressed ? Deflation.most(of: size) : size
    }

    func read(_ count: Int) throws(DataError) -> [UInt8] {
        let bytes = try contents.read(count)
        most -= bytes.count
        return bytes
    }
}

/// What compressed data can become.
enum Deflation {
    /// A symbol of one bit stands for 258 bytes and needs another bit for its distance, and that is the most (zlib, technical
    /// details: 1032 to 1).
    static func most(of count: Int) -> Int { min(count, 1 << 42) * 1032 + 1032 }

    /// Beyond so many bytes, data are not to be more than `ratio` times what they are compressed to: measured data never are. As
    /// whole numbers of 8 bytes they are half a gigabyte.
    static let harmless = 1 << 26
    static let ratio = 250
}

extension DataError {
    /// Of bytes that should be a text, and are none.
    init(notText bytes: [UInt8], _ name: String) {
        let isCompressed = Gzip.isCompressed(bytes)
        self.init(
            "\(name): not UTF-8 text\(isCompressed ? ", but gzipped; allowed is the file that gunzip makes of it" : "")"
        )
    }
}
