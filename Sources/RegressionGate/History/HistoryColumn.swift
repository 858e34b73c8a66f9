import Diagnostics
import Reports

/// A column of `summary.csv` over several results: its name, how its numbers are written, and which figure of the gate
/// judges it.
struct HistoryColumn {
    let name: String
    let quantity: AxisScale.Quantity

    init(_ name: String) {
        self.name = name
        quantity =
            name.contains("seconds")
            ? .seconds
            : name.contains("bytes")
                ? .bytes : name.contains("usd") ? .money : name.contains("accuracy") ? .fraction : .count
    }

    /// The column in words, such as `Time to target`.
    var title: String {
        var words = name.split(separator: "_").map(String.init)
        words.removeAll { ["seconds", "median", "usd", "wh", "total"].contains($0) }
        let text = words.joined(separator: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    func value(_ row: [String: String]) -> Double? { row[name].flatMap(Double.init) }

    /// The 95 % interval of a median; nil where the file has none or only one end.
    func interval(_ row: [String: String]) -> ClosedRange<Double>? {
        guard name.hasSuffix("_median") else { return nil }
        let stem = name.dropLast("median".count)
        guard let low = row["\(stem)low"].flatMap(Double.init), let high = row["\(stem)high"].flatMap(Double.init),
            low <= high
        else { return nil }
        return low...high
    }

    func text(_ value: Double) -> String {
        switch quantity {
        case .seconds: Format.seconds(value)
        case .bytes: Format.bytes(value)
        case .money: Format.money(value)
        case .fraction: Format.percent(value, decimals: 2)
        case .count: Format.significant(value, digits: 4)
        }
    }

    /// Whether a figure of the gate measures the same quantity as this column.
    func isJudged(by figure: String, _ clock: String?) -> Bool {
        switch name {
        case "bytes_sent_total": figure == "bytes sent"
        case "messages_total": figure == "messages"
        case "samples": figure == "samples trained on"
        case "rounds": figure == "updates of the model"
        case "final_accuracy_median": figure == "final accuracy"
        case "final_value_median":
            figure.hasPrefix("final ") && figure != "final accuracy" && figure != "final test loss"
        case "time_to_target_seconds_median": figure == "time to target"
        case "cluster_seconds_median": figure == (clock == "simulated" ? "simulated time" : "measured time")
        case "host_seconds_median": figure == "host time"
        case "ranks_left_median": figure == "ranks that left"
        case "samples_lost_median": figure == "samples lost"
        default: false
        }
    }

    func note(hasGate: Bool) -> String {
        let interval =
            name.hasSuffix("_median")
            ? "Values are medians over seeds, with their 95 % interval where `summary.csv` has one. " : ""
        let gate =
            hasGate
            ? """
            The dashed line is the baseline of the time and the grey band what the gate allows around it (exact figures have no band); \
            a triangle up is worse, one down is better. Upright lines are accepted moves, by their numbers in the list.
            """ : "The gate has no figure for this column."
        return interval + gate
    }
}
