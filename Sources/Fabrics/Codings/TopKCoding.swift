public import Cluster
public import Kernel

/// The largest numbers of a vector by magnitude, each with its place, and zeros for the others (A. F. Aji and K.
/// Heafield 2017, *Sparse Communication for Distributed Gradient Descent*, section 3). Among equal magnitudes, the
/// numbers that stand first are sent; NaN is larger than all numbers.
///
/// The numbers that are left out are lost: a strategy that is to converge keeps them as a residual and adds it to the
/// next vector (Stich, Cordonnier and Jaggi 2018, *Sparsified SGD with Memory*, algorithm 1).
public struct TopKCoding: MessageCoding {
    /// The share of the numbers that is sent, above 0 up to 1. Every vector that is not empty sends at least one
    /// number.
    public let fraction: Double

    /// - Precondition: the fraction is above 0, at most 1.
    public init(fraction: Double) {
        precondition(fraction > 0 && fraction <= 1, "a fraction of \(fraction); allowed is above 0 up to 1")
        self.fraction = fraction
    }

    public var name: String { "top-k" }

    /// Numbers that are sent of so many.
    public func kept(of elements: Int) -> Int { min(elements, Int((fraction * Double(elements)).rounded(.up))) }

    /// Whether the vector itself is no longer than its numbers with their places.
    private func isDense(_ elements: Int) -> Bool { 2 * kept(of: elements) >= elements }

    public func encodedBytes(elements: Int) -> Int {
        isDense(elements) ? elements * bytesPerElement : kept(of: elements) * Self.entryBytes
    }

    /// Bytes of a number that is sent: its place, 32 bits, and its value, 32 bits.
    private static let entryBytes = 8

    public func encode(_ vector: ParameterVector) -> EncodedVector {
        let (count, numbers) = (vector.count, vector.numbers)
        let limit = Self.limit(numbers, count: count, kept: kept(of: count))
        let isDense = isDense(count)
        let bytes = [UInt8](unsafeUninitializedCapacity: encodedBytes(elements: count)) { bytes, written in
            written = encodedBytes(elements: count)
            guard let target = UnsafeMutableRawPointer(bytes.baseAddress) else { return }
            var (entry, equals) = (0, limit.equals)
            for index in 0..<count {
                let magnitude = Self.magnitude(numbers[index])
                var isKept = magnitude > limit.magnitude
                if magnitude == limit.magnitude, equals > 0 { (isKept, equals) = (true, equals - 1) }
                if isDense {
                    (target + 4 * index).storeBytes(of: isKept ? numbers[index] : 0, as: Float.self)
                } else if isKept {
                    (target + Self.entryBytes * entry).storeBytes(of: UInt32(index), as: UInt32.self)
                    (target + Self.entryBytes * entry + 4).storeBytes(of: numbers[index], as: Float.self)
                    entry += 1
                }
            }
        }
        return EncodedVector(coding: name, elements: count, bytes: bytes)
    }

    public func decode(_ encoded: EncodedVector, into vector: ParameterVector) {
        let bytes = bytes(of: encoded, for: vector)
        if isDense(vector.count) {
            let target = UnsafeMutableRawBufferPointer(start: vector.storage, count: bytes.count)
            return target.copyBytes(from: bytes)
        }
        vector.fill(with: 0)
        let target = vector.storage
        bytes.withUnsafeBytes { source in
            for entry in stride(from: 0, to: source.count, by: Self.entryBytes) {
                let index = Int(source.loadUnaligned(fromByteOffset: entry, as: UInt32.self))
                precondition(index < vector.count, "place \(index) of a vector of \(vector.count) numbers")
                target[index] = source.loadUnaligned(fromByteOffset: entry + 4, as: Float.self)
            }
        }
    }

    /// Three passes find the smallest magnitude that is sent, and one writes.
    public func encodingWork(elements: Int) -> ComputeWork { .vector(elements: 4 * elements) }
    public func decodingWork(elements: Int) -> ComputeWork { .vector(elements: elements) }

    // MARK: Selection

    /// The smallest magnitude that is kept, and how many of the numbers that have it.
    ///
    /// Magnitudes are ordered as their bits are. Their 31 bits are looked at from the first on, 11, 10 and 10 at a time: how
    /// many numbers have which of these tells in which of them the k-th largest is.
    ///
    /// - Complexity: O(n), in three passes.
    private static func limit(
        _ numbers: UnsafePointer<Float>, count: Int, kept: Int
    ) -> (magnitude: UInt32, equals: Int) {
        var (prefix, left) = (UInt32(0), kept)
        var (low, known) = (UInt32(31), UInt32(0))
        for width in [UInt32(11), 10, 10] {
            low -= width
            let mask = UInt32(1) &<< width - 1
            var counts = [Int](repeating: 0, count: Int(mask) + 1)
            counts.withUnsafeMutableBufferPointer { counts in
                for index in 0..<count {
                    let magnitude = magnitude(numbers[index])
                    if magnitude & known == prefix { counts[Int(magnitude &>> low & mask)] += 1 }
                }
            }
            var digit = counts.count - 1
            while digit > 0, counts[digit] < left {
                left -= counts[digit]
                digit -= 1
            }
            prefix |= UInt32(digit) &<< low
            known |= mask &<< low
        }
        return (prefix, left)
    }

    private static func magnitude(_ number: Float) -> UInt32 { number.bitPattern & 0x7fff_ffff }
}
