import Foundation

/// The directory of a zip archive (PKWARE, APPNOTE.TXT 6.3), as NumPy writes it for `.npz`: stored or deflated members, also
/// of 64-bit sizes; no encryption, no parts.
struct ZipArchive {
    struct Member {
        let name: String
        let isDeflated: Bool
        let crc: UInt32
        let compressedCount: Int
        let count: Int
        /// Where the member's local header begins in the file.
        let offset: Int
    }

    /// The archive's name in error messages.
    let name: String
    let members: [Member]
    private let file: FileHandle
    private let size: Int

    private static let mostDirectory = 1 << 24

    /// Reads the directory at the end of the file.
    /// - Throws: ``DataError`` for what is no archive, is cut short, or has what is not read.
    init(_ url: URL, name: String) throws(DataError) {
        self.name = name
        file = try FilePart.open(url, name: name)
        size = try FilePart.size(of: file, name: name)
        let end = try Self.directory(file, size, name)
        guard end.count <= Self.mostDirectory, end.offset >= 0, end.count >= 0, end.offset <= size - end.count else {
            throw DataError(
                "\(name): a zip directory of \(end.count) bytes at \(end.offset), in a file of \(size) bytes; the file is damaged"
            )
        }
        var bytes = LittleEndian(try FilePart(file, name: name, end.offset..<end.offset + end.count).read(end.count))
        var members: [Member] = []
        while !bytes.isAtEnd {
            guard let member = Self.member(&bytes) else {
                throw DataError("\(name): the zip directory is damaged at its entry \(members.count + 1)")
            }
            guard !member.isEncrypted else {
                throw DataError("\(name): '\(member.name)' is encrypted, which is not read")
            }
            guard member.method == 0 || member.method == 8 else {
                throw DataError(
                    "\(name): '\(member.name)' is compressed by method \(member.method); allowed are 0 (stored, np.savez) and 8 (deflated, np.savez_compressed)"
                )
            }
            members.append(
                Member(
                    name: member.name, isDeflated: member.method == 8, crc: member.crc,
                    compressedCount: member.compressedCount, count: member.count, offset: member.offset))
        }
        self.members = members
    }

    // MARK: The directory

    private static func directory(
        _ file: FileHandle, _ size: Int, _ name: String
    ) throws(DataError) -> (offset: Int, count: Int) {
        // The end record has 22 bytes and a comment of up to 65,535.
        let tailCount = min(size, 22 + 65_535 + 20)
        let tail = try FilePart(file, name: name, (size - tailCount)..<size).read(tailCount)
        let mark: [UInt8] = [0x50, 0x4B, 5, 6]
        guard tail.count >= 22,
            let start = (0...(tail.count - 22)).last(where: { place in
                tail[place] == mark[0] && tail[place..<place + 4].elementsEqual(mark)
                    && place + 22 + Int(tail[place + 20]) + Int(tail[place + 21]) << 8 == tail.count
            })
        else { throw DataError("\(name): not a zip archive, or cut short: it has no directory at its end") }
        var end = LittleEndian(Array(tail[(start + 4)...]))
        let disks = (end.take(2), end.take(2))
        let entries = (end.take(2), end.take(2))
        let (count, offset) = (end.take(4), end.take(4))
        guard offset == 0xFFFF_FFFF || count == 0xFFFF_FFFF || entries.1 == 0xFFFF else {
            guard disks == (0, 0), entries.0 == entries.1 else {
                throw DataError("\(name): a part of a zip archive in several; allowed are whole ones")
            }
            return (offset, count)
        }
        return try directory64(file, size, name, locator: size - tailCount + start - 20)
    }

    private static func directory64(
        _ file: FileHandle, _ size: Int, _ name: String, locator: Int
    ) throws(DataError) -> (offset: Int, count: Int) {
        let damaged = DataError("\(name): the 64-bit end of the zip directory is missing or damaged")
        guard locator >= 0 else { throw damaged }
        var place = LittleEndian(try FilePart(file, name: name, locator..<locator + 20).read(20))
        guard place.take(4) == 0x0706_4B50 else { throw damaged }
        _ = place.take(4)
        let start = place.take(8)
        guard !place.isShort, start >= 0, start <= size - 56 else { throw damaged }
        var end = LittleEndian(try FilePart(file, name: name, start..<start + 56).read(56))
        guard end.take(4) == 0x0606_4B50 else { throw damaged }
        for count in [8, 2, 2, 4, 4, 8, 8] { _ = end.take(count) }
        let (count, offset) = (end.take(8), end.take(8))
        guard !end.isShort else { throw damaged }
        return (offset, count)
    }

    private struct Entry {
        var name = ""
        var isEncrypted = false
        var method = 0
        var crc: UInt32 = 0
        var compressedCount = 0
        var count = 0
        var offset = 0
    }

    /// A member of the directory; nil where its entry is damaged.
    private static func member(_ bytes: inout LittleEndian) -> Entry? {
        guard bytes.take(4) == 0x0201_4B50 else { return nil }
        var entry = Entry()
        _ = bytes.take(4)
        entry.isEncrypted = bytes.take(2) & 1 != 0
        entry.method = bytes.take(2)
        _ = bytes.take(4)
        entry.crc = UInt32(bytes.take(4))
        (entry.compressedCount, entry.count) = (bytes.take(4), bytes.take(4))
        let (nameCount, extraCount, commentCount) = (bytes.take(2), bytes.take(2), bytes.take(2))
        _ = bytes.take(8)
        entry.offset = bytes.take(4)
        entry.name = String(decoding: bytes.bytes(nameCount), as: UTF8.self)
        var extra = LittleEndian(bytes.bytes(extraCount))
        _ = bytes.bytes(commentCount)
        guard !bytes.isShort else { return nil }
        while !extra.isAtEnd {
            let (id, count) = (extra.take(2), extra.take(2))
            var field = LittleEndian(extra.bytes(count))
            guard !extra.isShort else { return nil }
            guard id == 1 else { continue }
            // The 64-bit fields of the 32-bit ones that are full, in this order.
            if entry.count == 0xFFFF_FFFF { entry.count = field.take(8) }
            if entry.compressedCount == 0xFFFF_FFFF { entry.compressedCount = field.take(8) }
            if entry.offset == 0xFFFF_FFFF { entry.offset = field.take(8) }
            guard !field.isShort else { return nil }
        }
        return entry.count >= 0 && entry.compressedCount >= 0 && entry.offset >= 0 ? entry : nil
    }

    // MARK: Members

    /// The contents of a member.
    /// - Parameter shown: what error messages call it.
    func contents(of member: Member, shown: String) throws(DataError) -> ZipMember {
        let damaged = DataError("\(name): '\(member.name)' lies outside of the file, which is damaged or cut short")
        guard member.offset <= size - 30 else { throw damaged }
        var header = LittleEndian(try FilePart(file, name: name, member.offset..<member.offset + 30).read(30))
        guard header.take(4) == 0x0403_4B50 else { throw damaged }
        _ = header.bytes(22)
        let start = member.offset + 30 + header.take(2) + header.take(2)
        guard !header.isShort, start <= size - member.compressedCount else { throw damaged }
        guard member.isDeflated || member.compressedCount == member.count else {
            throw DataError(
                "\(name): '\(member.name)' is stored in \(member.compressedCount) bytes and said to have \(member.count)"
            )
        }
        let part = try FilePart(file, name: shown, start..<start + member.compressedCount)
        return try ZipMember(part, member)
    }
}

/// Numbers of little-endian bytes, one after another.
struct LittleEndian {
    private var rest: ArraySlice<UInt8>
    /// Whether more was asked for than there was.
    private(set) var isShort = false
    var isAtEnd: Bool { rest.isEmpty || isShort }

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// The next number, of so many bytes; 0 where too few are left, and negative for a 64-bit number that no count can
    /// be.
    mutating func take(_ count: Int) -> Int {
        bytes(count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        guard count <= rest.count, count >= 0 else {
            isShort = true
            return []
        }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
