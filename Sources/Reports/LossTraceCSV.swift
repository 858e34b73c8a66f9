/// The file of `--trace-loss`: the mean training loss of every optimizer step.
package struct LossTraceCSV: Sendable {
    private var csv = CSV(columns: ["strategy", "seed", "step", "loss", "label"])

    /// Whether no step was traced.
    package private(set) var isEmpty = true

    package init() {}

    package mutating func append(strategy: String, label: String, seed: UInt64, losses: [Double]) {
        isEmpty = isEmpty && losses.isEmpty
        for (step, loss) in losses.enumerated() {
            // Seventeen digits tell any two doubles apart: traces are compared between fabrics.
            csv.append([strategy, String(seed), String(step), loss.isFinite ? "\(loss)" : "nan", label])
        }
    }

    package var text: String { csv.text }
}
