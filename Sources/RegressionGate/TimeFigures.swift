import Diagnostics
import Experiments
import Foundation
import Statistics

/// Measured time: of the job where a clock measures it, of this computer where the job is simulated.
///
/// *What is compared.* A shared computer changes its speed back and forth, within milliseconds and within minutes. Each
/// run is timed in parts. The least time of each part over the seeds of a repetition is the part's time at the
/// computer's best; the sum of these, divided by the least time of the control in that repetition, is the value of the
/// repetition. There are two controls, matrix products and a sweep through memory; the one is used relative to which
/// values vary less from repetition to repetition. Only the faster half of the repetitions counts, so that another
/// program that runs for a while has no effect.
///
/// *When.* If another program takes its cores, a program whose threads wait for each other slows down more than the
/// control does, and no yardstick helps. Therefore times are not compared, and named, where the control's median time
/// is more than ``Comparison/Settings/calm`` times its least.
///
/// *The test.* The Hodges-Lehmann estimate of the ratio current / baseline and the interval that goes with the
/// Mann-Whitney test; a regression is an interval that lies wholly above 1 + margin. The margin is for what differs
/// between two starts of a program and is the same in all repetitions of one start. The rate of false alarms was
/// measured with the program against itself: `Results/false-alarms`.
enum TimeFigures {
    /// - Parameter confirmations: pairs of further runs; a verdict has to hold in all of them.
    static func compare(_ pair: StrategyPair, confirmations: [StrategyPair] = []) -> [Figure] {
        let name = pair.strategy.fabric == .simulated ? "host time" : "measured time"
        let texts = (text(pair.baseline, pair), text(pair.current, pair))
        if let reason = ([pair] + confirmations).lazy.compactMap(reasonAgainst).first {
            return [
                Figure(
                    strategy: pair.strategy.name, name: name, kind: .measured, status: .notCompared,
                    baseline: texts.0, current: texts.1, change: "-", test: reason)
            ]
        }
        let settings = pair.settings
        let ratios = ([pair] + confirmations).map { pair in
            let (baseline, current) = values(pair)
            return RatioOfTimes(current: current, baseline: baseline, confidence: settings.timeConfidence)
        }
        let (slow, fast) = (1 + settings.timeMargin, 1 / (1 + settings.timeMargin))
        let status: Figure.Status =
            ratios.allSatisfy { $0.low > slow }
            ? .regression : ratios.allSatisfy { $0.high < fast } ? .improvement : .withinTolerance
        let shown = ratios.map {
            "\(Format.fixed($0.ratio, 3)) [\(Format.fixed($0.low, 3)), \(Format.fixed($0.high, 3))]"
        }
        return [
            Figure(
                strategy: pair.strategy.name, name: name, kind: .measured, status: status, baseline: texts.0,
                current: texts.1, change: "\(shown.joined(separator: ", then ")) times per control",
                test: """
                    \(Format.significant(settings.timeConfidence * 100)) % interval above \(Format.significant(slow)); \
                    \(pair.baselineRepetitions) and \(pair.currentRepetitions) repetitions
                    """,
                numbers: ratios.first.flatMap {
                    Figure.Numbers(
                        baseline: 1, current: $0.ratio, interval: ($0.low, $0.high), allowed: (fast, slow))
                })
        ]
    }

    /// Why the times cannot be compared; nil where they can.
    private static func reasonAgainst(_ pair: StrategyPair) -> String? {
        let (old, new) = (pair.baselineResults.machine, pair.currentResults.machine)
        if pair.settings.times == .never { return "not asked for (--times never)" }
        if pair.settings.times == .sameMachine, old.boot == nil || old.boot != new.boot {
            return "not measured on one machine since its last start (--times same-processor compares all the same)"
        }
        if old.processor != new.processor { return "other processors: \(old.processor) and \(new.processor)" }
        if old.cores != new.cores { return "\(old.cores) and \(new.cores) cores" }
        if old.buildMode != new.buildMode { return "other builds: \(old.buildMode) and \(new.buildMode)" }
        if pair.strategy.fabric == .simulated,
            pair.baselineResults.plan.hostThreads != pair.currentResults.plan.hostThreads
        {
            return "other numbers of host threads"
        }
        if pair.baselineResults.plan.jobs != pair.currentResults.plan.jobs {
            return "other numbers of runs side by side"
        }
        if min(pair.baselineRepetitions, pair.currentRepetitions) < pair.settings.leastRepetitions {
            return """
                \(pair.baselineRepetitions) and \(pair.currentRepetitions) repetitions; \
                \(pair.settings.leastRepetitions) are needed on either side (--repetitions)
                """
        }
        let (baseline, current) = values(pair)
        if !(baseline + current).allSatisfy({ $0 > 0 && $0.isFinite }) { return "a time or a control that is none" }
        for (side, runs) in [("baseline", pair.baseline), ("current results", pair.current)] {
            let disturbance = disturbance(runs)
            if disturbance > pair.settings.calm {
                return """
                    the machine was busy with something else during the \(side): the control took \
                    \(Format.fixed(disturbance, 2)) times its least, and \(Format.fixed(pair.settings.calm, 2)) is allowed
                    """
            }
        }
        return nil
    }

    /// The median of the matrix products' times relative to the least; about 1 on a machine without other load.
    private static func disturbance(_ runs: [RunRecord]) -> Double {
        let times = runs.flatMap(\.timings).map(\.control.sgemmSeconds)
        guard let least = times.min() else { return 1 }
        return SpreadSummary(times).median / least
    }

    // MARK: Values

    /// The values of each repetition on either side, by the control relative to which they vary less.
    private static func values(_ pair: StrategyPair) -> (baseline: [Double], current: [Double]) {
        let candidates = [\HostControl.Times.sgemmSeconds, \HostControl.Times.sweepSeconds].map { control in
            (values(pair.baseline, control), values(pair.current, control))
        }
        // The spread is taken within each side, so that the difference to be found does not affect the choice.
        func spread(_ candidate: ([Double], [Double])) -> Double { deviation(candidate.0) + deviation(candidate.1) }
        return spread(candidates[0]) <= spread(candidates[1]) ? candidates[0] : candidates[1]
    }

    /// The mean distance of the logarithms from their median.
    private static func deviation(_ values: [Double]) -> Double {
        let logarithms = values.map { log($0) }
        let median = SpreadSummary(logarithms).median
        return logarithms.reduce(0) { $0 + abs($1 - median) } / Double(values.count)
    }

    private static func values(_ runs: [RunRecord], _ control: KeyPath<HostControl.Times, Double>) -> [Double] {
        (0..<repetitions(runs)).map { repetition in
            let timings = runs.map { $0.timings[repetition] }
            let yardstick = timings.map { $0.control[keyPath: control] }.min() ?? 1
            return leastSeconds(timings.map(\.segmentSeconds)) / yardstick
        }.sorted().dropLast(repetitions(runs) / 2)
    }

    /// The sum over parts of the least time of each part, for runs with the same parts.
    private static func leastSeconds(_ segments: [[Double]]) -> Double {
        let count = segments.map(\.count).min() ?? 0
        return (0..<count).reduce(0) { sum, part in sum + (segments.map { $0[part] }.min() ?? 0) }
    }

    /// How many repetitions all runs have; 0 where the parts of one took no measurable time.
    static func repetitions(_ runs: [RunRecord]) -> Int {
        guard runs.allSatisfy({ run in run.timings.allSatisfy { $0.segmentSeconds.contains { $0 > 0 } } }) else {
            return 0
        }
        return runs.map(\.timings.count).min() ?? 0
    }

    /// The median time of whole runs, as text.
    private static func text(_ runs: [RunRecord], _ pair: StrategyPair) -> String {
        let times = runs.flatMap(\.timings).map {
            pair.strategy.fabric == .simulated ? $0.hostSeconds : $0.clusterSeconds
        }
        return times.isEmpty ? "-" : Format.seconds(SpreadSummary(times).median)
    }
}

extension StrategyPair {
    fileprivate var baselineRepetitions: Int { TimeFigures.repetitions(baseline) }
    fileprivate var currentRepetitions: Int { TimeFigures.repetitions(current) }
}
