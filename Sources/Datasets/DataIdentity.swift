internal import Files

/// Which data a model was trained on and measured on: results of one set are not compared with those of another.
public struct DataIdentity: Hashable, Codable, Sendable {
    /// Such as `MNIST`.
    public let name: String
    /// In hexadecimal, of all training and test samples as they are before anything is drawn by a seed; how the contents
    /// are put together is the business of each data set.
    public let sha256: String
    /// Whether the digest is the one that a publisher gives for the data of that name.
    public let isPublished: Bool

    /// - Parameter sha256: in hexadecimal.
    public init(name: String, sha256: String, isPublished: Bool) {
        self.name = name
        self.sha256 = sha256
        self.isPublished = isPublished
    }

    /// Such as `MNIST (SHA-256 1f31cf52d11e)`, with as many digits as tell data apart.
    package var words: String { "\(name) (SHA-256 \(shortDigest))" }

    package var shortDigest: String { String(sha256.prefix(12)) }
}

extension DataIdentity {
    /// Of data that have no file: shapes, labels and numbers of both sets.
    init(of training: Dataset, _ test: Dataset) {
        var digest = ContentDigest()
        for set in [training, test] {
            let shape = "\(set.shape.channels)x\(set.shape.height)x\(set.shape.width)/\(set.source.form)"
            digest.add(Array("\(set.name) \(set.count) \(shape) \(set.classCount)\n".utf8))
            digest.add(set.labels)
            set.source.withBytes { digest.add($0) }
        }
        self.init(name: training.name, sha256: digest.hexadecimal(), isPublished: false)
    }
}
