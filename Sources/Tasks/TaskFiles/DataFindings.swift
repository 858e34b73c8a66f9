import Datasets
import Diagnostics
import Kernel

/// What is striking in data, such as those of a user's own task that nobody has looked at yet.
package struct DataFindings: Sendable {
    /// Numbers of samples of each class in the training and the test set.
    package let classCounts: [(training: Int, test: Int)]
    /// Numbers of samples of each user in both sets; empty where the data do not know users.
    package let userCounts: [Int]
    /// Features that are the same number in all training samples, from 0.
    package let constantFeatures: [Int]
    /// How many test samples have exactly the same features as a training sample.
    package let repeatedTestSamples: Int
    /// How many training samples have exactly the same features as an earlier one.
    package let repeatedTrainingSamples: Int
    /// How many users have samples both to train on and to test on.
    package let sharedUsers: [Int]
    package let testUsers: Int
    /// The largest absolute number that a model sees.
    package let largest: Float

    private static let chunk = 500

    package init(_ split: TrainTestSplit) {
        let (training, test) = (split.training, split.test)
        var counts = [(training: Int, test: Int)](repeating: (0, 0), count: training.classCount)
        for label in training.labels { counts[Int(label)].training += 1 }
        for label in test.labels { counts[Int(label)].test += 1 }
        classCounts = counts
        var users = [Int](repeating: 0, count: max(training.userCount, test.userCount))
        for user in (training.users ?? []) + (test.users ?? []) { users[Int(user)] += 1 }
        userCounts = users
        let tested = Set(test.users ?? [])
        sharedUsers = tested.intersection(training.users ?? []).map(Int.init).sorted()
        testUsers = tested.count

        let features = training.shape.count
        var first: [Float] = []
        var isConstant = [Bool](repeating: true, count: features)
        var largest: Float = 0
        var known: Set<Int> = []
        var repeated = 0
        Self.forEachSample(of: training) { row in
            if first.isEmpty { first = Array(row) }
            for feature in 0..<features {
                if row[feature] != first[feature] { isConstant[feature] = false }
                largest = max(largest, abs(row[feature]))
            }
            if !known.insert(Self.hash(row)).inserted { repeated += 1 }
        }
        repeatedTrainingSamples = repeated
        constantFeatures = isConstant.indices.filter { isConstant[$0] }
        var found = 0
        Self.forEachSample(of: test) { row in
            for number in row { largest = max(largest, abs(number)) }
            if known.contains(Self.hash(row)) { found += 1 }
        }
        repeatedTestSamples = found
        self.largest = largest
    }

    /// A hash of 64 bits: in a data set of millions of samples two different ones collide with a probability of about
    /// one in a million.
    private static func hash(_ row: UnsafeBufferPointer<Float>) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(row))
        return hasher.finalize()
    }

    private static func forEachSample(of data: Dataset, _ body: (UnsafeBufferPointer<Float>) -> Void) {
        let features = data.shape.count
        let batch = Batch(capacity: min(chunk, data.count), featureCount: features)
        for start in stride(from: 0, to: data.count, by: chunk) {
            let end = min(data.count, start + chunk)
            data.gather(Int32(start)..<Int32(end), into: batch)
            for row in 0..<end - start {
                body(UnsafeBufferPointer(rebasing: batch.inputs[row * features..<(row + 1) * features]))
            }
        }
    }

    /// The first number that a model sees for which something holds.
    static func firstNumber(in data: Dataset, that isWanted: (Float) -> Bool) -> Float? {
        var found: Float?
        forEachSample(of: data) { row in if found == nil { found = row.first(where: isWanted) } }
        return found
    }

    /// The first numbers of a sample, as a model sees them.
    package static func beginning(of sample: Int, in data: Dataset, most: Int) -> [Float] {
        let batch = Batch(capacity: 1, featureCount: data.shape.count)
        data.gather(Int32(sample)..<Int32(sample + 1), into: batch)
        return Array(batch.inputs.prefix(min(most, data.shape.count)))
    }

    // MARK: Warnings

    private static let listed = 5

    private static func list(_ items: [String]) -> String {
        items.prefix(listed).joined(separator: ", ") + (items.count > listed ? ", ..." : "")
    }

    /// Sentences about possible mistakes.
    ///
    /// - Parameters:
    ///   - classNames: nil where classes are numbers.
    ///   - columns: the names of a table's columns; empty for other data.
    ///   - testsUnseenUsers: whether the task tests on users that are not trained on.
    package func warnings(
        _ split: TrainTestSplit, classNames: [String]?, columns: [String], userNames: [String]
    ) -> [String] {
        var warnings: [String] = []
        func label(_ index: Int) -> String { classNames.map { "'\($0[index])'" } ?? "\(index)" }
        if !constantFeatures.isEmpty {
            let names = constantFeatures.map { columns.isEmpty ? "\($0 + 1)" : "'\(columns[$0])'" }
            let isOne = names.count == 1
            warnings.append(
                "\(names.count) of \(split.training.shape.count) features \(isOne ? "is" : "are") the same number in all training samples: \(Self.list(names))"
            )
        }
        if repeatedTestSamples > 0 {
            warnings.append(
                "\(repeatedTestSamples) of \(split.test.count) test samples \(repeatedTestSamples == 1 ? "is" : "are") in the training set, too: what is measured on them is memory"
            )
        }
        let isRegression = split.training.targets != nil
        let unseen =
            isRegression ? [] : classCounts.indices.filter { classCounts[$0].training == 0 && classCounts[$0].test > 0 }
        if !unseen.isEmpty {
            let samples = unseen.reduce(0) { $0 + classCounts[$1].test }
            warnings.append(
                "labels that occur in the test set only, and cannot be learned: \(Self.list(unseen.map(label))) (\(samples) samples)"
            )
        }
        let empty =
            isRegression
            ? [] : classCounts.indices.filter { classCounts[$0].training == 0 && classCounts[$0].test == 0 }
        if !empty.isEmpty {
            warnings.append(
                "classes without any sample: \(Self.list(empty.map(label)))\(empty.first == 0 && classNames == nil ? "; labels are counted from 0" : "")"
            )
        }
        if !sharedUsers.isEmpty {
            let names = sharedUsers.map { $0 < userNames.count ? userNames[$0] : "\($0)" }
            warnings.append(
                "\(sharedUsers.count) of \(testUsers) users of the test set have samples to train on, too: \(Self.list(names)); accuracy on people that the model has not seen is lower"
            )
        }
        if largest > 32 {
            warnings.append(
                "the largest number that a model sees is \(Format.significant(Double(largest))): say 'scale' or 'standardize: yes', or training may diverge"
            )
        }
        return warnings
    }
}
