import Cluster
import Foundation
import Kernel

/// A message between ranks as MPI carries it: 16 bytes (receiver and sender, 32 bits each, and the weight, 64), then the
/// vector's floats, all in the machine's own byte order. What the message is for is in MPI's tag, its length in MPI's
/// envelope. All processes of a job are of one architecture.
struct MPIMessage {
    let sender: Int
    let receiver: Int
    let weight: Int
    let vector: ParameterVector

    /// - Throws: ``FabricError/mpi(_:)`` for a message that MPI cannot count in bytes.
    static func encode(_ message: Message, from sender: Int, to receiver: Int) throws -> MPIBuffer {
        let bytes = message.bytes
        guard bytes <= Int32.max else {
            throw FabricError.mpi("a message of \(bytes) bytes from rank \(sender); MPI takes at most \(Int32.max)")
        }
        let buffer = MPIBuffer(count: bytes)
        buffer.bytes.storeBytes(of: Int32(receiver), as: Int32.self)
        buffer.bytes.storeBytes(of: Int32(sender), toByteOffset: 4, as: Int32.self)
        buffer.bytes.storeBytes(of: Int64(message.weight), toByteOffset: 8, as: Int64.self)
        let vector = message.vector
        (buffer.bytes + Message.framingBytes).copyMemory(
            from: vector.storage, byteCount: vector.count * MemoryLayout<Float>.size)
        return buffer
    }

    init(_ buffer: MPIBuffer) {
        receiver = Int(buffer.bytes.load(as: Int32.self))
        sender = Int(buffer.bytes.load(fromByteOffset: 4, as: Int32.self))
        weight = Int(buffer.bytes.load(fromByteOffset: 8, as: Int64.self))
        let elements = (buffer.count - Message.framingBytes) / MemoryLayout<Float>.size
        vector = ParameterVector(count: elements)
        UnsafeMutableRawPointer(vector.storage).copyMemory(
            from: buffer.bytes + Message.framingBytes, byteCount: elements * MemoryLayout<Float>.size)
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
    /// For the rank programs.
    case message(TrafficPurpose, TrafficDirection)
    /// Numbers for the record, which the next message of the same rank brings.
    case remarks
    /// A rank's program has ended.
    case ended
    /// The sender's clock stood still while the others waited for it.
    case paused
    /// The receiver is to tell its accounts and its ledger, for a checkpoint; and what it tells.
    case reportWanted
    case report

    private static let firstMessage = 16

    init?(_ number: Int) {
        switch number {
        case 1: self = .remarks
        case 2: self = .ended
        case 3: self = .paused
        case 4: self = .reportWanted
        case 5: self = .report
        default:
            let kinds = TrafficDirection.allCases.count
            let (purpose, direction) = (number - Self.firstMessage).quotientAndRemainder(dividingBy: kinds)
            guard number >= Self.firstMessage, purpose < TrafficPurpose.allCases.count else { return nil }
            self = .message(TrafficPurpose.allCases[purpose], TrafficDirection.allCases[direction])
        }
    }

    var number: Int {
        switch self {
        case .remarks: 1
        case .ended: 2
        case .paused: 3
        case .reportWanted: 4
        case .report: 5
        case .message(let purpose, let direction):
            Self.firstMessage + (TrafficPurpose.allCases.firstIndex(of: purpose) ?? 0) * TrafficDirection.allCases.count
                + (TrafficDirection.allCases.firstIndex(of: direction) ?? 0)
        }
    }
}
