import Calibration
import Cluster
import Diagnostics
import Experiments

/// What `bench calibrate` prints, and the comments of the file that it writes.
package enum CalibrationText {
    // MARK: Compute

    package static func steps(_ points: [CalibrationPoint], _ layout: TextLayout = .unlimited) -> String {
        var table = TextTable([
            ("task", .left), ("samples", .right), ("step", .right), ("least", .right), ("largest", .right),
        ])
        for point in points where point.kind == .step {
            let spread = point.spread
            table.append(
                [point.task ?? "", "\(point.size)"]
                    + [spread.median, spread.least, spread.largest].map(Format.seconds))
        }
        return table.terminal(layout)
    }

    /// How fast memory was read and written, in a line.
    package static func memory(_ point: CalibrationPoint) -> String {
        let bytes = Double(point.size) / 8 * MachineCalibration.bytesPerSum
        let (median, low, high) = (
            bytes / point.median, bytes / point.spread.largest, bytes / point.spread.least
        )
        return """
            Memory: \(Format.bytes(median))/s (\(Format.bytes(low))/s to \(Format.bytes(high))/s) for y += a x over \
            \(Format.bytes(Double(point.size)))\(point.ranks > 1 ? ", each of \(point.ranks) ranks at the same time" : "")
            """
    }

    // MARK: Network

    package static func parameters(_ fit: NetworkFit, _ layout: TextLayout = .unlimited) -> String {
        var table = TextTable([
            ("parameter", .left), ("estimate", .right), ("standard error", .right), ("from", .left),
        ])
        func add(
            _ name: String, _ estimate: LinearCost.Estimate?, _ text: (Double) -> String, _ source: String
        ) {
            guard let estimate else { return }
            table.append([
                name, text(estimate.value),
                estimate.standardError.map { $0.isFinite ? text($0) : "unknown" } ?? "at its bound",
                source,
            ])
        }
        let reduction = "all-reduces, taken for \(fit.algorithm.rawValue)"
        let basis = fit.basis == .allReduce ? reduction : "messages to and fro"
        add("latency", fit.latency, Format.seconds, "\(basis): what overhead leaves")
        add("overhead", fit.overhead, Format.seconds, "messages at once: gap less bytes")
        add("bandwidth", fit.bandwidth, Format.bandwidth, basis)
        if let messages = fit.messages, fit.basis != .messages {
            add("latency + overhead", messages.secondsPerMessage, Format.seconds, "messages to and fro")
            add("bandwidth", messages.bytesPerSecond, Format.bandwidth, "messages to and fro")
        }
        if let reductions = fit.allReduce {
            if fit.basis != .allReduce { add("bandwidth", reductions.bytesPerSecond, Format.bandwidth, reduction) }
            add("latency + overhead", reductions.secondsPerMessage, Format.seconds, reduction)
        }
        return table.terminal(layout)
    }

    /// What the data can tell apart.
    package static func identifiability(_ fit: NetworkFit) -> String {
        var text = """
            Messages to and fro and all-reduces tell the sum of latency and overhead, and the bandwidth; overhead is told by \
            messages at once only.
            """
        if fit.gap == nil { text += " None were sent at once here, so that all of the sum is latency." }
        if fit.overhead.value > 0, fit.latency.value == 0 {
            text += " Messages at once follow each other no faster than that sum, so that all of it is overhead."
        }
        return text
    }

    package static func residuals(_ fit: NetworkFit, _ layout: TextLayout = .unlimited) -> String {
        var table = TextTable([
            ("ranks", .right), ("bytes", .right), ("measured", .right), ("least", .right), ("largest", .right),
            ("predicted", .right), ("error", .right),
        ])
        for residual in fit.residuals {
            let spread = residual.point.spread
            table.append(
                ["\(residual.point.ranks)", "\(residual.point.size)"]
                    + [spread.median, spread.least, spread.largest, residual.fittedSeconds].map(Format.seconds)
                    + [signed(residual.error)])
        }
        return table.terminal(layout)
    }

    /// The errors of the fitted link's predictions, in a line.
    package static func errors(_ fit: NetworkFit) -> String {
        let errors = fit.errors
        let what = fit.basis == .allReduce ? "all-reduces" : "messages to and fro"
        return """
            Predicted against measured over \(fit.residuals.count) sizes of \(what): median error \
            \(Format.percent(errors.median)), largest \(Format.percent(errors.largest))
            """
    }

    private static func signed(_ share: Double) -> String { (share >= 0 ? "+" : "") + Format.percent(share) }

    // MARK: The file

    /// Comments for the figures of a link, by the keys of a cluster file.
    package static func remarks(_ fit: NetworkFit) -> [String: String] {
        func remark(_ estimate: LinearCost.Estimate, _ text: (Double) -> String) -> String {
            estimate.standardError.map { $0.isFinite ? "standard error \(text($0))" : "standard error unknown" }
                ?? "at its bound"
        }
        return [
            "latency": remark(fit.latency, Format.seconds), "overhead": remark(fit.overhead, Format.seconds),
            "bandwidth": remark(fit.bandwidth, Format.bandwidth),
        ]
    }

    package static func provenance(_ machine: MachineDescription) -> [String] {
        [
            "Measured by: \(machine.command)", "On: \(machine.date), \(machine.processor), \(machine.cores) cores",
            "Program: commit \(machine.commit), \(machine.toolchain), \(machine.buildMode); \(machine.blas)",
        ]
    }
}
