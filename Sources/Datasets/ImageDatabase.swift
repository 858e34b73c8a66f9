internal import Files

/// A published database of 70,000 images of 28x28 pixels in ten classes, in four IDX files: what it is called, where it may be
/// found, and the checksums of its files.
package struct ImageDatabase: Sendable {
    /// One of the four files.
    package struct File: Sendable {
        /// The file's name on mirrors, without `.gz`.
        package let name: String
        /// The digest, in hexadecimal, of the decompressed file.
        package let sha256: String

        package init(name: String, sha256: String) {
            self.name = name
            self.sha256 = sha256
        }
    }

    /// The database's name as its publishers write it.
    package let name: String
    /// The database's name on the command line, and the folder within the data folder.
    package let folderName: String
    /// Who made the database, and its licence.
    package let origin: String
    package let trainingImages: File
    package let trainingLabels: File
    package let testImages: File
    package let testLabels: File
    /// Addresses of folders with the files, tried in this order.
    package let mirrors: [String]
    /// A package of Debian with the files, and its folder; nil where there is none.
    package let systemPackage: (name: String, folder: String)?

    /// The four files in the order in which their digests make the ``identity(_:)``.
    package var files: [File] { [trainingImages, trainingLabels, testImages, testLabels] }

    /// - Parameter sha256: in the order of ``files``.
    private init(
        name: String, folderName: String, origin: String, sha256: (String, String, String, String), mirrors: [String],
        systemPackage: (name: String, folder: String)? = nil
    ) {
        self.name = name
        self.folderName = folderName
        self.origin = origin
        trainingImages = File(name: "train-images-idx3-ubyte", sha256: sha256.0)
        trainingLabels = File(name: "train-labels-idx1-ubyte", sha256: sha256.1)
        testImages = File(name: "t10k-images-idx3-ubyte", sha256: sha256.2)
        testLabels = File(name: "t10k-labels-idx1-ubyte", sha256: sha256.3)
        self.mirrors = mirrors
        self.systemPackage = systemPackage
    }

    /// The MNIST database of handwritten digits.
    package static let mnist = ImageDatabase(
        name: "MNIST", folderName: "mnist", origin: "LeCun, Cortes and Burges, CC BY-SA 3.0",
        sha256: (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
        mirrors: [
            "https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist",
        ])

    /// Articles of clothing in MNIST's format (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747). The checksums are those of the
    /// files in Debian's package.
    package static let fashionMNIST = ImageDatabase(
        name: "Fashion-MNIST", folderName: "fashion-mnist", origin: "Xiao, Rasul and Vollgraf 2017, Zalando SE, MIT",
        sha256: (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
        mirrors: [
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ],
        systemPackage: ("dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist"))

    package static let all = [mnist, fashionMNIST]

    /// The identity of images whose files have these digests, in the order of ``files``. Its digest is the SHA-256 of a
    /// text with one of them a line, such as `sha256sum` makes of the decompressed files.
    package func identity(_ digests: [String]) -> DataIdentity {
        let isPublished = digests == files.map(\.sha256)
        var digest = ContentDigest()
        for line in digests { digest.add(Array("\(line)\n".utf8)) }
        return DataIdentity(
            name: isPublished ? name : "IDX files that are not \(name)", sha256: digest.hexadecimal(),
            isPublished: isPublished)
    }

    /// How to get the files, in words.
    var wayToGetThem: String {
        let fetch = "'bench data fetch \(folderName)'"
        let install = systemPackage.map { "install Debian's package \($0.name), get them by \(fetch)" }
        return install ?? "download \(name) with \(fetch)"
    }
}
