import Foundation
import Testing

@testable import Datasets

/// Arrays that are cut short, changed, or made to hurt.
@Suite struct DamagedArrayTests {
    static func withFile<Result>(
        _ name: String, _ bytes: [UInt8], _ body: (URL) throws -> Result
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("arrays-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(bytes).write(to: folder.appendingPathComponent(name))
        return try body(folder)
    }

    private static func golden(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: GoldenArrayTests.folder.appendingPathComponent(name)))
    }

    /// What reading all of it says.
    private static func message(_ name: String, _ key: String, _ bytes: [UInt8]) throws -> String {
        try withFile(name, bytes) { folder in
            do throws(DataError) {
                _ = try DataReference(name + key).array(in: folder).floats()
                return ""
            } catch { return error.description }
        }
    }

    /// A `.npy` file of a header that says anything.
    static func npy(_ header: String, data: Int = 0) -> [UInt8] {
        let text = Array(header.utf8)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 255), UInt8(text.count >> 8)] + text
            + [UInt8](repeating: 0, count: data)
    }

    private static func header(_ shape: String, _ descr: String = "<f4") -> String {
        "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }"
    }

    @Test func everyTruncationIsAnErrorThatNamesTheFile() throws {
        let whole = try Self.golden("version1.npy")
        for count in whole.indices {
            let found = try Self.message("x.npy", "", Array(whole[..<count]))
            #expect(found.hasPrefix("x.npy: "), "\(count) bytes: \(found)")
        }
        let archive = try Self.golden("deflated.npz")
        for count in archive.indices {
            let found = try Self.message("x.npz", ":nu1", Array(archive[..<count]))
            #expect(found.hasPrefix("x.npz: not a zip archive, or cut short"), "\(count) bytes: \(found)")
        }
    }

    @Test(arguments: [
        (header("(3, 2)"), 20, "cut short: its header [3, 2] of <f4 asks for 24 bytes, and at most 20 follow"),
        (header("(3, 2)"), 25, "1 bytes follow the 24 that its header [3, 2] of <f4 asks for"),
        (header("(9999999999, 9999999999)"), 4, "its header claims the absurd shape [9999999999, 9999999999]"),
        (
            header("(1000000000000,)"), 4,
            "cut short: its header [1000000000000] of <f4 asks for 4000000000000 bytes, and at most 4 follow"
        ),
        (
            header("(100000000,)"), 4,
            "cut short: its header [100000000] of <f4 asks for 400000000 bytes, and at most 4 follow"
        ),
        (
            header("(99999999999999999999,)"), 4,
            "the .npy header has a 'shape' that is no tuple of up to 32 whole numbers"
        ),
        (header("(-1,)"), 4, "the .npy header has a 'shape' that is no tuple of up to 32 whole numbers"),
        (header("(1,)", "<f3"), 4, "elements of type '<f3'; allowed are |b1,"),
        (header("(1,)", "|O"), 4, "an array of Python objects, which would have to be unpickled"),
        (header("(1,)", "f4"), 4, "elements of type 'f4'; allowed are |b1,"),
        ("{'descr': '<f4', 'shape': (1,), }", 4, "the .npy header needs descr, fortran_order and shape"),
        (
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", 4,
            "the .npy header has no True or False as 'fortran_order'"
        ),
        ("{'descr': '<f4', 'descr': '<f8', 'shape': (1,)}", 4, "the .npy header has the key 'descr', or has it twice"),
        ("import os", 4, "the .npy header is not a dictionary: 'import os'"),
        (
            header("(1,)") + "+1", 4,
            "the .npy header needs descr, fortran_order and shape, and nothing behind them: '+1'"
        ),
    ]) func aHeaderThatLiesIsOneError(_ header: String, _ data: Int, _ message: String) throws {
        let found = try Self.message("x.npy", "", Self.npy(header, data: data))
        #expect(found.hasPrefix("x.npy: " + message), "\(found)")
    }

    @Test func otherVersionsAreRefused() throws {
        var bytes = Self.npy(Self.header("(1,)"), data: 4)
        bytes[6] = 4
        #expect(try Self.message("x.npy", "", bytes) == "x.npy: .npy of version 4.0; allowed are 1.0, 2.0 and 3.0")
        #expect(try Self.message("x.npy", "", Array("hello world".utf8)).hasPrefix("x.npy: not a .npy file"))
    }

    /// Each byte of a member's contents is changed in turn; the checksum finds every change.
    @Test func aChangedByteOfAnArchiveIsFound() throws {
        let whole = try Self.golden("stored.npz")
        // The first member: a local header of 30 bytes and a name, then 128 bytes of .npy header and the numbers.
        let start = 30 + "nu1.npy".utf8.count
        for place in (start + 128)..<(start + 134) {
            var bytes = whole
            bytes[place] ^= 1
            let found = try Self.message("x.npz", ":nu1", bytes)
            #expect(found.hasPrefix("x.npz:nu1: the contents' CRC-32 is "), "\(found)")
            #expect(found.hasSuffix(": the file is damaged"), "\(found)")
        }
    }

    @Test func encryptedAndForeignMembersAreRefused() throws {
        let whole = try Self.golden("stored.npz")
        let mark: [UInt8] = [0x50, 0x4B, 1, 2]
        let entry = try #require(whole.indices.first { whole[$0...].starts(with: mark) })
        var encrypted = whole
        encrypted[entry + 8] |= 1
        #expect(try Self.message("x.npz", ":nu1", encrypted) == "x.npz: 'nu1.npy' is encrypted, which is not read")
        var foreign = whole
        foreign[entry + 10] = 12
        #expect(
            try Self.message("x.npz", ":nu1", foreign).hasPrefix(
                "x.npz: 'nu1.npy' is compressed by method 12; allowed are 0 (stored, np.savez) and 8 (deflated"))
    }

    @Test func noChangeOfAnyByteIsMoreThanAnErrorOrTheSameNumbers() throws {
        let whole = try Self.golden("zip64.npz")
        for place in whole.indices {
            for bit in [0, 3, 7] {
                var bytes = whole
                bytes[place] ^= 1 << UInt8(bit)
                try Self.withFile("x.npz", bytes) { folder in
                    guard let values = try? DataReference("x.npz:x").array(in: folder).floats() else { return }
                    #expect(values == [-12.5, -12.25, -12, -11.75, 12.5, -10.75], "byte \(place), bit \(bit)")
                }
            }
        }
    }
}
