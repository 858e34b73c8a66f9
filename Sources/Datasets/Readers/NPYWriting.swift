package import Foundation

extension NPY {
    /// A `.npy` file of version 1.0, which every NumPy reads.
    ///
    /// - Parameters:
    ///   - descr: such as `<f4`.
    ///   - data: the elements' bytes, the last dimension changing fastest.
    package static func encode(_ descr: String, shape: [Int], data: [UInt8]) -> Data {
        let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(extents)), }"
        // Ends in a line feed, and the data begin at a multiple of 64 bytes.
        header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
        let count = header.utf8.count
        return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 255), UInt8(count >> 8)])
            + Data(header.utf8) + Data(data)
    }
}

extension Dataset {
    /// The samples as a task file can name them.
    package struct Export: Sendable {
        /// The features as a `.npy` file.
        package let features: Data
        /// The labels as a `.npy` file; for a regression, its targets.
        package let labels: Data
        /// The users as a `.npy` file; nil where the data do not know users.
        package let users: Data?
        /// What a task file has to say of the features beside their file, such as `scale: 255`; empty for nothing.
        package let setting: String
        /// The shape of one sample as a task file writes it, such as `[1, 8, 8]`.
        package let shape: [Int]
    }

    /// The samples as `.npy` files; nil for samples of another package's kind. Windows of a text are written as the
    /// numbers of their symbols.
    package func export() -> Export? {
        let (descr, bytes, setting): (String, [UInt8], String)
        switch source {
        case let source as ByteImages:
            (descr, bytes) = ("|u1", source.pixels)
            setting =
                source.white == 1 ? "" : "scale: \(Int(exactly: source.white).map(String.init) ?? "\(source.white)")"
        case let source as StandardisedFeatures:
            (descr, bytes, setting) = ("<f4", Self.bytes(source), "standardize: yes")
        case let source as FloatFeatures: (descr, bytes, setting) = ("<f4", Self.bytes(source), "")
        case let source as TextWindows: (descr, bytes, setting) = ("|u1", Self.bytes(source), "")
        default: return nil
        }
        let shape = shape.height * shape.width == 1 ? [shape.channels] : [shape.channels, shape.height, shape.width]
        return Export(
            features: NPY.encode(descr, shape: [count] + shape, data: bytes),
            labels: targets.map { targets in
                NPY.encode("<f4", shape: [count, targetCount], data: Self.littleEndian(targets))
            } ?? NPY.encode("|u1", shape: [count], data: labels),
            users: users.map { users in
                NPY.encode("<u2", shape: [count], data: users.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
            }, setting: setting, shape: shape)
    }

    private static func littleEndian(_ numbers: [Float]) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } }
    }

    private static func bytes(_ source: some SampleSource) -> [UInt8] {
        var bytes: [UInt8] = []
        source.withBytes { bytes += $0 }
        return bytes
    }
}
