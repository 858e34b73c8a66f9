import Randomness

extension TrainTestSplit {
    /// One sample of so many is held out: of MNIST's 60,000 images 10,000, as is usual.
    private static let heldOut = 6

    /// A sixth of the training set in place of the test set, which then nobody sees: what options are chosen on.
    ///
    /// Drawn by the seed, or, without shuffling, the last samples of the file.
    /// - Precondition: six training samples or more.
    package func holdingOutValidation(seeds: SeedSequence, shuffles: Bool) -> TrainTestSplit {
        precondition(training.count >= Self.heldOut, "\(training.count) training samples")
        var order = Array(0..<training.count)
        if shuffles {
            var stream = seeds.stream(.validation)
            stream.shuffle(&order)
        }
        let boundary = training.count - training.count / Self.heldOut
        // In the file's order: who is held out is random, not who stands where.
        return TrainTestSplit(
            training: training.selecting(order[..<boundary].sorted()),
            test: training.selecting(order[boundary...].sorted()), identity: identity
        ).scaledByTraining()
    }
}
