import Lanes

/// A flat vector of parameters, of their gradient, or of an optimizer's state: `[P]` floats in one aligned buffer.
///
/// A class, since identity is meant: a rank owns its vectors for a whole run and reuses them, and a message of a
/// collective names the buffer that the result goes to.
///
/// `@unchecked Sendable`: a vector has one owner at a time. A rank awaits each computation on its vectors before it
/// touches them again, and hands a vector over with the message that carries it.
public final class ParameterVector: @unchecked Sendable {
    public let count: Int
    package let storage: UnsafeMutablePointer<Float>
    private static let alignment = 64

    /// `count` zeros.
    public init(count: Int) {
        precondition(count >= 0, "a vector of \(count) numbers")
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        storage = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
            .bindMemory(to: Float.self, capacity: max(count, 1))
        storage.initialize(repeating: 0, count: count)
    }

    public convenience init(_ values: [Float]) {
        self.init(count: values.count)
        values.withUnsafeBufferPointer { if let base = $0.baseAddress { storage.update(from: base, count: count) } }
    }

    deinit { storage.deallocate() }

    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            return storage[index]
        }
        set {
            precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
            storage[index] = newValue
        }
    }

    public var values: [Float] { Array(UnsafeBufferPointer(start: storage, count: count)) }

    /// A new vector with the same numbers.
    public func copied() -> ParameterVector {
        let copy = ParameterVector(count: count)
        copy.copy(from: self)
        return copy
    }

    public func copy(from other: ParameterVector) {
        copy(from: other, in: 0..<count)
    }

    public func copy(from other: ParameterVector, in range: Range<Int>) {
        requireSameCount(other)
        requireWithin(range)
        (storage + range.lowerBound).update(from: other.storage + range.lowerBound, count: range.count)
    }

    public func fill(with value: Float) {
        storage.update(repeating: value, count: count)
    }

    public func scale(by factor: Float) {
        for index in 0..<count { storage[index] *= factor }
    }

    /// self += scale * other, over `range` of both.
    public func add(_ other: ParameterVector, scaledBy scale: Float = 1, in range: Range<Int>? = nil) {
        requireSameCount(other)
        let range = range ?? 0..<count
        requireWithin(range)
        let (target, source) = (storage, other.storage)
        for index in range { target[index] += scale * source[index] }
    }

    /// Whether no number is NaN or infinite: the test for a diverged model.
    public var isFinite: Bool {
        // x * 0 is 0 for a finite x and NaN otherwise; the sum of zeros needs no branch an element.
        var sum = SIMD8<Float>()
        var index = 0
        while index + 8 <= count {
            sum += UnsafeRawPointer(storage + index).loadUnaligned(as: SIMD8<Float>.self) * 0
            index += 8
        }
        var rest: Float = 0
        while index < count {
            rest += storage[index] * 0
            index += 1
        }
        return sum.sum() + rest == 0
    }

    private func requireSameCount(_ other: ParameterVector) {
        precondition(other.count == count, "vectors of \(count) and \(other.count) numbers")
    }

    private func requireWithin(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range \(range) of \(count) numbers")
    }
}

extension ParameterVector {
    /// The numbers in `part` of all vectors, one behind the other in the order given.
    public static func joined(_ vectors: [ParameterVector], part: Range<Int>) -> ParameterVector {
        let result = ParameterVector(count: vectors.count * part.count)
        for (index, vector) in vectors.enumerated() {
            vector.requireWithin(part)
            (result.storage + index * part.count).update(from: vector.storage + part.lowerBound, count: part.count)
        }
        return result
    }

    /// Replaces every vector's numbers in `range` by `scale` times their sum over all vectors, added in the order given:
    /// the arithmetic of an all-reduce. Calls for ranges that do not overlap may run at once.
    public static func allReduce(_ vectors: [ParameterVector], in range: Range<Int>, scale: Float = 1) {
        reduce(vectors, in: range, scale: scale, into: 0) { sum, block in
            for other in vectors.dropFirst() { other.copy(from: sum, in: block) }
        }
    }

    /// Replaces the numbers in `range` of the vector `owner` by `scale` times their sum over all vectors, added in the
    /// order given, and calls `use` for one block after the other while it is in the cache. Calls for ranges that do not
    /// overlap may run at once.
    public static func reduce(
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
            let first = vectors[0].storage + index
            var (s0, s1, s2, s3) = (first.lanes(0), first.lanes(8), first.lanes(16), first.lanes(24))
            for other in 1..<max(vectors.count, 1) {
                let next = vectors[other].storage + index
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
            var sum = vectors[0].storage[index]
            for other in 1..<max(vectors.count, 1) { sum += vectors[other].storage[index] }
            target[index] = sum * scale
            index += 1
        }
    }
}
