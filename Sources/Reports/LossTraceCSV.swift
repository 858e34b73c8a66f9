/// The file of `--trace-loss`: the mean training loss of every optimizer step.
public struct LossTraceCSV: Sendable {
    private var csv = CSV(columns: ["strategy", "seed", "step", "loss", "label"])

    /// Whether there is a step in it.
    public private(set) var isEmpty = true

    public init() {}

    public mutating func append(strategy: String, label: String, seed: UInt64, losses: [Double]) {
        isEmpty = isEmpty && losses.isEmpty
        for (step, loss) in losses.enumerated() {
            // Seventeen digits tell any two doubles apart: traces are compared between fabrics.
            csv.append([strategy, String(seed), String(step), loss.isFinite ? "\(loss)" : "nan", label])
        }
    }

    public var text: String { csv.text }
}
