import Lanes

extension ParameterVector {
    /// Replaces all numbers by Σ_k w_k x_k over the vectors, each product rounded and added in the order given: the arithmetic
    /// of averaging neighbours.
    ///
    /// The vectors may be longer than this one; those numbers are taken that begin at `offset`. This vector may be none of them,
    /// but may share its numbers with one (``snapshot()``).
    ///
    /// - Precondition: there are as many weights as vectors, and at least one.
    public func becomeSum(of vectors: [ParameterVector], times weights: [Float], from offset: Int = 0) {
        precondition(
            !vectors.isEmpty && vectors.count == weights.count, "\(vectors.count) vectors and \(weights.count) weights")
        for vector in vectors {
            precondition(
                offset >= 0 && vector.count >= offset + count, "\(count) numbers from \(offset) on of \(vector.count)")
            precondition(vector !== self, "a sum that is one of its own terms")
        }
        let target = overwritten
        var index = 0
        while index + 32 <= count {
            let first = vectors[0].numbers + (offset + index)
            var (s0, s1, s2, s3) = (first.lanes(0), first.lanes(8), first.lanes(16), first.lanes(24))
            let weight = weights[0]
            (s0, s1, s2, s3) = (s0 * weight, s1 * weight, s2 * weight, s3 * weight)
            for other in 1..<vectors.count {
                let (next, weight) = (vectors[other].numbers + (offset + index), weights[other])
                s0 += next.lanes(0) * weight
                s1 += next.lanes(8) * weight
                s2 += next.lanes(16) * weight
                s3 += next.lanes(24) * weight
            }
            let to = target + index
            to.set(0, s0)
            to.set(8, s1)
            to.set(16, s2)
            to.set(24, s3)
            index += 32
        }
        while index < count {
            var sum = vectors[0].numbers[offset + index] * weights[0]
            for other in 1..<vectors.count { sum += vectors[other].numbers[offset + index] * weights[other] }
            target[index] = sum
            index += 1
        }
    }

    /// Overwrites the numbers from `offset` on by all of another vector.
    public func replace(from offset: Int, by other: ParameterVector) {
        precondition(
            offset >= 0 && offset + other.count <= count, "\(other.count) numbers from \(offset) on of \(count)")
        (storage + offset).update(from: other.numbers, count: other.count)
    }
}
