import Testing

@testable import Statistics

/// Against all choices of k out of n, one by one.
@Suite struct BestOfTrialsTests {
    private static let values = [0.3, 0.9, 0.1, 0.9, 0.5, 0.7, .infinity]

    /// The greatest of each choice, ascending.
    private func greatest(_ values: [Double], _ k: Int) -> [Double] {
        (0..<1 << values.count).filter { $0.nonzeroBitCount == k }
            .map { mask in values.indices.filter { mask >> $0 & 1 == 1 }.map { values[$0] }.max() ?? 0 }.sorted()
    }

    @Test(arguments: 1...7) func aQuantileIsThatOfAllChoices(_ k: Int) {
        let all = greatest(Self.values, k)
        for probability in [0.05, 0.25, 0.5, 0.75, 0.95, 1] {
            // The least value that this share of the choices is at or below.
            let expected = all.first { value in
                Double(all.filter { $0 <= value }.count) / Double(all.count) >= probability - 1e-12
            }
            #expect(
                ExpectedBest.quantile(ofMaximumOf: Self.values, trials: k, probability: probability) == expected,
                "\(probability)")
        }
    }

    @Test(arguments: 1...7) func ofTheLeastItIsTheMirrorImage(_ k: Int) {
        let mirrored = Self.values.map { -$0 }
        for probability in [0.05, 0.5, 0.95] {
            #expect(
                ExpectedBest.quantile(ofMinimumOf: mirrored, trials: k, probability: probability)
                    == -ExpectedBest.quantile(ofMaximumOf: Self.values, trials: k, probability: 1 - probability))
        }
    }

    @Test func ofAllTrialsItIsTheBest() {
        #expect(ExpectedBest.quantile(ofMaximumOf: [1, 3, 2], trials: 3, probability: 0.05) == 3)
        #expect(ExpectedBest.quantile(ofMinimumOf: [1, 3, 2], trials: 3, probability: 0.95) == 1)
    }
}
