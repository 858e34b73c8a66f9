/// What one number of a file's array is, and how its bytes become a number of the program.
struct ElementType: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case boolean, unsigned, signed, float
        /// The upper half of a 32-bit float.
        case brainFloat
        /// UTF-32, ended by zeros.
        case text
        /// ASCII, ended by zeros.
        case asciiText
    }

    let kind: Kind
    /// Bytes of an element.
    let size: Int
    var isBigEndian = false
    /// The type as the file writes it.
    let description: String

    var isText: Bool { kind == .text || kind == .asciiText }
    /// Whether each is a byte from 0 to 255.
    var isByte: Bool { size == 1 && (kind == .unsigned || kind == .boolean) }

    // MARK: Numbers

    /// Appends all whole elements in `bytes` as floats, rounded to the nearest.
    /// - Precondition: no text.
    func append(_ bytes: [UInt8], to floats: inout [Float]) {
        bytes.withUnsafeBytes { source in
            switch (kind, size) {
            case (.boolean, _): each(source, UInt8.self) { floats.append($0 == 0 ? 0 : 1) }
            case (.unsigned, 1): each(source, UInt8.self) { floats.append(Float($0)) }
            case (.unsigned, 2): each(source, UInt16.self) { floats.append(Float($0)) }
            case (.unsigned, 4): each(source, UInt32.self) { floats.append(Float($0)) }
            case (.unsigned, _): each(source, UInt64.self) { floats.append(Float($0)) }
            case (.signed, 1): each(source, Int8.self) { floats.append(Float($0)) }
            case (.signed, 2): each(source, Int16.self) { floats.append(Float($0)) }
            case (.signed, 4): each(source, Int32.self) { floats.append(Float($0)) }
            case (.signed, _): each(source, Int64.self) { floats.append(Float($0)) }
            case (.float, 2): each(source, UInt16.self) { floats.append(Self.half($0)) }
            case (.float, 4): each(source, UInt32.self) { floats.append(Float(bitPattern: $0)) }
            case (.float, _): each(source, UInt64.self) { floats.append(Float(Double(bitPattern: $0))) }
            case (.brainFloat, _): each(source, UInt16.self) { floats.append(Float(bitPattern: UInt32($0) << 16)) }
            case (.text, _), (.asciiText, _): preconditionFailure("texts are no numbers")
            }
        }
    }

    /// Appends all whole elements in `bytes` as doubles, which rounds large 64-bit integers only.
    /// - Precondition: the elements are no texts.
    func append(_ bytes: [UInt8], to doubles: inout [Double]) {
        bytes.withUnsafeBytes { source in
            switch (kind, size) {
            case (.float, 8): each(source, UInt64.self) { doubles.append(Double(bitPattern: $0)) }
            case (.unsigned, 4): each(source, UInt32.self) { doubles.append(Double($0)) }
            case (.unsigned, 8): each(source, UInt64.self) { doubles.append(Double($0)) }
            case (.signed, 4): each(source, Int32.self) { doubles.append(Double($0)) }
            case (.signed, 8): each(source, Int64.self) { doubles.append(Double($0)) }
            default:
                // All other types are exactly represented by floats.
                var floats: [Float] = []
                append(bytes, to: &floats)
                doubles += floats.map(Double.init)
            }
        }
    }

    @inline(__always)
    private func each<Number: FixedWidthInteger>(
        _ source: UnsafeRawBufferPointer, _ type: Number.Type, _ body: (Number) -> Void
    ) {
        let size = MemoryLayout<Number>.size
        for index in 0..<source.count / size {
            let number = source.loadUnaligned(fromByteOffset: index * size, as: Number.self)
            body(isBigEndian ? Number(bigEndian: number) : Number(littleEndian: number))
        }
    }

    /// IEEE 754 binary16.
    private static func half(_ bits: UInt16) -> Float {
        let (exponent, fraction) = (Int(bits >> 10) & 31, UInt32(bits) & 1023)
        let sign = UInt32(bits >> 15) << 31
        switch exponent {
        case 0:
            let value = Float(fraction) * 0x1p-24
            return sign == 0 ? value : -value
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | UInt32(exponent + 112) << 23 | fraction << 13)
        }
    }

    // MARK: Texts

    /// Appends all whole elements in `bytes` as texts without the zeros at their ends.
    func append(_ bytes: [UInt8], to texts: inout [String]) {
        for start in stride(from: 0, to: bytes.count / size * size, by: size) {
            let element = bytes[start..<start + size]
            guard kind == .text else {
                texts.append(String(decoding: element.prefix { $0 != 0 }, as: UTF8.self))
                continue
            }
            var scalars = String.UnicodeScalarView()
            for place in stride(from: start, to: start + size, by: 4) {
                let parts = bytes[place..<place + 4]
                let ordered = isBigEndian ? Array(parts) : parts.reversed()
                let code = ordered.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                if code == 0 { break }
                scalars.append(Unicode.Scalar(code) ?? "\u{FFFD}")
            }
            texts.append(String(scalars))
        }
    }
}
