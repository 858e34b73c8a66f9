package import Foundation
#if canImport(CryptoKit)
    internal import CryptoKit
#else
    internal import CLibcrypto
#endif

/// The SHA-256 (FIPS 180-4) of contents that come in pieces, computed by the system's library: CryptoKit on Apple's systems,
/// OpenSSL's libcrypto elsewhere.
package struct ContentDigest: ~Copyable {
    /// How many bytes a digest has.
    package static let byteCount = 32

    #if canImport(CryptoKit)
        private var state = SHA256()

        package init() {}

        package mutating func add(_ bytes: some ContiguousBytes) {
            bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
        }

        package consuming func bytes() -> [UInt8] { Array(state.finalize()) }
    #else
        private let state: OpaquePointer

        package init() {
            guard let state = EVP_MD_CTX_new(), EVP_DigestInit_ex(state, EVP_sha256(), nil) == 1 else {
                fatalError("libcrypto has no SHA-256, or there is no memory for it")
            }
            self.state = state
        }

        deinit { EVP_MD_CTX_free(state) }

        package mutating func add(_ bytes: some ContiguousBytes) {
            bytes.withUnsafeBytes { piece in
                let result = EVP_DigestUpdate(state, piece.baseAddress, piece.count)
                precondition(result == 1, "libcrypto refused \(piece.count) bytes")
            }
        }

        package consuming func bytes() -> [UInt8] {
            Array(unsafeUninitializedCapacity: Self.byteCount) { digest, count in
                let result = EVP_DigestFinal_ex(state, digest.baseAddress, nil)
                precondition(result == 1, "libcrypto gave no digest")
                count = Self.byteCount
            }
        }
    #endif

    /// The digest as 64 lower-case digits.
    package consuming func hexadecimal() -> String {
        bytes().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// The digest of contents that are all there.
    package static func bytes(of contents: some ContiguousBytes) -> [UInt8] {
        var digest = ContentDigest()
        digest.add(contents)
        return digest.bytes()
    }

    /// The digest of contents that are all there, as 64 lower-case digits.
    package static func hexadecimal(of contents: some ContiguousBytes) -> String {
        var digest = ContentDigest()
        digest.add(contents)
        return digest.hexadecimal()
    }
}
