/// Draws from a range, and random orders. The standard library has the same (`Int.random(in:using:)`,
/// `shuffle(using:)`), but does not promise its algorithms: another release may draw other numbers from the same
/// generator, and every recorded run would be another. These never change, and tests hold golden numbers of them.
extension RandomNumberGenerator {
    /// A uniformly distributed whole number in 0..<bound.
    ///
    /// The high word of bound * (a random word), where a few low words are drawn again so that all numbers are equally
    /// likely (D. Lemire 2019, *Fast Random Integer Generation in an Interval*, ACM TOMACS, algorithm 5).
    /// - Precondition: `bound` is above 0.
    @inlinable
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "a number below \(bound)")
        let count = UInt64(bound)
        var product = next().multipliedFullWidth(by: count)
        if product.low < count {
            // 2^64 modulo the count: so many of the lowest words have no partner in every other interval.
            let surplus = (0 &- count) % count
            while product.low < surplus { product = next().multipliedFullWidth(by: count) }
        }
        return Int(product.high)
    }

    /// Puts the elements in a random order: each place from the first on takes one of those that are left (R. Fisher and
    /// F. Yates 1938; R. Durstenfeld 1964, *Algorithm 235*).
    @inlinable
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        for place in elements.indices.dropLast() {
            elements.swapAt(place, place + integer(below: elements.count - place))
        }
    }

    /// The elements in a random order, as ``shuffle(_:)`` makes it.
    @inlinable
    public mutating func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
        var order = Array(elements)
        shuffle(&order)
        return order
    }

    /// So many different numbers in 0..<bound, ascending, each set of them as likely as every other (R. Floyd, in J. Bentley 1987,
    /// *Programming Pearls: A Sample of Brilliance*).
    /// - Precondition: there are so many.
    /// - Complexity: O(count log count), whatever the bound.
    public mutating func sample(_ count: Int, below bound: Int) -> [Int] {
        precondition(count >= 0 && count <= bound, "\(count) numbers below \(bound)")
        var chosen = Set<Int>(minimumCapacity: count)
        for last in bound - count..<bound {
            let number = integer(below: last + 1)
            chosen.insert(chosen.contains(number) ? last : number)
        }
        return chosen.sorted()
    }
}
