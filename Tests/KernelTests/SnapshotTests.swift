import Foundation
import Randomness
import Testing

@testable import Kernel

/// Vectors that share their memory until one of them is changed.
@Suite struct SnapshotTests {
    private static let start: [Float] = [1, 2, 3, 4]
    private static let ones = ParameterVector([1, 1, 1, 1])

    /// Everything that changes a vector, with what it makes of 1, 2, 3, 4.
    private static let changes: [(name: String, change: @Sendable (ParameterVector) -> Void, result: [Float])] = [
        ("an element", { $0[2] = 9 }, [1, 2, 9, 4]),
        ("fill", { $0.fill(with: 7) }, [7, 7, 7, 7]),
        ("scale", { $0.scale(by: 2) }, [2, 4, 6, 8]),
        ("add", { $0.add(ones, in: 1..<3) }, [1, 3, 4, 4]),
        ("add itself", { $0.add($0) }, [2, 4, 6, 8]),
        ("copy", { $0.copy(from: ParameterVector([5, 6, 7, 8])) }, [5, 6, 7, 8]),
        ("copy a range", { $0.copy(from: ParameterVector([5, 6, 7, 8]), in: 3..<4) }, [1, 2, 3, 8]),
        ("copy from itself", { $0.copy(from: $0) }, [1, 2, 3, 4]),
        (
            "all-reduce", { ParameterVector.allReduce([$0, ones.copied()], in: 0..<4, scale: 1) },
            [2, 3, 4, 5]
        ),
        ("a step", { SGD(.init(), parameterCount: 4).step($0, ones, rate: 1) }, [0, 1, 2, 3]),
        (
            "a step with momentum",
            { SGD(.init(momentum: 0.5), parameterCount: 4).step($0, ones, rate: 1) },
            [0, 1, 2, 3]
        ),
    ]

    @Test(arguments: changes.indices) func aVectorThatSharesNumbersIsChangedAlone(index: Int) {
        let (name, change, result) = Self.changes[index]
        let (first, second) = (ParameterVector(Self.start), ParameterVector([9, 9, 9, 9]))
        let before = second.snapshot()
        second.share(first)
        #expect(second.values == Self.start && second.numbers == first.numbers && before.values == [9, 9, 9, 9])
        change(first)
        #expect(first.values == result && second.values == Self.start, "\(name)")
        second.share(first)
        change(second)
        #expect(first.values == result && second.numbers != first.numbers || name == "copy from itself", "\(name)")
        second.share(second)
        first.share(second)
        first.share(second)
        #expect(first.values == second.values, "\(name)")
    }

    @Test(arguments: changes.indices) func aSnapshotKeepsTheNumbersWhateverChangesTheVector(index: Int) {
        let (name, change, result) = Self.changes[index]
        let vector = ParameterVector(Self.start)
        let snapshot = vector.snapshot()
        change(vector)
        #expect(snapshot.values == Self.start, "\(name)")
        #expect(vector.values == result, "\(name)")
        // And the other way round.
        let other = ParameterVector(Self.start)
        let changed = other.snapshot()
        change(changed)
        #expect(other.values == Self.start && changed.values == result, "\(name) of the snapshot")
    }

    @Test func memoryIsSharedUntilAVectorIsChanged() {
        let vector = ParameterVector(Self.start)
        let place = vector.numbers
        var snapshots = (0..<5).map { _ in vector.snapshot() }
        snapshots.append(snapshots[0].snapshot())
        #expect(snapshots.allSatisfy { $0.numbers == place })
        vector[0] = 9
        #expect(vector.numbers != place && snapshots.allSatisfy { $0.numbers == place })
        // The last one that holds the memory keeps it.
        let last = snapshots[5]
        snapshots = []
        last[0] = 8
        #expect(last.numbers == place && last.values == [8, 2, 3, 4] && vector.values == [9, 2, 3, 4])
    }

    @Test func aChangeAfterTheSnapshotIsGoneCopiesNothing() {
        let vector = ParameterVector(Self.start)
        let place = vector.numbers
        do { _ = vector.snapshot() }
        vector[0] = 9
        #expect(vector.numbers == place)
    }

    /// Many threads change a range each of a vector that travels meanwhile, as the update of an all-reduce does.
    @Test func threadsThatChangeDifferentRangesAgreeOnTheNewMemory() {
        for seed in 0..<50 {
            var stream = RandomStream(test: seed)
            let (count, threads) = (stream.int(100...5000), stream.int(2...8))
            let vector = ParameterVector(stream.floats(count))
            let before = vector.values
            let snapshot = vector.snapshot()
            let ones = ParameterVector(Array(repeating: 1, count: count))
            DispatchQueue.concurrentPerform(iterations: threads) {
                vector.add(ones, in: (0..<count).part($0, of: threads))
            }
            #expect(snapshot.values == before, "seed \(seed)")
            #expect(vector.values == before.map { $0 + 1 }, "seed \(seed)")
        }
    }
}
