/// The area under the ROC curve: the probability that a sample of label 1 has a larger score than one of label 0, both drawn
/// at random, where equal scores count half. It is U / (m n) of H. Mann and D. Whitney 1947 (J. Hanley and B. McNeil 1982,
/// *The Meaning and Use of the Area under a ROC Curve*, Radiology 143, section "The area under the curve").
public enum AreaUnderROC {
    /// - Parameters:
    ///   - scores: one for each sample.
    ///   - labels: of the same samples, 0 or 1; every other is taken for 1.
    ///   - weights: how much each sample counts, 0 or more; nil for all alike, which counts exactly.
    /// - Returns: no number where a score is none, or where no sample of one of the labels counts.
    /// - Complexity: O(n log n).
    public static func of(_ scores: [Float], labels: [UInt8], weights: [Double]? = nil) -> Double {
        precondition(
            scores.count == labels.count && weights.map { $0.count == scores.count } ?? true,
            "\(scores.count) scores, \(labels.count) labels and \(weights?.count ?? scores.count) weights")
        let relative = weights.map { Self.scaled($0, labels) }
        func weight(_ sample: Int) -> Double { relative?[sample] ?? 1 }
        let counted = scores.indices.filter { weight($0) > 0 }
        guard counted.allSatisfy({ !scores[$0].isNaN }) else { return .nan }
        let order = counted.sorted { scores[$0] < scores[$1] }
        var (area, positives, negatives) = (0.0, 0.0, 0.0)
        var rest = order[...]
        while let first = rest.first {
            let equals = rest.prefix { scores[$0] == scores[first] }
            rest = rest.dropFirst(equals.count)
            var (own, others) = (0.0, 0.0)
            for sample in equals {
                if labels[sample] == 0 { others += weight(sample) } else { own += weight(sample) }
            }
            area += own * (negatives + others / 2)
            positives += own
            negatives += others
        }
        return positives > 0 && negatives > 0 ? area / (positives * negatives) : .nan
    }

    /// In units of the largest weight of its label, so that weights that are alike for each label are 1 exactly: the area does
    /// not depend on how much one label counts against the other.
    private static func scaled(_ weights: [Double], _ labels: [UInt8]) -> [Double] {
        var (ofNegatives, ofPositives) = (0.0, 0.0)
        for (weight, label) in zip(weights, labels) {
            if label == 0 { ofNegatives = max(ofNegatives, weight) } else { ofPositives = max(ofPositives, weight) }
        }
        return zip(weights, labels).map { weight, label in
            let largest = label == 0 ? ofNegatives : ofPositives
            return largest > 0 ? weight / largest : 0
        }
    }
}
