public import Cluster
public import Kernel

/// A way of writing a vector in other bytes than its own, mostly fewer.
///
/// A strategy that uses one encodes and decodes in a ``Rank/compute(_:_:)`` with the work that the coding names, so that the
/// device that does it is charged, and sends the ``EncodedVector`` as a ``Message``, whose bytes on the wire are its own.
/// What a coding loses, such as the numbers that are not among the largest, is the strategy's to keep.
public protocol MessageCoding: Sendable {
    /// The name by which payloads and records know the coding.
    var name: String { get }
    /// Bytes of a vector of so many numbers on the wire, without framing: the same whatever the numbers.
    func encodedBytes(elements: Int) -> Int
    /// The payload that stands for the vector, which is not changed.
    func encode(_ vector: ParameterVector) -> EncodedVector
    /// Overwrites the vector with what was encoded.
    ///
    /// - Precondition: the payload is of this coding and of a vector of this length.
    func decode(_ encoded: EncodedVector, into vector: ParameterVector)
    /// The work of encoding a vector of so many numbers.
    func encodingWork(elements: Int) -> ComputeWork
    /// The work of decoding a vector of so many numbers.
    func decodingWork(elements: Int) -> ComputeWork
}

extension MessageCoding {
    /// The payload's bytes, if the payload is one that this coding can decode into the vector.
    func bytes(of encoded: EncodedVector, for vector: ParameterVector) -> [UInt8] {
        precondition(
            encoded.coding == name && encoded.elements == vector.count,
            "\(encoded.elements) numbers in '\(encoded.coding)' in place of \(vector.count) in '\(name)'")
        return encoded.bytes
    }
}

/// A vector as a coding has written it: what travels.
public struct EncodedVector: Hashable, Sendable {
    /// The coding's name.
    public let coding: String
    /// Numbers in the vector that it was, and will be.
    public let elements: Int
    /// What goes over the wire, in the machine's own byte order.
    public let bytes: [UInt8]

    /// - Parameter bytes: as many as the coding says that this many elements take.
    public init(coding: String, elements: Int, bytes: [UInt8]) {
        (self.coding, self.elements, self.bytes) = (coding, elements, bytes)
    }
}

/// The numbers as they are, 32 bits each: what a message without a coding has.
public struct Float32Coding: MessageCoding {
    /// Needs no settings.
    public init() {}

    public var name: String { "float32" }
    public func encodedBytes(elements: Int) -> Int { elements * bytesPerElement }

    public func encode(_ vector: ParameterVector) -> EncodedVector {
        let bytes = UnsafeRawBufferPointer(start: vector.numbers, count: encodedBytes(elements: vector.count))
        return EncodedVector(coding: name, elements: vector.count, bytes: Array(bytes))
    }

    public func decode(_ encoded: EncodedVector, into vector: ParameterVector) {
        let bytes = bytes(of: encoded, for: vector)
        let target = UnsafeMutableRawBufferPointer(start: vector.storage, count: bytes.count)
        target.copyBytes(from: bytes)
    }

    public func encodingWork(elements: Int) -> ComputeWork { .vector(elements: elements) }
    public func decodingWork(elements: Int) -> ComputeWork { .vector(elements: elements) }
}
