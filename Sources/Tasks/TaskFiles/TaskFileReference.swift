/// The task file of an experiment, which its record keeps.
public struct TaskFileReference: Codable, Sendable {
    /// As it was named.
    public let path: String
    /// Of the file, in hexadecimal.
    public let sha256: String

    /// - Parameter sha256: in hexadecimal.
    public init(path: String, sha256: String) { (self.path, self.sha256) = (path, sha256) }
}

extension TaskFileReference: Hashable {
    /// Two names of one text are the same task; the data have an identity of their own.
    public static func == (first: Self, second: Self) -> Bool { first.sha256 == second.sha256 }

    public func hash(into hasher: inout Hasher) { hasher.combine(sha256) }
}
