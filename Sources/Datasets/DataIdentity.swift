internal import Files

/// The data that a model was trained on and measured on: results of different data are not compared.
public struct DataIdentity: Hashable, Codable, Sendable {
    /// The data's name, such as `MNIST`.
    public let name: String
    /// The digest, in hexadecimal, of all training and test samples as they are before anything is drawn by a seed.
    /// Each data set decides how its contents are put together.
    public let sha256: String
    /// Whether the digest is the one that a publisher gives for the data of that name.
    public let isPublished: Bool
    /// The files of a task file, in the order in which it names them; nil for data that the program knows by name, and in older
    /// results.
    public let files: [File]?

    /// A file that data are read from.
    public struct File: Hashable, Codable, Sendable {
        /// What the file is for, such as `test.features`.
        public let role: String
        /// The file's path as the task file gives it.
        public let path: String
        /// The digest, in hexadecimal, of the file as it is on disk.
        public let sha256: String

        /// - Parameter sha256: in hexadecimal.
        public init(role: String, path: String, sha256: String) {
            (self.role, self.path, self.sha256) = (role, path, sha256)
        }
    }

    /// - Parameter sha256: in hexadecimal.
    public init(name: String, sha256: String, isPublished: Bool, files: [File]? = nil) {
        self.name = name
        self.sha256 = sha256
        self.isPublished = isPublished
        self.files = files
    }

    /// The identity of data that a task file names.
    ///
    /// - Parameter settings: how the data are split and scaled, in words that change where that does.
    package init(name: String, files: [File], settings: String) {
        var digest = ContentDigest()
        for file in files { digest.add(Array("\(file.role) \(file.sha256)\n".utf8)) }
        digest.add(Array(settings.utf8))
        self.init(name: name, sha256: digest.hexadecimal(), isPublished: false, files: files)
    }

    /// The files of these data whose contents differ from those of the other data, such as `features (x.npy)`.
    package func differentFiles(from other: DataIdentity) -> [String] {
        let others = Dictionary((other.files ?? []).map { ($0.role, $0.sha256) }) { first, _ in first }
        return (files ?? []).filter { others[$0.role] != nil && others[$0.role] != $0.sha256 }.map {
            "\($0.role) (\($0.path))"
        }
    }

    /// The name and as many digits as tell data apart, such as `MNIST (SHA-256 1f31cf52d11e)`.
    package var words: String { "\(name) (SHA-256 \(shortDigest))" }

    package var shortDigest: String { String(sha256.prefix(12)) }
}

extension DataIdentity {
    /// The identity of data that have no file, from shapes, labels, targets and numbers of both sets.
    init(of training: Dataset, _ test: Dataset) {
        var digest = ContentDigest()
        for set in [training, test] {
            let shape = "\(set.shape.channels)x\(set.shape.height)x\(set.shape.width)/\(set.source.form)"
            digest.add(Array("\(set.name) \(set.count) \(shape) \(set.classCount)\n".utf8))
            digest.add(set.labels)
            if let targets = set.targets {
                digest.add(Array("\(set.targetCount) targets\n".utf8))
                targets.withUnsafeBytes { digest.add($0) }
            }
            set.source.withBytes { digest.add($0) }
        }
        self.init(name: training.name, sha256: digest.hexadecimal(), isPublished: false)
    }
}
