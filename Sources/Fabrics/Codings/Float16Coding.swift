public import Cluster
public import Kernel

/// Half precision (IEEE 754 binary16): half of the bytes, 11 significant bits, numbers up to 65,504. Each is rounded to the
/// nearest, of two that are equally near to the even one; what is too large becomes infinite, and NaN stays NaN.
public struct Float16Coding: MessageCoding {
    /// Needs no settings.
    public init() {}

    public var name: String { "float16" }
    public func encodedBytes(elements: Int) -> Int { elements * MemoryLayout<UInt16>.size }

    public func encode(_ vector: ParameterVector) -> EncodedVector {
        let (count, numbers) = (vector.count, UnsafeRawPointer(vector.numbers))
        let bytes = [UInt8](unsafeUninitializedCapacity: encodedBytes(elements: count)) { bytes, written in
            written = encodedBytes(elements: count)
            guard let target = UnsafeMutableRawPointer(bytes.baseAddress) else { return }
            var index = 0
            while index + 8 <= count {
                let bits = (numbers + 4 * index).loadUnaligned(as: SIMD8<UInt32>.self)
                (target + 2 * index).storeBytes(of: Self.halves(bits), as: SIMD8<UInt16>.self)
                index += 8
            }
            while index < count {
                let bits = SIMD8<UInt32>(repeating: (numbers + 4 * index).loadUnaligned(as: UInt32.self))
                (target + 2 * index).storeBytes(of: Self.halves(bits)[0], as: UInt16.self)
                index += 1
            }
        }
        return EncodedVector(coding: name, elements: count, bytes: bytes)
    }

    public func decode(_ encoded: EncodedVector, into vector: ParameterVector) {
        let (count, target) = (vector.count, UnsafeMutableRawPointer(vector.storage))
        bytes(of: encoded, for: vector).withUnsafeBytes { source in
            guard let source = source.baseAddress else { return }
            var index = 0
            while index + 8 <= count {
                let halves = (source + 2 * index).loadUnaligned(as: SIMD8<UInt16>.self)
                (target + 4 * index).storeBytes(of: Self.singles(halves), as: SIMD8<UInt32>.self)
                index += 8
            }
            while index < count {
                let halves = SIMD8<UInt16>(repeating: (source + 2 * index).loadUnaligned(as: UInt16.self))
                (target + 4 * index).storeBytes(of: Self.singles(halves)[0], as: UInt32.self)
                index += 1
            }
        }
    }

    /// A pass that reads the numbers and writes half as many bytes.
    public func encodingWork(elements: Int) -> ComputeWork { .vector(elements: elements) }
    public func decodingWork(elements: Int) -> ComputeWork { .vector(elements: elements) }

    // MARK: Bits

    /// Single precision to half, as bits: three cases by magnitude, all worked out, and chosen from without a branch.
    private static func halves(_ singles: SIMD8<UInt32>) -> SIMD8<UInt16> {
        let sign = singles & 0x8000_0000
        let magnitude = singles ^ sign
        // Infinite from 2^16 on, which is what 65,520 and more would be rounded to; NaN beyond infinity.
        let special = SIMD8<UInt32>(repeating: 0x7c00).replacing(with: 0x7e00, where: magnitude .> 0x7f80_0000)
        // Below 2^-14 halves are multiples of 2^-24: the addition of 2^-1 lets the processor round to one.
        let half = SIMD8<Float>(repeating: 0.5)
        let small = bits(floats(magnitude) + half) &- bits(half)
        // From 2^-14 on the exponent is moved by 127 - 15, and 13 bits are rounded away: half of the last bit that
        // stays is added, less one bit where the last bit is even already.
        let odd = (magnitude &>> 13) & 1
        let normal = (magnitude &- 0x3800_0000 &+ 0xfff &+ odd) &>> 13
        var result = normal
        result.replace(with: small, where: magnitude .< 0x3880_0000)
        result.replace(with: special, where: magnitude .>= 0x4780_0000)
        return SIMD8<UInt16>(truncatingIfNeeded: result | (sign &>> 16))
    }

    /// Half precision to single, as bits, without a loss.
    private static func singles(_ halves: SIMD8<UInt16>) -> SIMD8<UInt32> {
        let wide = SIMD8<UInt32>(truncatingIfNeeded: halves)
        let shifted = (wide & 0x7fff) &<< 13
        let exponent = shifted & 0x0f80_0000
        let normal = shifted &+ 0x3800_0000
        // Infinity and NaN have the largest exponent in both.
        let special = normal &+ 0x3800_0000
        // A multiple of 2^-24: its bits behind an exponent that makes it 2^-14 larger, which is taken off again.
        let offset = SIMD8<UInt32>(repeating: 0x3880_0000)
        let small = bits(floats(normal &+ 0x0080_0000) - floats(offset))
        var result = normal
        result.replace(with: small, where: exponent .== 0)
        result.replace(with: special, where: exponent .== 0x0f80_0000)
        return result | ((wide & 0x8000) &<< 16)
    }

    private static func floats(_ bits: SIMD8<UInt32>) -> SIMD8<Float> { unsafeBitCast(bits, to: SIMD8<Float>.self) }
    private static func bits(_ floats: SIMD8<Float>) -> SIMD8<UInt32> { unsafeBitCast(floats, to: SIMD8<UInt32>.self) }
}
