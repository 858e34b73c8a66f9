extension FeatureShape {
    /// A sequence: T positions with D numbers each, one position behind the other in memory, `[T, D]` as PyTorch's
    /// `batch_first` has it. It is a grid of T rows and D columns with one channel, so that the rows of a grey image are one,
    /// too, and both orders of channels are the same.
    ///
    /// - Precondition: both are above 0.
    public init(positions: Int, dimension: Int) { self.init(channels: 1, height: positions, width: dimension) }

    /// T and D of a sequence; features that lie on no grid are one position.
    ///
    /// - Throws: for an image of several channels.
    func sequence() throws(NetworkError) -> (positions: Int, dimension: Int) {
        if height * width == 1 { return (1, channels) }
        try require(channels == 1, "the input \(self) is no sequence, which has one channel: 1xTxD")
        return (height, width)
    }
}
