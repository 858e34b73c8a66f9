import Foundation

/// The bytes of a file that somebody names, of which no more than a bound are read.
enum BoundedFile {
    /// - Parameters:
    ///   - path: as it is named in messages.
    ///   - kind: such as `profile`.
    /// - Returns: all bytes, or one more than `most`.
    static func read(_ path: String, _ kind: String, most: Int) throws(PricingError) -> Data {
        do {
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw PricingError("\(kind) '\(path)' does not exist or cannot be read")
            }
            // At the end of a file there is nothing to read, which is not an error; a folder can be opened, and not read.
            return try handle.read(upToCount: most + 1) ?? Data()
        } catch {
            throw error as? PricingError ?? PricingError("\(kind) '\(path)' does not exist or cannot be read")
        }
    }
}
