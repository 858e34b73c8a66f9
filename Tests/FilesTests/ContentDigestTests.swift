import Files
import Foundation
import Testing

@Suite struct ContentDigestTests {
    /// The examples of FIPS 180-2, appendix B, and the empty message.
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ])
    func digestsAreThoseOfTheStandard(text: String, digest: String) {
        #expect(ContentDigest.hexadecimal(of: Array(text.utf8)) == digest)
    }

    @Test func piecesOfAnySizeGiveTheDigestOfTheWhole() {
        let contents = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) }
        let whole = ContentDigest.bytes(of: Data(contents))
        #expect(whole.count == ContentDigest.byteCount)
        for size in [1, 63, 64, 65, 4096] {
            var digest = ContentDigest()
            for start in stride(from: 0, to: contents.count, by: size) {
                digest.add(Array(contents[start..<min(start + size, contents.count)]))
                digest.add([UInt8]())
            }
            #expect(digest.bytes() == whole, "pieces of \(size) bytes")
        }
    }
}
