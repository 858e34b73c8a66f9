extension Range<Int> {
    /// The `index`-th of `count` consecutive parts that cover the range; their sizes differ by one at most, the larger
    /// ones first.
    package func part(_ index: Int, of count: Int) -> Range<Int> {
        precondition(count > 0 && index >= 0 && index < count, "part \(index) of \(count)")
        let (size, extra) = self.count.quotientAndRemainder(dividingBy: count)
        let start = lowerBound + index * size + Swift.min(index, extra)
        return start..<start + size + (index < extra ? 1 : 0)
    }
}
