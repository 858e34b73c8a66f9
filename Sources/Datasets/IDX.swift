/// The IDX format of the MNIST files: two zero bytes, a type code, the number of dimensions, each dimension as a
/// big-endian 32-bit count, then the data (Y. LeCun, C. Cortes, C. Burges, *The MNIST database*, file formats).
enum IDX {
    private static let unsignedByte: UInt8 = 0x08

    /// Decodes unsigned bytes of `dimensions` dimensions.
    /// - Parameter name: the file, for error messages.
    /// - Throws: ``DataError`` for a wrong magic number, or data shorter or longer than the header says.
    static func decode(
        _ bytes: [UInt8], dimensions: Int, name: String
    ) throws(DataError) -> (shape: [Int], data: ArraySlice<UInt8>) {
        let header = 4 + 4 * dimensions
        let magic: [UInt8] = [0, 0, unsignedByte, UInt8(dimensions)]
        guard bytes.count >= 4 else {
            throw DataError("\(name): \(bytes.count) bytes, too short for an IDX file's magic number")
        }
        guard bytes.starts(with: magic) else {
            throw DataError(
                "\(name): magic number \(hexadecimal(bytes.prefix(4))), expected \(hexadecimal(magic[...])) "
                    + "(IDX, unsigned bytes, \(dimensions) dimension\(dimensions == 1 ? "" : "s"))")
        }
        guard bytes.count >= header else {
            throw DataError("\(name): cut short: \(bytes.count) bytes, its header alone takes \(header)")
        }
        let shape = (0..<dimensions).map { dimension in
            (0..<4).reduce(0) { $0 << 8 | Int(bytes[4 + 4 * dimension + $1]) }
        }
        var expected = header
        var size = 1
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard !overflow, product < 1 << 40 else {
                throw DataError("\(name): its header claims the absurd dimensions \(shape)")
            }
            size = product
        }
        expected += size
        guard bytes.count == expected else {
            throw DataError(
                "\(name): \(bytes.count < expected ? "cut short: " : "")\(bytes.count) bytes, "
                    + "but its header \(shape) asks for \(expected)")
        }
        return (shape, bytes[header...])
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        "0x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
