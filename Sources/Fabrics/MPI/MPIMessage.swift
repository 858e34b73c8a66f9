import Cluster
import Foundation
import Kernel

/// A message between ranks as MPI carries it: 16 bytes (receiver and sender, 32 bits each, and the weight, 64), then the
/// vector's floats, all in the machine's own byte order. What the message is for is in MPI's tag, its length in MPI's
/// envelope. All processes of a job are of one architecture.
///
/// Before an encoded payload stand the length of its vector and the name of its coding, which the receiver knows from the
/// program as well: they are not charged.
struct MPIMessage {
    let sender: Int
    let receiver: Int
    let weight: Int
    let payload: Message.Payload

    /// The bytes that the ledger counts.
    var bytes: Int {
        switch payload {
        case .encoded(let encoded): Message.framingBytes + encoded.bytes.count
        case .vector(let vector): Message.framingBytes + vector.count * bytesPerElement
        case .deferred, .nothing: Message.framingBytes
        }
    }

    /// - Throws: ``FabricError/mpi(_:)`` for a message that MPI cannot count in bytes.
    static func encode(_ message: Message, from sender: Int, to receiver: Int) throws -> MPIBuffer {
        let head = message.encoded.map(head) ?? []
        let bytes = message.bytes + head.count
        guard bytes <= Int32.max else {
            throw FabricError.mpi("a message of \(bytes) bytes from rank \(sender); MPI takes at most \(Int32.max)")
        }
        let buffer = MPIBuffer(count: bytes)
        buffer.bytes.storeBytes(of: Int32(receiver), as: Int32.self)
        buffer.bytes.storeBytes(of: Int32(sender), toByteOffset: 4, as: Int32.self)
        buffer.bytes.storeBytes(of: Int64(message.weight), toByteOffset: 8, as: Int64.self)
        let target = UnsafeMutableRawBufferPointer(
            start: buffer.bytes + Message.framingBytes, count: bytes - Message.framingBytes)
        if let encoded = message.encoded {
            target.copyBytes(from: head + encoded.bytes)
        } else {
            target.copyBytes(from: UnsafeRawBufferPointer(start: message.vector.numbers, count: target.count))
        }
        return buffer
    }

    private static func head(_ encoded: EncodedVector) -> [UInt8] {
        withUnsafeBytes(of: Int64(encoded.elements)) { Array($0) } + [UInt8(encoded.coding.utf8.count)]
            + Array(encoded.coding.utf8)
    }

    init(_ buffer: MPIBuffer, isEncoded: Bool = false) {
        receiver = Int(buffer.bytes.load(as: Int32.self))
        sender = Int(buffer.bytes.load(fromByteOffset: 4, as: Int32.self))
        weight = Int(buffer.bytes.load(fromByteOffset: 8, as: Int64.self))
        let rest = UnsafeRawBufferPointer(
            start: buffer.bytes + Message.framingBytes, count: buffer.count - Message.framingBytes)
        if isEncoded {
            let elements = Int(rest.loadUnaligned(as: Int64.self))
            let nameEnd = 9 + Int(rest[8])
            payload = .encoded(
                EncodedVector(
                    coding: String(decoding: rest[9..<nameEnd], as: UTF8.self), elements: elements,
                    bytes: Array(rest[nameEnd...])))
        } else {
            let vector = ParameterVector(count: rest.count / bytesPerElement)
            UnsafeMutableRawBufferPointer(start: vector.storage, count: rest.count).copyBytes(from: rest)
            payload = .vector(vector)
        }
    }
}

/// Memory that MPI reads or writes while a call is under way.
final class MPIBuffer {
    let bytes: UnsafeMutableRawPointer
    let count: Int

    init(count: Int) {
        self.count = count
        bytes = .allocate(byteCount: max(count, 1), alignment: 64)
    }

    /// Numbers beside a message.
    convenience init(_ numbers: [Double]) {
        self.init(count: numbers.count * MemoryLayout<Double>.size)
        numbers.withUnsafeBytes { if let base = $0.baseAddress { bytes.copyMemory(from: base, byteCount: count) } }
    }

    deinit { bytes.deallocate() }

    var doubles: [Double] {
        Array(UnsafeRawBufferPointer(start: bytes, count: count).bindMemory(to: Double.self))
    }
}

/// What a message is, as MPI's tag.
enum MPITag: Hashable {
    /// A message of a rank's program, in a coding or not.
    case message(TrafficPurpose, TrafficDirection, isEncoded: Bool = false)
    /// Numbers for the record, which the next message of the same rank brings.
    case remarks
    /// A rank's program has ended.
    case ended
    /// The sender's clock stood still while the others waited for it.
    case paused
    /// The receiver is to tell its accounts and its ledger, for a checkpoint; and what it tells.
    case reportWanted
    case report

    static func message(_ message: Message) -> Self {
        .message(message.purpose, message.direction, isEncoded: message.encoded != nil)
    }

    private static let firstMessage = 16

    init?(_ number: Int) {
        switch number {
        case 1: self = .remarks
        case 2: self = .ended
        case 3: self = .paused
        case 4: self = .reportWanted
        case 5: self = .report
        default:
            let (purposes, directions) = (TrafficPurpose.allCases, TrafficDirection.allCases)
            let (rest, direction) = (number - Self.firstMessage).quotientAndRemainder(dividingBy: directions.count)
            let (isEncoded, purpose) = rest.quotientAndRemainder(dividingBy: purposes.count)
            guard number >= Self.firstMessage, isEncoded < 2 else { return nil }
            self = .message(purposes[purpose], directions[direction], isEncoded: isEncoded == 1)
        }
    }

    var number: Int {
        switch self {
        case .remarks: 1
        case .ended: 2
        case .paused: 3
        case .reportWanted: 4
        case .report: 5
        case .message(let purpose, let direction, let isEncoded):
            Self.firstMessage
                + ((isEncoded ? TrafficPurpose.allCases.count : 0)
                    + (TrafficPurpose.allCases.firstIndex(of: purpose) ?? 0)) * TrafficDirection.allCases.count
                + (TrafficDirection.allCases.firstIndex(of: direction) ?? 0)
        }
    }
}
