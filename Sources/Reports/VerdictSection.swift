import Diagnostics
import Experiments
import Training

/// Each strategy against each other on the same seeds, in words.
enum VerdictSection {
    static func render(_ results: Results) -> String {
        let verdicts = PairwiseVerdict.all(results)
        guard !verdicts.isEmpty, results.plan.seeds.count > 1 else { return "" }
        let target = results.plan.goal.words
        func list(_ figure: PairwiseVerdict.Figure) -> String {
            let lines = verdicts.filter { $0.figure == figure }.map { "- \($0.words)\(places($0)).\n" }
            return lines.isEmpty ? "No two strategies have times of one clock.\n" : lines.joined()
        }
        let seeds = results.plan.seeds.count
        return """
            ## Verdicts

            Seed against seed: both strategies of a pair had the same data, start and shuffles. The figure is the median over \
            \(seeds) seeds; \(IntervalText.pairs(seeds: seeds)). A difference is called one where that interval leaves \
            out 1 (of ratios) or 0 (of differences). Each pair is judged by itself: among equal strategies one comparison in \
            twenty is called a difference by chance, and here are \(verdicts.count). These intervals, and not the brackets of the table, are what compares: a bracket is the \
            spread of one strategy over its seeds, and two that overlap can belong to a difference that every seed shows. Where a seed never got to the target no ratio is made up: the counts that got there are \
            compared (Fisher's exact test), then the seeds won (sign test). A seed counts as won where the two times lie further apart than the steps between the \
            evaluations, of which the intervals, too, take account.

            Time to \(target):

            \(list(.timeToTarget))\(apart(results))
            \(end(results.plan.metric)):

            \(list(.finalValue))
            """
    }

    private static func end(_ metric: Metric) -> String {
        let title = metric.title.prefix(1).uppercased() + metric.title.dropFirst()
        return metric == .accuracy ? "\(title) at the end" : "\(title) at the end (\(metric.direction))"
    }

    /// The machines of a pair, where they are not the same.
    private static func places(_ verdict: PairwiseVerdict) -> String {
        guard let (first, second) = verdict.machines else { return "" }
        let places = first == second ? "\(first) with other figures" : "\(first) and \(second)"
        return " (with their machines, which differ: \(places))"
    }

    /// Which times are not compared, and why; empty where all are of one clock.
    private static func apart(_ results: Results) -> String {
        let groups = PairwiseVerdict.apart(results)
        guard groups.count > 1 else { return "" }
        let names = groups.map { "\(Headline.list($0.strategies)) (\($0.clock))" }.joined(separator: " against ")
        return """

            Times of different clocks are not compared: \(names). A clock on the wall and a model of other machines run no \
            race; `--fabric simulated` puts all on the virtual clock.

            """
    }
}
