import Foundation

/// What reading an input came to.
package enum Judgement: Equatable {
    case accepted
    case refused(String)
    /// The input was read as something that it is not.
    case wrong(String)
    /// The input was refused, but not in one clear line of the program's own.
    case told(String)
    /// Reading the input took more memory than it asks for: bytes taken, bytes allowed.
    case memory(Int, Int)
}

/// Reads inputs and judges what comes of it; what ends the process or takes for ever is for who watches it.
package struct Judge {
    private let kind: any InputClass
    /// Bytes for buffers of the runtime, of zlib and of BLAS, which no input is to blame for.
    static let slackBytes = 24 << 20

    package init(_ kind: any InputClass) { self.kind = kind }

    package func judge(_ input: [UInt8]) -> Judgement {
        let before = Self.peakBytes()
        let judgement = answer(input)
        let taken = Self.peakBytes() - before
        if taken > Self.slackBytes {
            let allowed = 2 * kind.justifiedBytes(input) + Self.slackBytes
            if taken > allowed { return .memory(taken, allowed) }
        }
        return judgement
    }

    private func answer(_ input: [UInt8]) -> Judgement {
        do {
            try kind.read(input)
            return .accepted
        } catch let answer as WrongAnswer {
            return .wrong(answer.description)
        } catch {
            return Self.complaint(error).map { .told($0) } ?? .refused("\(error)")
        }
    }

    /// What a refusal lacks of one clear line that the program wrote; nil if it lacks nothing.
    static func complaint(_ error: any Error) -> String? {
        let type = String(reflecting: Swift.type(of: error))
        let module = type.prefix { $0 != "." }
        let message = "\(error)"
        let excerpt = String(reflecting: String(message.prefix(200)))
        guard own.contains(String(module)) else { return "an error of the type \(type): \(excerpt)" }
        if message.isEmpty { return "\(type) without a message" }
        if message.unicodeScalars.contains(where: isControl) { return "\(type) with a control character: \(excerpt)" }
        if message.utf8.count > mostBytes { return "\(type) of \(message.utf8.count) bytes: \(excerpt)" }
        return nil
    }

    /// Modules whose errors are written for users.
    private static let own: Set = [
        "Kernel", "Datasets", "Cluster", "Diagnostics", "Fabrics", "Files", "Training", "Strategies", "Tasks",
        "Experiments", "Studies", "Calibration", "Pricing", "Advice", "YAMLFiles", "Storage", "Reports",
        "RegressionGate", "Host", "bench", "benchTests",
        "Fuzzing",
    ]
    private static let mostBytes = 4096

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// The most memory that this process has had in use.
    static func peakBytes() -> Int {
        var usage = rusage()
        #if os(Linux)
            getrusage(RUSAGE_SELF.rawValue, &usage)
            return usage.ru_maxrss * 1024
        #else
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }
}
