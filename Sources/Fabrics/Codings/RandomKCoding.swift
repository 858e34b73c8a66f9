public import Cluster
public import Kernel
import Randomness

/// Numbers of a vector at random places, and zeros for the others (S. Stich, J.-B. Cordonnier and M. Jaggi 2018, *Sparsified SGD
/// with Memory*, definition 2.2: random-k). The places are not sent, but the seed that they are drawn from, so that a number
/// takes half the bytes that it takes in ``TopKCoding``; which numbers matter nobody asks.
///
/// What it leaves out is lost, unless the strategy keeps it.
public struct RandomKCoding: MessageCoding {
    /// The share of the numbers that is sent, above 0 up to 1. Every vector that is not empty sends at least one
    /// number.
    public let fraction: Double
    /// The seed from which the places are drawn; each vector should have another one. The payload holds it, so that the
    /// receiver draws the same places.
    public let seed: UInt64

    /// A coding that sends this share of the numbers, at places drawn from the seed.
    ///
    /// - Precondition: the fraction is above 0, at most 1.
    public init(fraction: Double, seed: UInt64) {
        precondition(fraction > 0 && fraction <= 1, "a fraction of \(fraction); allowed is above 0 up to 1")
        (self.fraction, self.seed) = (fraction, seed)
    }

    public var name: String { "random-k" }

    /// Numbers that are sent of so many.
    public func kept(of elements: Int) -> Int { min(elements, Int((fraction * Double(elements)).rounded(.up))) }

    /// The seed, 64 bits.
    private static let headBytes = 8

    /// Whether the vector itself is no longer than the seed and its numbers.
    private func isDense(_ elements: Int) -> Bool {
        Self.headBytes + kept(of: elements) * bytesPerElement >= elements * bytesPerElement
    }

    public func encodedBytes(elements: Int) -> Int {
        isDense(elements)
            ? elements * bytesPerElement : Self.headBytes + kept(of: elements) * bytesPerElement
    }

    private static func places(_ seed: UInt64, _ kept: Int, of elements: Int) -> [Int] {
        var stream = RandomStream(seed: seed)
        return stream.sample(kept, below: elements)
    }

    public func encode(_ vector: ParameterVector) -> EncodedVector {
        let (count, numbers) = (vector.count, vector.numbers)
        let places = Self.places(seed, kept(of: count), of: count)
        if isDense(count) {
            let sparse = ParameterVector(count: count)
            for place in places { sparse.storage[place] = numbers[place] }
            return EncodedVector(coding: name, elements: count, bytes: Float32Coding().encode(sparse).bytes)
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: encodedBytes(elements: count)) { bytes, written in
            written = encodedBytes(elements: count)
            guard let target = UnsafeMutableRawPointer(bytes.baseAddress) else { return }
            target.storeBytes(of: seed, as: UInt64.self)
            for (entry, place) in places.enumerated() {
                (target + (Self.headBytes + bytesPerElement * entry)).storeBytes(of: numbers[place], as: Float.self)
            }
        }
        return EncodedVector(coding: name, elements: count, bytes: bytes)
    }

    public func decode(_ encoded: EncodedVector, into vector: ParameterVector) {
        let bytes = bytes(of: encoded, for: vector)
        precondition(bytes.count == encodedBytes(elements: vector.count), "\(bytes.count) bytes of another fraction")
        if isDense(vector.count) {
            let target = UnsafeMutableRawBufferPointer(start: vector.storage, count: bytes.count)
            return target.copyBytes(from: bytes)
        }
        vector.fill(with: 0)
        let target = vector.storage
        bytes.withUnsafeBytes { source in
            let places = Self.places(source.loadUnaligned(as: UInt64.self), kept(of: vector.count), of: vector.count)
            for (entry, place) in places.enumerated() {
                target[place] = source.loadUnaligned(
                    fromByteOffset: Self.headBytes + bytesPerElement * entry, as: Float.self)
            }
        }
    }

    /// Drawing and sorting the places, which is some ten operations for each, and a pass over the numbers.
    public func encodingWork(elements: Int) -> ComputeWork { .vector(elements: elements + 10 * kept(of: elements)) }
    public func decodingWork(elements: Int) -> ComputeWork { encodingWork(elements: elements) }
}
