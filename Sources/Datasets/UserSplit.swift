internal import Randomness

extension TrainTestSplit {
    /// The samples of both sets, split anew so that every user is in both: of each user's samples `tested` of `parts`, rounded
    /// and at least one, are to test on.
    ///
    /// Drawn by the seed, or, without shuffling, the last of each user's in the sets' order.
    /// - Throws: ``DataError`` for a user with one sample only.
    /// - Precondition: the data say whose samples they are.
    func splittingEveryUser(
        testing tested: Int, of parts: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> TrainTestSplit {
        let all = training.appending(test)
        guard let users = all.users else { preconditionFailure("'\(training.name)' without users") }
        var (toTrain, toTest): ([Int], [Int]) = ([], [])
        for user in 0..<all.userCount {
            var own = users.indices.filter { users[$0] == user }
            guard !own.isEmpty else { continue }
            guard own.count > 1 else {
                throw DataError(
                    "person \(user) of '\(training.name)' has one sample; at least 2 are needed, to train and to test on"
                )
            }
            if shuffles {
                var stream = seeds.stream(.split, user)
                stream.shuffle(&own)
            }
            let boundary = own.count - max(1, (own.count * tested + parts / 2) / parts)
            toTrain += own[..<boundary]
            toTest += own[boundary...]
        }
        // In the order of the data: who is tested on is random, not who stands where.
        return TrainTestSplit(
            training: all.selecting(toTrain.sorted()), test: all.selecting(toTest.sorted()), identity: identity
        ).scaledByTraining()
    }
}
