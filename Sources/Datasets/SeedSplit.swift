package import Randomness

/// Data without a test set of their own, split by the seed.
extension Dataset {
    /// A share of the samples is to test on: drawn by the seed, or, without shuffling, the last ones.
    ///
    /// - Parameters:
    ///   - fraction: of the samples, above 0 and below 1; one sample at least is in each part.
    ///   - identity: of all data.
    package func split(
        testing fraction: Double, identity: DataIdentity, seeds: SeedSequence, shuffles: Bool
    ) -> TrainTestSplit {
        precondition(count > 1, "\(count) samples to be split")
        var order = Array(0..<count)
        if shuffles {
            var stream = seeds.stream(.split)
            stream.shuffle(&order)
        }
        let boundary = min(count - 1, max(1, Int(Double(count) * (1 - fraction))))
        return TrainTestSplit(
            training: selecting(order[..<boundary]), test: selecting(order[boundary...]), identity: identity
        ).scaledByTraining()
    }

    /// All samples of a share of the users are to test on, who then are unseen: drawn by the seed, or, without shuffling, the
    /// last users.
    ///
    /// - Parameter fraction: of the users, above 0 and below 1; one user at least is in each part.
    /// - Precondition: the data have two users at least.
    package func splitUsers(
        testing fraction: Double, identity: DataIdentity, seeds: SeedSequence, shuffles: Bool
    ) -> TrainTestSplit {
        guard let users else { preconditionFailure("'\(name)' without users") }
        var order = Set(users).sorted()
        let tested = Self.testedUsers(of: order.count, fraction)
        if shuffles {
            var stream = seeds.stream(.split)
            stream.shuffle(&order)
        }
        let unseen = Set(order.suffix(tested))
        return TrainTestSplit(
            training: selecting(users.indices.filter { !unseen.contains(users[$0]) }),
            test: selecting(users.indices.filter { unseen.contains(users[$0]) }), identity: identity
        ).scaledByTraining()
    }

    /// How many of so many users ``splitUsers(testing:identity:seeds:shuffles:)`` tests on.
    package static func testedUsers(of count: Int, _ fraction: Double) -> Int {
        precondition(count > 1, "\(count) users to be split")
        return min(count - 1, max(1, Int((Double(count) * fraction).rounded())))
    }
}

extension TrainTestSplit {
    /// A training and a test set that files keep apart, the test set scaled by what the training set tells.
    package init(separate training: Dataset, _ test: Dataset, identity: DataIdentity) {
        self = TrainTestSplit(training: training, test: test, identity: identity).scaledByTraining()
    }
}
