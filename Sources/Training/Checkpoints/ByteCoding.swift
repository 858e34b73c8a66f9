import Foundation
import Kernel

/// Numbers as little-endian bytes, floating-point numbers as their bits: nothing is rounded, and a NaN stays the one it was.
struct ByteWriter {
    private(set) var data = Data()

    mutating func write(_ value: Int) { write(bits: UInt64(bitPattern: Int64(value))) }
    mutating func write(_ value: Double) { write(bits: value.bitPattern) }

    private mutating func write(bits: UInt64) {
        withUnsafeBytes(of: bits.littleEndian) { data.append(contentsOf: $0) }
    }

    /// With their number before them.
    mutating func write(_ values: [Int]) {
        write(values.count)
        for value in values { write(value) }
    }

    mutating func write(_ values: [Double]) {
        write(values.count)
        for value in values { write(value) }
    }

    mutating func write(_ text: String) {
        write(text.utf8.count)
        data.append(contentsOf: text.utf8)
    }

    mutating func write(_ vector: ParameterVector) {
        write(vector.count)
        #if _endian(little)
            data.append(Data(bytes: vector.numbers, count: vector.count * MemoryLayout<Float>.size))
        #else
            for value in vector.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
        #endif
    }

    /// Whether there is a value, and the value.
    mutating func write<Value>(optional value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        write(value == nil ? 0 : 1)
        if let value { body(&self, value) }
    }
}

/// Reads what a ``ByteWriter`` wrote.
struct ByteReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ data: Data) { bytes = [UInt8](data) }

    /// - Throws: ``CheckpointError`` where there is more than was read.
    func end() throws(CheckpointError) {
        guard position == bytes.count else {
            throw CheckpointError("\(bytes.count - position) bytes more than it has contents")
        }
    }

    private mutating func take(_ count: Int) throws(CheckpointError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else {
            throw CheckpointError("\(count) bytes wanted at byte \(position) of \(bytes.count)")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func bits() throws(CheckpointError) -> UInt64 {
        try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func int() throws(CheckpointError) -> Int { Int(Int64(bitPattern: try bits())) }
    mutating func double() throws(CheckpointError) -> Double { Double(bitPattern: try bits()) }

    /// A number of things that take `size` bytes each and follow.
    private mutating func count(size: Int) throws(CheckpointError) -> Int {
        let count = try int()
        guard count >= 0, count <= (bytes.count - position) / size else {
            throw CheckpointError("\(count) values of \(size) bytes wanted at byte \(position) of \(bytes.count)")
        }
        return count
    }

    mutating func ints() throws(CheckpointError) -> [Int] {
        var values: [Int] = []
        for _ in 0..<(try count(size: 8)) { values.append(try int()) }
        return values
    }

    mutating func doubles() throws(CheckpointError) -> [Double] {
        var values: [Double] = []
        for _ in 0..<(try count(size: 8)) { values.append(try double()) }
        return values
    }

    mutating func text() throws(CheckpointError) -> String {
        String(decoding: try take(try count(size: 1)), as: UTF8.self)
    }

    mutating func vector() throws(CheckpointError) -> ParameterVector {
        let vector = ParameterVector(count: try count(size: 4))
        let slice = try take(vector.count * 4)
        slice.withUnsafeBytes { source in
            for index in 0..<vector.count {
                let bits = source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                vector.storage[index] = Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
        return vector
    }

    mutating func optional<Value>(
        _ body: (inout ByteReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value? {
        switch try int() {
        case 0: return nil
        case 1: return try body(&self)
        case let other: throw CheckpointError("\(other) at byte \(position - 8), where 0 or 1 is allowed")
        }
    }

    /// As many as the number before them says, which is bounded by the bytes that are there.
    mutating func list<Value>(
        _ body: (inout ByteReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> [Value] {
        var values: [Value] = []
        for _ in 0..<(try count(size: 8)) { values.append(try body(&self)) }
        return values
    }
}
