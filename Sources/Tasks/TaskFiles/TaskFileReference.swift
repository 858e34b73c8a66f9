/// The task file of an experiment, as recorded in its plan.
public struct TaskFileReference: Codable, Sendable {
    /// The path as the user gave it.
    public let path: String
    /// SHA-256 of the file, in hexadecimal.
    public let sha256: String

    /// - Parameter sha256: in hexadecimal.
    public init(path: String, sha256: String) { (self.path, self.sha256) = (path, sha256) }
}

extension TaskFileReference: Hashable {
    /// Two paths with the same text are the same task; the data have an identity of their own.
    public static func == (first: Self, second: Self) -> Bool { first.sha256 == second.sha256 }

    public func hash(into hasher: inout Hasher) { hasher.combine(sha256) }
}
