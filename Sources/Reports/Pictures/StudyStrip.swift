import Diagnostics
internal import Studies

/// A band at the worse end of the picture of trials, for trials that have no place on its axis or would leave no room
/// for the others: models that diverged, targets that were never reached, and ends so far behind that the others would
/// lie on each other.
struct StudyStrip {
    /// Whether trials are judged by a time.
    private let isTime: Bool
    private let isHigherBetter: Bool
    /// Trials with a worse value than this are in the strip; nil where no value is too bad for the axis.
    let cut: Double?

    static let height = 30.0
    /// The axis is broken only where that makes it shorter by this factor.
    private static let gain = 2.0
    /// How far behind the median a value may be and stay on the axis, as a multiple of the distance from the median to
    /// the best.
    private static let reach = 3.0

    /// - Parameters:
    ///   - outcomes: all that the picture shows.
    ///   - isHigherBetter: the direction of the metric that trials are chosen by; false for times.
    init(_ outcomes: [TrialOutcome], isTime: Bool, isHigherBetter: Bool) {
        (self.isTime, self.isHigherBetter) = (isTime, isHigherBetter)
        func gain(_ value: Double) -> Double { isHigherBetter ? value : -value }
        let gains = outcomes.filter { !Self.isLost($0, isTime: isTime) }.map { gain($0.value) }.sorted()
        guard !isTime, let worst = gains.first, let best = gains.last, best > worst else {
            cut = nil
            return
        }
        let median = gains[gains.count / 2]
        let limit = median - Self.reach * max(best - median, 0.01 * abs(best))
        let kept = gains.first { $0 >= limit } ?? worst
        let isWorthIt = worst < limit && best - worst >= Self.gain * max(best - kept, 1e-12)
        cut = isWorthIt ? gain(limit) : nil
    }

    /// Whether no axis has a place for the trial's value.
    private static func isLost(_ outcome: TrialOutcome, isTime: Bool) -> Bool {
        outcome.divergedCount > 0 || !outcome.value.isFinite || isTime && outcome.value <= 0
    }

    func holds(_ outcome: TrialOutcome) -> Bool {
        if Self.isLost(outcome, isTime: isTime) { return true }
        guard let cut else { return false }
        return isHigherBetter ? outcome.value < cut : outcome.value > cut
    }

    /// Whether the strip lies above the axis, which is where the worse values are: times and losses that are worse lie
    /// higher.
    var isAtTop: Bool { !isHigherBetter }

    /// The height of the marks in the strip, in pixels from the top.
    func place(_ panel: Panel) -> Double {
        isAtTop ? panel.top - Self.height / 2 - 2 : panel.bottom + Self.height / 2 + 2
    }

    /// What happened to a trial in the strip.
    func words(_ outcome: TrialOutcome, _ text: (Double) -> String) -> String {
        if outcome.divergedCount > 0 { return "diverged in \(outcome.divergedCount) of \(outcome.runs.count) seeds" }
        return outcome.value.isFinite ? text(outcome.value) : "did not reach the target"
    }

    /// The band with what is in it.
    func frame(_ panel: Panel, _ held: [TrialOutcome], _ text: (Double) -> String) -> [SVGElement] {
        let top = isAtTop ? panel.top - Self.height : panel.bottom + 4
        var parts: [String] = []
        if held.contains(where: { $0.divergedCount > 0 }) { parts.append("diverged") }
        if isTime, held.contains(where: { $0.divergedCount == 0 }) { parts.append("did not reach") }
        if let cut, held.contains(where: { !Self.isLost($0, isTime: isTime) }) {
            parts.append("\(isHigherBetter ? "below" : "above") \(text(cut))")
        }
        return [
            .rectangle(
                panel.left, top, panel.width, Self.height - 4, fill: .muted,
                [("fill-opacity", .path("0.13")), ("data-strip", .text(parts.joined(separator: ", ")))]),
            .label(parts.joined(separator: ", ") + ":", panel.left + 4, top + 11, .muted, size: 10),
        ]
    }

    /// A sentence for the picture's description; empty where nothing is in the strip.
    func sentence(_ outcomes: [TrialOutcome], _ text: (Double) -> String) -> String {
        let held = outcomes.filter(holds)
        guard !held.isEmpty else { return "" }
        let diverged = held.count { $0.divergedCount > 0 }
        let unreached = held.count { isTime && $0.divergedCount == 0 }
        let behind = held.count - diverged - unreached
        let parts = [
            diverged > 0 ? "\(diverged) diverged" : nil, unreached > 0 ? "\(unreached) did not reach the target" : nil,
            behind > 0
                ? "\(behind) \(behind == 1 ? "is" : "are") \(isHigherBetter ? "below" : "above") \(cut.map(text) ?? "")"
                : nil,
        ].compactMap(\.self)
        return " In the grey band, which has no scale: \(parts.joined(separator: ", "))."
    }
}
