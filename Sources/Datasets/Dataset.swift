internal import Diagnostics
public import Kernel

/// Labelled samples.
public struct Dataset: Sendable {
    /// The data set's name in reports.
    public let name: String
    /// How many classes there are: labels are in 0..<classCount.
    public let classCount: Int
    /// `[N]`, each in 0..<classCount.
    public let labels: [UInt8]
    /// Whose sample each is, `[N]`; nil where the data do not say.
    public let users: [UInt16]?
    /// `[N, targetCount]`, what a regression's outputs should be; nil where labels say all.
    public let targets: [Float]?
    /// Numbers that belong to a sample beside its label; 0 where there are none.
    public let targetCount: Int
    /// What models see of the samples.
    public let source: any SampleSource

    /// - Parameters:
    ///   - targets: `[N, targetCount]`; labels may all be 0 where there are targets.
    ///   - targetCount: numbers of a sample's target; ignored where there are none.
    /// - Precondition: `source` has as many samples as there are labels, each label is below `classCount`, and users
    ///   and targets are given for every sample or for none.
    public init(
        name: String, classCount: Int, source: any SampleSource, labels: [UInt8], users: [UInt16]? = nil,
        targets: [Float]? = nil, targetCount: Int = 1
    ) {
        precondition(
            targets.map { targetCount > 0 && $0.count == labels.count * targetCount } ?? true,
            "\(targets?.count ?? 0) targets, \(targetCount) of each of \(labels.count) samples")
        precondition(source.count == labels.count, "\(source.count) samples, \(labels.count) labels")
        precondition(users.map { $0.count == labels.count } ?? true, "\(users?.count ?? 0) users of \(labels.count)")
        precondition(labels.allSatisfy { Int($0) < classCount }, "a label is not below \(classCount)")
        self.name = name
        self.classCount = classCount
        self.labels = labels
        self.users = users
        self.targets = targets
        self.targetCount = targets == nil ? 0 : targetCount
        self.source = source
    }

    /// Images of bytes, of which `white` stands for 1.0.
    ///
    /// - Precondition: `pixels` holds `labels.count` samples of `shape`, every label is below `classCount`.
    public init(name: String, shape: FeatureShape, classCount: Int, pixels: [UInt8], labels: [UInt8], white: Float) {
        precondition(
            pixels.count == labels.count * shape.count, "\(pixels.count) pixels, \(labels.count) labels of \(shape)")
        self.init(
            name: name, classCount: classCount, source: ByteImages(shape: shape, pixels: pixels, white: white),
            labels: labels)
    }

    /// How many samples it has.
    public var count: Int { labels.count }
    /// The shape of one sample.
    public var shape: FeatureShape { source.shape }
    /// One above the largest number of a user; 0 where the data do not say whose samples they are.
    public var userCount: Int { users?.max().map { Int($0) + 1 } ?? 0 }

    /// Copies the samples at `indices` into `batch`, as floats: bytes in 0...1.
    ///
    /// - Parameter view: how they are seen; nil for as they are.
    package func gather(_ indices: ArraySlice<Int32>, into batch: Batch, seenAs view: SampleView? = nil) {
        gather(.list(indices), into: batch, view)
    }

    /// Copies the samples of a range into `batch`, as floats: bytes in 0...1.
    ///
    /// - Parameter view: how they are seen; nil for as they are.
    package func gather(_ range: Range<Int32>, into batch: Batch, seenAs view: SampleView? = nil) {
        gather(.range(range), into: batch, view)
    }

    private func gather(_ samples: SampleIndices, into batch: Batch, _ view: SampleView?) {
        precondition(batch.featureCount == shape.count, "a batch of \(batch.featureCount) features for \(shape)")
        precondition(
            batch.targetCount == 0 || batch.targetCount == targetCount,
            "a batch of \(batch.targetCount) targets a sample; '\(name)' has \(targetCount)")
        batch.resize(to: samples.count)
        guard let inputs = batch.inputs.baseAddress else { return }
        source.gather(samples, into: inputs, places: view?.places)
        switch samples {
        case .list(let indices):
            indices.withUnsafeBufferPointer { indices in
                gatherLabels(indices.count, into: batch, view) { Int(indices[$0]) }
            }
        case .range(let range): gatherLabels(range.count, into: batch, view) { Int(range.lowerBound) + $0 }
        }
    }

    @inline(__always)
    private func gatherLabels(_ rows: Int, into batch: Batch, _ view: SampleView?, _ sample: (_ row: Int) -> Int) {
        let (target, names) = (batch.labels, view?.labels)
        precondition(
            names.map { $0.count == classCount } ?? true, "\(names?.count ?? 0) names of \(classCount) classes")
        labels.withUnsafeBufferPointer { labels in
            for row in 0..<rows {
                let label = labels[sample(row)]
                target[row] = names.map { $0[Int(label)] } ?? label
            }
        }
        guard let targets, let own = batch.targets.baseAddress else { return }
        targets.withUnsafeBufferPointer { targets in
            guard let numbers = targets.baseAddress else { return }
            for row in 0..<rows {
                (own + row * targetCount).update(from: numbers + sample(row) * targetCount, count: targetCount)
            }
        }
    }

    /// The samples at `indices`, in that order, as a data set of their own.
    public func selecting(_ indices: some Collection<Int>) -> Dataset {
        let indices = Array(indices)
        return Dataset(
            name: name, classCount: classCount, source: source.selecting(indices), labels: indices.map { labels[$0] },
            users: users.map { users in indices.map { users[$0] } },
            targets: targets.map { targets in
                indices.flatMap { targets[$0 * targetCount..<($0 + 1) * targetCount] }
            }, targetCount: targetCount)
    }

    /// These samples and, behind them, the samples of `other`, another part of the same data.
    ///
    /// - Precondition: both have targets, as many a sample, or none.
    package func appending(_ other: Dataset) -> Dataset {
        precondition(
            targetCount == other.targetCount, "\(targetCount) and \(other.targetCount) targets a sample of '\(name)'")
        return Dataset(
            name: name, classCount: classCount, source: source.appending(other.source), labels: labels + other.labels,
            users: users.flatMap { users in other.users.map { users + $0 } },
            targets: targets.flatMap { targets in other.targets.map { targets + $0 } }, targetCount: targetCount)
    }

    fileprivate func scaled(by training: Dataset) -> Dataset {
        Dataset(
            name: name, classCount: classCount, source: source.scaled(by: training.source), labels: labels,
            users: users, targets: targets, targetCount: targetCount)
    }
}

/// What is trained on and what accuracy is measured on.
public struct TrainTestSplit: Sendable {
    /// What is trained on.
    public let training: Dataset
    /// What accuracy is measured on, and nothing is trained on.
    public let test: Dataset
    /// The identity of the data that both sets were taken from: the same for every seed that draws another split.
    public let identity: DataIdentity

    /// - Parameter identity: nil for the digest of these samples.
    public init(training: Dataset, test: Dataset, identity: DataIdentity? = nil) {
        self.training = training
        self.test = test
        self.identity = identity ?? DataIdentity(of: training, test)
    }

    /// The same samples, with all that is estimated from samples, such as the scale of a feature, estimated from the
    /// training set alone: nothing of test samples may be known in training.
    func scaledByTraining() -> TrainTestSplit {
        TrainTestSplit(training: training.scaled(by: training), test: test.scaled(by: training), identity: identity)
    }
}

/// Bad data or a bad wish about data: says what was found, where, and what is allowed.
public struct DataError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    /// The column of a table that whoever asked for it named, and that is the mistake; nil for any other mistake.
    package let column: String?
    /// - Parameter description: what was found, where, and what is allowed.
    public init(_ description: String) { self.init(description, column: nil) }

    package init(_ description: String, column: String?) {
        (self.description, self.column) = (ErrorText.message(description), column)
    }
}
