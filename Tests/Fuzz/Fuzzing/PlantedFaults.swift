import Foundation

/// A reader with the faults that the harness looks for, which shows that it finds them: an input's first byte says which.
final class PlantedFaults: InputClass {
    let name: String
    private let fault: UInt8

    /// What is planted, and what the harness has to call it.
    static let all: [(fault: String, kind: Campaign.Finding.Kind)] = [
        ("trap", .crash), ("overflow", .crash), ("deep", .crash), ("exit", .crash), ("loop", .hang), ("wait", .hang),
        ("memory", .memory), ("wrong", .wrong), ("foreign", .told), ("lines", .told),
    ]

    init?(_ name: String) {
        let prefix = "planted-"
        guard name.hasPrefix(prefix), let index = Self.all.firstIndex(where: { prefix + $0.fault == name }) else {
            return nil
        }
        (self.name, fault) = (name, UInt8(index))
    }

    func makeSeeds() throws -> [[UInt8]] { [[0xFF, 1, 2, 3]] }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        ByteMutations.mutate(&input, other: other, &draws)
    }

    func justifiedBytes(_ input: [UInt8]) -> Int { input.count }

    func read(_ input: [UInt8]) throws {
        guard let first = input.first, first != 0xFF else { return }
        // Some inputs of a class are bad, not all.
        guard first % 4 == 0 else { throw WrongAnswer.Refusal() }
        switch Self.all[Int(fault)].fault {
        case "trap": preconditionFailure("planted")
        case "overflow": Self.use(UInt8(Int(first) + 256))
        case "deep": _ = Self.deep(Int(first) + 1)
        case "exit": exit(3)
        case "loop": while true { _ = getppid() }
        case "wait": while true { pause() }
        case "memory": Self.touch(200 << 20)
        case "wrong": throw WrongAnswer("planted")
        case "foreign": _ = try JSONSerialization.jsonObject(with: Data([0x7B]))
        default: throw WrongAnswer.Refusal(description: "two\nlines")
        }
    }

    @inline(never) private static func use(_ value: UInt8) {}
    @inline(never) private static func deep(_ depth: Int) -> Int { depth > 0 ? deep(depth + 1) + depth : 0 }

    private static func touch(_ count: Int) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
        memset(memory, 1, count)
        memory.deallocate()
    }
}

extension WrongAnswer {
    /// What a reader throws that is in order.
    struct Refusal: Error, CustomStringConvertible {
        var description = "refused"
    }
}
