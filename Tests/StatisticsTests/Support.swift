import Testing

/// Whether two numbers agree to so many parts of the larger, or to `absolute` where they are about 0.
func isClose(_ found: Double, _ expected: Double, relative: Double = 1e-12, absolute: Double = 1e-300) -> Bool {
    found == expected || abs(found - expected) <= max(relative * max(abs(found), abs(expected)), absolute)
}

/// Expects agreement with a value of scipy, to the digits that the logarithms of factorials leave of sixteen.
func expectClose(
    _ found: Double, _ expected: Double, relative: Double = 1e-12, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(
        isClose(found, expected, relative: relative), "\(what): \(found), scipy has \(expected)",
        sourceLocation: sourceLocation)
}
