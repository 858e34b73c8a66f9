import Diagnostics
import Foundation

extension ClusterFile {
    /// The standard errors of a calibrated cluster's figures, which `bench calibrate` writes as comments behind them, such as
    /// `latency: 51.2us  # standard error 1.2 µs`.
    ///
    /// - Parameter argument: of `--cluster`.
    /// - Returns: empty for a preset, a file that cannot be read, and one that knows no errors.
    package static func standardErrors(of argument: String) -> [ClusterFigure: Double] {
        guard argument.hasSuffix(".yaml") || argument.hasSuffix(".yml"),
            let data = FileManager.default.contents(atPath: argument)
        else { return [:] }
        return standardErrors(in: String(decoding: data, as: UTF8.self))
    }

    static func standardErrors(in text: String) -> [ClusterFigure: Double] {
        var errors: [ClusterFigure: Double] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "#", maxSplits: 1)
            guard parts.count == 2, let colon = parts[0].firstIndex(of: ":") else { continue }
            let remark = parts[1].trimmingCharacters(in: .whitespaces)
            guard remark.hasPrefix(remarkStart) else { continue }
            let amount = remark.dropFirst(remarkStart.count).trimmingCharacters(in: .whitespaces)
            let key = parts[0][..<colon].replacing("_", with: "-")
            guard let figure = ClusterFigure(rawValue: String(key)) else { continue }
            let error =
                switch figure.unit {
                case .seconds: (try? Quantity.duration(amount))?.inSeconds
                case .bytesPerSecond: try? Quantity.bandwidth(amount)
                case .share, .plain: Quantity.number(amount)
                }
            if let error, error > 0 { errors[figure] = error }
        }
        return errors
    }

    private static let remarkStart = "standard error "
}
