import Statistics
import Tasks

/// What messages cost: a time each and a time a byte, by least squares.
///
/// Deviations count relative to the time measured, so that a small message weighs as much as one that takes a thousand
/// times as long; R. Hockney 1994, *The communication challenge for MPP*, has the form.
package struct LinearCost: Hashable, Sendable {
    /// A time that is `messages` times the one and `bytes` times the other.
    package struct Term: Hashable, Sendable {
        package var messages: Double
        package var bytes: Double
        package var seconds: Double
    }

    package struct Estimate: Hashable, Sendable {
        package let value: Double
        /// Nil where it was set to its bound, since the data would have it beyond.
        package let standardError: Double?
    }

    package let secondsPerMessage: Estimate
    package let secondsPerByte: Estimate
    /// Relative, over the terms.
    package let deviation: Double

    /// - Throws: ``ExperimentError`` where the terms do not tell the two apart.
    package init(_ terms: [Term], of what: String) throws(ExperimentError) {
        func fit(_ rows: (Term) -> [Double]) throws(ExperimentError) -> LeastSquares {
            do throws(LeastSquares.Failure) {
                return try LeastSquares(
                    terms.map(rows), terms.map(\.seconds), weights: terms.map { 1 / ($0.seconds * $0.seconds) })
            } catch {
                throw ExperimentError(
                    "\(terms.count) sizes of \(what) do not tell the time a message from the time a byte; measure more")
            }
        }
        let both = try fit { [$0.messages, $0.bytes] }
        if both.coefficients[0] >= 0, both.coefficients[1] > 0 {
            secondsPerMessage = Estimate(value: both.coefficients[0], standardError: both.standardErrors[0])
            secondsPerByte = Estimate(value: both.coefficients[1], standardError: both.standardErrors[1])
            deviation = both.residualDeviation
        } else if both.coefficients[0] < 0 {
            let bytes = try fit { [$0.bytes] }
            secondsPerMessage = Estimate(value: 0, standardError: nil)
            secondsPerByte = Estimate(value: bytes.coefficients[0], standardError: bytes.standardErrors[0])
            deviation = bytes.residualDeviation
        } else {
            throw ExperimentError(
                """
                \(what) of \(terms.count) sizes do not take longer the longer they are, so that there is no bandwidth; \
                measure larger ones (--sizes)
                """)
        }
    }

    /// Bytes a second, with the standard error to first order.
    package var bytesPerSecond: Estimate {
        let (value, error) = (secondsPerByte.value, secondsPerByte.standardError)
        return Estimate(value: 1 / value, standardError: error.map { $0 / (value * value) })
    }
}
