internal import Files
package import Foundation

extension DataIdentity.File {
    /// Reads the whole file.
    /// - Throws: ``DataError`` where it cannot be read.
    package init(role: String, _ reference: DataReference, in folder: URL) throws(DataError) {
        let part = try FilePart(reference.url(in: folder), name: reference.path)
        var digest = ContentDigest()
        while case let piece = try part.read(1 << 20), !piece.isEmpty { digest.add(piece) }
        self.init(role: role, path: reference.text, sha256: digest.hexadecimal())
    }
}
