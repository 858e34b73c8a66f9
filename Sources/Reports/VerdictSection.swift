import Diagnostics
import Experiments

/// Each strategy against each other on the same seeds, in words.
enum VerdictSection {
    static func render(_ results: Results) -> String {
        let verdicts = PairwiseVerdict.all(results)
        guard !verdicts.isEmpty, results.plan.seeds.count > 1 else { return "" }
        let target = ComparisonTable.target(results)
        func list(_ figure: PairwiseVerdict.Figure) -> String {
            verdicts.filter { $0.figure == figure }.map { verdict in
                let clocks =
                    verdict.isOneClock || figure == .finalAccuracy
                    ? "" : " (one measured here, the other simulated: on their own machines)"
                return "- \(verdict.words)\(clocks).\n"
            }.joined()
        }
        let seeds = results.plan.seeds.count
        return """
            ## Verdicts

            Seed against seed: both strategies of a pair had the same data, start and shuffles. The figure is the median over \
            \(seeds) seeds; \(IntervalText.pairs(seeds: seeds)). A difference is called one where that interval excludes \
            none; each pair is judged by itself, so of \(verdicts.count) true nulls one in twenty would be called a \
            difference by chance. Where a seed never got to the target no ratio is made up: the counts that got there are \
            compared (Fisher's exact test), then the seeds won (sign test).

            Time to \(target):

            \(list(.timeToTarget))
            Accuracy at the end:

            \(list(.finalAccuracy))
            """
    }
}
