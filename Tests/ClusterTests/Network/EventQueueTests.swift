import Randomness
import Testing

@testable import Cluster

@Suite struct EventQueueTests {
    private struct Key: Comparable {
        let nanoseconds: Int64
        let sequence: Int

        static func < (left: Self, right: Self) -> Bool {
            (left.nanoseconds, left.sequence) < (right.nanoseconds, right.sequence)
        }
    }

    /// Against a sorted list, with many equal times, while entries come and go.
    @Test(arguments: UInt64(1)...20)
    func entriesComeOutByTimeAndEqualTimesInTheOrderOfTheirNumbers(seed: UInt64) {
        var stream = SeedSequence(seed).stream(.test)
        var queue = EventQueue()
        var expected: [Key] = []
        for sequence in 0..<500 {
            let key = Key(nanoseconds: Int64.random(in: 0..<50, using: &stream), sequence: sequence)
            queue.insert(7 * sequence, at: key.nanoseconds, sequence: sequence)
            expected.append(key)
            // More and more, then fewer and fewer.
            guard sequence > 250 || sequence.isMultiple(of: 3) else { continue }
            expected.sort(by: >)
            for _ in 0..<Int.random(in: 0...2, using: &stream) {
                expectFirst(of: &queue, is: expected.popLast(), "seed \(seed)")
            }
        }
        expected.sort(by: >)
        while let key = expected.popLast() { expectFirst(of: &queue, is: key, "seed \(seed)") }
        #expect(queue.isEmpty && queue.min == nil && queue.popMin() == nil)
    }

    private func expectFirst(of queue: inout EventQueue, is key: Key?, _ comment: Comment) {
        #expect(queue.min?.sequence == key?.sequence, comment)
        let entry = queue.popMin()
        #expect(entry?.sequence == key?.sequence && entry?.nanoseconds == key?.nanoseconds, comment)
        #expect(entry?.item == key.map { 7 * $0.sequence }, comment)
    }
}
