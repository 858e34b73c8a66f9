internal import Foundation

/// What the system answered to a call about a file, in its own words.
package struct FileError: Error, Hashable, CustomStringConvertible {
    package let code: Int32
    package var description: String { String(cString: strerror(code)) }

    /// - Parameter code: what the call left in `errno`.
    package init(_ code: Int32 = errno) { self.code = code }
}
