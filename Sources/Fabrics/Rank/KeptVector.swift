import Kernel

/// A vector of arbitrary contents that is kept for its memory from step to step.
struct KeptVector {
    private var vector: ParameterVector?

    /// - Parameter count: numbers in the vector.
    mutating func take(count: Int) -> ParameterVector {
        if let vector, vector.count == count { return vector }
        let new = ParameterVector(count: count)
        vector = new
        return new
    }
}
