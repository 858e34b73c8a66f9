import Foundation
import Lanes
import Synchronization

/// A flat vector of parameters, of their gradient, or of an optimizer's state: `[P]` floats in one aligned buffer.
///
/// A class, since identity is meant: a rank owns its vectors for a whole run and reuses them, and a message of a
/// collective names the buffer that the result goes to.
///
/// A ``snapshot()`` shares the buffer until one of the two vectors is changed; whoever changes it first gets a buffer of its
/// own.
///
/// `@unchecked Sendable`: a vector has one owner at a time. A rank awaits each computation on its vectors before it
/// touches them again, and hands a vector over with the message that carries it. Buffers that are shared are only read.
public final class ParameterVector: @unchecked Sendable {
    /// How many numbers it has.
    public let count: Int
    private let buffer: Atomic<UnsafeMutablePointer<Float>>
    private let sharing: Atomic<Sharing>

    /// Whether the buffer may be another vector's too.
    private enum Sharing: UInt8, AtomicRepresentable {
        case none, possible
        /// A thread is about to give the vector a buffer of its own.
        case ending
    }

    /// `count` zeros.
    public convenience init(count: Int) {
        self.init(Self.allocate(count), count: count, .none)
        storage.initialize(repeating: 0, count: count)
    }

    private init(_ buffer: UnsafeMutablePointer<Float>, count: Int, _ sharing: Sharing) {
        self.count = count
        self.buffer = Atomic(buffer)
        self.sharing = Atomic(sharing)
    }

    /// A vector of these numbers.
    public convenience init(_ values: [Float]) {
        self.init(count: values.count)
        values.withUnsafeBufferPointer { if let base = $0.baseAddress { storage.update(from: base, count: count) } }
    }

    deinit { Self.release(buffer.load(ordering: .relaxed)) }

    /// One number. Loops over many numbers should use the vector's operations, which are made for them.
    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            return numbers[index]
        }
        set {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            storage[index] = newValue
        }
    }

    /// A copy of all numbers.
    public var values: [Float] { Array(UnsafeBufferPointer(start: numbers, count: count)) }

    /// A new vector with the same numbers.
    public func copied() -> ParameterVector {
        let copy = Self.allocate(count)
        copy.initialize(from: numbers, count: count)
        return ParameterVector(copy, count: count, .none)
    }

    /// A vector with the numbers as they are now, whatever becomes of this one. It takes no time and no memory until one of
    /// the two is changed.
    public func snapshot() -> ParameterVector {
        let shared = buffer.load(ordering: .relaxed)
        Self.holders(of: shared).pointee.add(1, ordering: .relaxed)
        sharing.store(.possible, ordering: .releasing)
        return ParameterVector(shared, count: count, .possible)
    }

    /// self = other, without taking time or memory until one of the two is changed, as with ``snapshot()``. A pointer to this
    /// vector's numbers that was taken before is not to be used any more.
    public func share(_ other: ParameterVector) {
        requireSameCount(other)
        if other === self { return }
        let shared = other.buffer.load(ordering: .relaxed)
        Self.holders(of: shared).pointee.add(1, ordering: .relaxed)
        other.sharing.store(.possible, ordering: .releasing)
        let own = buffer.load(ordering: .relaxed)
        buffer.store(shared, ordering: .relaxed)
        sharing.store(.possible, ordering: .releasing)
        Self.release(own)
    }

    /// self = other
    public func copy(from other: ParameterVector) {
        copy(from: other, in: 0..<count)
    }

    /// self = other, in a range
    public func copy(from other: ParameterVector, in range: Range<Int>) {
        requireSameCount(other)
        requireWithin(range)
        if other === self { return }
        let target = range.count == count ? overwritten : storage
        (target + range.lowerBound).update(from: other.numbers + range.lowerBound, count: range.count)
    }

    /// Sets every number.
    public func fill(with value: Float) {
        overwritten.update(repeating: value, count: count)
    }

    /// self *= factor, in a range or in all.
    public func scale(by factor: Float, in range: Range<Int>? = nil) {
        let range = range ?? 0..<count
        requireWithin(range)
        let target = storage
        for index in range { target[index] *= factor }
    }

    /// self += scale * other, over `range` of both. The other may be this vector.
    public func add(_ other: ParameterVector, scaledBy scale: Float = 1, in range: Range<Int>? = nil) {
        requireSameCount(other)
        let range = range ?? 0..<count
        requireWithin(range)
        let (target, source) = (storage, other.numbers)
        for index in range { target[index] += scale * source[index] }
    }

    /// self += scale * (other - origin), over `range` of all three: nothing where the two are equal, whatever the scale.
    public func add(
        _ other: ParameterVector, minus origin: ParameterVector, scaledBy scale: Float = 1, in range: Range<Int>? = nil
    ) {
        requireSameCount(other)
        requireSameCount(origin)
        let range = range ?? 0..<count
        requireWithin(range)
        let (target, source, base) = (storage, other.storage, origin.storage)
        for index in range { target[index] += scale * (source[index] - base[index]) }
    }

    /// Whether no number is NaN or infinite: the test for a diverged model.
    public var isFinite: Bool {
        // x * 0 is 0 for a finite x and NaN otherwise; the sum of zeros needs no branch an element.
        let numbers = numbers
        var sum = SIMD8<Float>()
        var index = 0
        while index + 8 <= count {
            sum += UnsafeRawPointer(numbers + index).loadUnaligned(as: SIMD8<Float>.self) * 0
            index += 8
        }
        var rest: Float = 0
        while index < count {
            rest += numbers[index] * 0
            index += 1
        }
        return sum.sum() + rest == 0
    }

    fileprivate func requireSameCount(_ other: ParameterVector) {
        precondition(other.count == count, "vectors of \(count) and \(other.count) numbers")
    }

    fileprivate func requireWithin(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range \(range) of \(count) numbers")
    }
}

// MARK: Buffers

extension ParameterVector {
    /// The numbers, to be read.
    package var numbers: UnsafePointer<Float> { UnsafePointer(buffer.load(ordering: .relaxed)) }

    /// The numbers, to be changed: those of this vector alone. A pointer that was taken before is not to be used any more.
    package var storage: UnsafeMutablePointer<Float> {
        if sharing.load(ordering: .acquiring) != .none { endSharing(keepingNumbers: true) }
        return buffer.load(ordering: .relaxed)
    }

    /// The numbers, to be overwritten, all of them: until then they are arbitrary. A pointer that was taken before is
    /// not to be used any more.
    package var overwritten: UnsafeMutablePointer<Float> {
        if sharing.load(ordering: .acquiring) != .none { endSharing(keepingNumbers: false) }
        return buffer.load(ordering: .relaxed)
    }

    /// Threads may change different ranges of a vector at once: one of them does this, and the others wait for it.
    private func endSharing(keepingNumbers: Bool) {
        while true {
            let (isMine, state) = sharing.compareExchange(
                expected: .possible, desired: .ending, ordering: .acquiringAndReleasing)
            if isMine { break }
            if state == .none { return }
            sched_yield()
        }
        let shared = buffer.load(ordering: .relaxed)
        if Self.holders(of: shared).pointee.load(ordering: .acquiring) > 1 {
            let own = Self.allocate(count)
            if keepingNumbers { own.initialize(from: shared, count: count) }
            buffer.store(own, ordering: .relaxed)
            Self.release(shared)
        }
        sharing.store(.none, ordering: .releasing)
    }

    /// Between a buffer's beginning, where it is counted how many vectors hold it, and its numbers; and the alignment of both.
    private static let headerBytes = 64

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        precondition(count >= 0, "a vector of \(count) numbers")
        let bytes = headerBytes + max(count, 1) * MemoryLayout<Float>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: headerBytes)
        memory.bindMemory(to: Atomic<Int>.self, capacity: 1).initialize(to: Atomic(1))
        return (memory + headerBytes).bindMemory(to: Float.self, capacity: max(count, 1))
    }

    private static func holders(of buffer: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Atomic<Int>> {
        (UnsafeMutableRawPointer(buffer) - headerBytes).assumingMemoryBound(to: Atomic<Int>.self)
    }

    /// A vector does not hold the buffer any more.
    private static func release(_ buffer: UnsafeMutablePointer<Float>) {
        if holders(of: buffer).pointee.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            (UnsafeMutableRawPointer(buffer) - headerBytes).deallocate()
        }
    }
}

extension ParameterVector {
    /// The numbers in `part` of all vectors, one behind the other in the order given.
    package static func joined(_ vectors: [ParameterVector], part: Range<Int>) -> ParameterVector {
        let result = ParameterVector(count: vectors.count * part.count)
        for (index, vector) in vectors.enumerated() {
            vector.requireWithin(part)
            (result.storage + index * part.count).update(from: vector.numbers + part.lowerBound, count: part.count)
        }
        return result
    }

    /// Replaces every vector's numbers in `range` by `scale` times their sum over all vectors, added in the order given:
    /// the arithmetic of an all-reduce. Calls for ranges that do not overlap may run at once.
    package static func allReduce(_ vectors: [ParameterVector], in range: Range<Int>, scale: Float = 1) {
        reduce(vectors, in: range, scale: scale, into: 0) { sum, block in
            for other in vectors.dropFirst() { other.copy(from: sum, in: block) }
        }
    }

    /// Replaces the numbers in `range` of the vector `owner` by `scale` times their sum over all vectors, added in the
    /// order given, and calls `use` for one block after the other while it is in the cache. Calls for ranges that do not
    /// overlap may run at once.
    package static func reduce(
        _ vectors: [ParameterVector], in range: Range<Int>, scale: Float = 1, into owner: Int,
        _ use: (_ sum: ParameterVector, _ block: Range<Int>) -> Void
    ) {
        let target = vectors[owner]
        for vector in vectors { target.requireSameCount(vector) }
        target.requireWithin(range)
        // 16 kB: half of a first-level cache.
        let blockCount = 4096
        for start in stride(from: range.lowerBound, to: range.upperBound, by: blockCount) {
            let block = start..<min(start + blockCount, range.upperBound)
            sum(vectors, in: block, scale: scale, into: target.storage)
            use(target, block)
        }
    }

    private static func sum(
        _ vectors: [ParameterVector], in block: Range<Int>, scale: Float, into target: UnsafeMutablePointer<Float>
    ) {
        var index = block.lowerBound
        while index + 32 <= block.upperBound {
            let first = vectors[0].numbers + index
            var (s0, s1, s2, s3) = (first.lanes(0), first.lanes(8), first.lanes(16), first.lanes(24))
            for other in 1..<max(vectors.count, 1) {
                let next = vectors[other].numbers + index
                s0 += next.lanes(0)
                s1 += next.lanes(8)
                s2 += next.lanes(16)
                s3 += next.lanes(24)
            }
            if scale != 1 { (s0, s1, s2, s3) = (s0 * scale, s1 * scale, s2 * scale, s3 * scale) }
            let to = target + index
            to.set(0, s0)
            to.set(8, s1)
            to.set(16, s2)
            to.set(24, s3)
            index += 32
        }
        while index < block.upperBound {
            var sum = vectors[0].numbers[index]
            for other in 1..<max(vectors.count, 1) { sum += vectors[other].numbers[index] }
            target[index] = sum * scale
            index += 1
        }
    }
}
