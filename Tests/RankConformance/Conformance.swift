import Cluster
package import Fabrics
import Kernel

/// A program for the ranks of any fabric that checks what the ranks get: the same on a virtual clock, on threads, on threads
/// that emulate a cluster, and among the processes of an MPI job.
package struct Conformance: Sendable, CustomStringConvertible {
    /// What holds if the program throws nothing.
    package let description: String
    package let ranks: Int
    /// Whether it needs a process for each rank.
    package let hasCollectives: Bool
    package let program: RankProgram

    init(_ description: String, ranks: Int, hasCollectives: Bool = false, _ program: @escaping RankProgram) {
        (self.description, self.ranks) = (description, ranks)
        (self.hasCollectives, self.program) = (hasCollectives, program)
    }

    package static let all = receiving + freezing + encoding
}

/// What a rank got is not what it has to get.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

func expect(_ condition: Bool, _ what: @autoclosure () -> String, line: Int = #line) throws {
    if !condition { throw Violation(description: "line \(line): \(what())") }
}

/// A message that is told from others by its weight.
func message(_ weight: Int, elements: Int = 1) -> Message {
    Message(ParameterVector(Array(repeating: Float(weight), count: elements)), weight: weight, purpose: .model)
}

extension VirtualTime {
    func later(bySeconds seconds: Double) -> VirtualTime { later(by: VirtualTime.span(seconds: seconds)) }
}
