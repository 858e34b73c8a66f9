import Statistics
import Tasks

/// What messages cost: a time for each message and a time for each byte, by least squares.
///
/// Deviations count relative to the measured time, so that a small message weighs as much as one that takes a thousand
/// times as long. The form is that of R. Hockney 1994, *The communication challenge for MPP*.
package struct LinearCost: Hashable, Sendable {
    /// A measured time, which is modelled as `messages` times the cost of a message plus `bytes` times the cost of a
    /// byte.
    package struct Term: Hashable, Sendable {
        package var messages: Double
        package var bytes: Double
        package var seconds: Double
    }

    package struct Estimate: Hashable, Sendable {
        package let value: Double
        /// Nil where the value was set to its bound, since the fit would lie beyond.
        package let standardError: Double?
    }

    package let secondsPerMessage: Estimate
    package let secondsPerByte: Estimate
    /// The relative residual deviation over all terms.
    package let deviation: Double

    /// - Throws: ``ExperimentError`` where the terms do not tell the two costs apart.
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
