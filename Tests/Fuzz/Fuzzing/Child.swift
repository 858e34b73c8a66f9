import Foundation

/// Reads inputs one after the other in this process, which a bad one may end.
package struct Child {
    private let inputs: Inputs
    private let status: StatusPage
    /// Where findings go that do not end the process: a line each.
    private let findings: String

    package init(_ inputs: Inputs, status: StatusPage, findings: String) {
        (self.inputs, self.status, self.findings) = (inputs, status, findings)
    }

    /// The most address space that a child gets, so that an input that wants all of the machine's memory ends it.
    private static let addressSpaceBytes: rlim_t = 8 << 30

    /// - Parameters:
    ///   - range: of the inputs' indices.
    ///   - seconds: after which no further input is begun.
    package func run(_ range: Range<Int>, seconds: Double) {
        Self.limitThisProcess()
        let judge = Judge(inputs.kind)
        warmUp(judge, range.lowerBound)
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        for index in range {
            status.index = index
            let input = inputs.input(index)
            let begin = clock.now
            switch judge.judge(input) {
            case .accepted: status.accepted += 1
            case .refused: status.refused += 1
            case .wrong(let what):
                status.refused += 1
                note("\(index)\twrong\t\(what)")
            case .told(let what):
                status.refused += 1
                note("\(index)\ttold\t\(what)")
            case .memory(let taken, let allowed):
                status.refused += 1
                note("\(index)\tmemory\t\(taken >> 20) MB taken, \(allowed >> 20) MB allowed")
                // The peak of a process never falls: the next one starts low again.
                return
            }
            let now = clock.now
            let (spent, attoseconds) = (now - begin).components
            let nanoseconds = Int(spent) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
            if nanoseconds > status.slowestNanoseconds {
                (status.slowestNanoseconds, status.slowestIndex) = (nanoseconds, index)
            }
            if now > end { break }
        }
        status.isDone = true
    }

    private static func limitThisProcess() {
        var space = rlimit(rlim_cur: addressSpaceBytes, rlim_max: addressSpaceBytes)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        #if os(Linux)
            setrlimit(.init(RLIMIT_AS.rawValue), &space)
            setrlimit(.init(RLIMIT_CORE.rawValue), &none)
        #else
            setrlimit(RLIMIT_AS, &space)
            setrlimit(RLIMIT_CORE, &none)
        #endif
    }

    /// What the runtime and libraries take once does not count as the first input's.
    private func warmUp(_ judge: Judge, _ first: Int) {
        // Inputs of the corpus have failed once, and are left out.
        for index in inputs.seeds.indices.dropFirst(inputs.names.count).prefix(2) where index != first {
            status.index = index
            _ = judge.judge(inputs.seeds[index])
        }
    }

    private func note(_ line: String) {
        guard let file = fopen(findings, "a") else { return }
        fputs(line.replacingOccurrences(of: "\n", with: "\\n") + "\n", file)
        fclose(file)
    }
}
