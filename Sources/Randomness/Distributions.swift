import Foundation

extension RandomNumberGenerator {
    /// A standard normal variate (Box and Muller 1958).
    public mutating func normal() -> Double {
        let radius = (-2 * log(uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// A uniform variate in (0, 1]: never 0, so that its logarithm is finite.
    public mutating func uniform() -> Double {
        Double((next() >> 11) + 1) * 0x1p-53
    }

    /// A Gamma(shape, 1) variate (Marsaglia and Tsang 2000; Johnk's boost below shape 1).
    public mutating func gamma(shape: Double) -> Double {
        precondition(shape > 0, "gamma shape \(shape) must be positive")
        if shape < 1 { return exp(logGamma(shape: shape)) }
        let d = shape - 1 / 3.0
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            if v > 0, log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }

    /// The logarithm of a Gamma(shape, 1) variate; stays finite where the variate itself would underflow to zero.
    private mutating func logGamma(shape: Double) -> Double {
        shape < 1 ? log(gamma(shape: shape + 1)) + log(uniform()) / shape : log(gamma(shape: shape))
    }

    /// A sample of the symmetric Dirichlet(concentration) distribution over `count` categories; sums to 1.
    ///
    /// Drawn in logarithms, so that small concentrations (0.01) give a one-hot vector rather than 0 / 0.
    public mutating func dirichlet(concentration: Double, count: Int) -> [Double] {
        let logarithms = (0..<count).map { _ in logGamma(shape: concentration) }
        let largest = logarithms.max() ?? 0
        if largest == -.infinity {
            // So small a concentration that even the logarithms overflow: its limit, one category at random.
            let chosen = integer(below: count)
            return (0..<count).map { $0 == chosen ? 1 : 0 }
        }
        let weights = logarithms.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }
}
