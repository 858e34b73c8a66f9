import Foundation
public import Tasks

/// Whether this processor can run what the program was built for.
public enum ProcessorCheck {
    /// - Throws: ``ExperimentError`` where the processor lacks the instructions; without this check, the first
    ///   numeric loop would end the program with "illegal instruction".
    public static func run() throws(ExperimentError) {
        #if REQUIRES_AVX2
            guard let info = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return }
            try check(processorInfo: info)
        #endif
    }

    /// - Parameter info: the text of Linux's `/proc/cpuinfo`.
    static func check(processorInfo info: String) throws(ExperimentError) {
        guard let line = info.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return }
        let flags = Set(line.split { $0 == " " || $0 == "\t" || $0 == ":" })
        let missing = ["avx2", "fma", "bmi2"].filter { !flags.contains(Substring($0)) }
        guard missing.isEmpty else {
            throw ExperimentError(
                """
                this processor lacks \(missing.joined(separator: ", ")), which the build uses (x86-64-v3: Intel since 2013, \
                AMD since 2015); build for older ones with BENCH_BASELINE_PROCESSOR=1 swift build
                """)
        }
    }
}
