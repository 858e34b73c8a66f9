/// The IDX format of the MNIST files: two zero bytes, a type code, the number of dimensions, each dimension as a
/// big-endian 32-bit count, then the data (Y. LeCun, C. Cortes, C. Burges, *The MNIST database*, file formats).
struct IDX {
    /// The first bytes of the file, up to the data.
    let header: [UInt8]
    let shape: [Int]
    let data: [UInt8]

    private static let unsignedByte: UInt8 = 0x08
    /// How far bytes behind the data are counted.
    private static let mostSurplus = 1 << 24

    /// Reads unsigned bytes of `dimensions` dimensions, as many as the header says and no more.
    /// - Parameter check: what is to be said of the shape before the data are read.
    /// - Throws: ``DataError`` for a wrong magic number, or data shorter or longer than the header says.
    init(
        _ file: CompressedFile, dimensions: Int, check: (_ shape: [Int]) throws(DataError) -> Void = { _ in }
    ) throws(DataError) {
        let name = file.name
        header = try file.read(4 + 4 * dimensions)
        shape = try Self.shape(header, dimensions: dimensions, name: name)
        var size = 1
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard !overflow, product < 1 << 40 else {
                throw DataError("\(name): its header claims the absurd dimensions \(shape)")
            }
            size = product
        }
        try check(shape)
        data = try file.read(size)
        let expected = header.count + size
        guard data.count == size else {
            throw DataError(
                "\(name): cut short: \(header.count + data.count) bytes, but its header \(shape) asks for \(expected)")
        }
        let surplus = try file.countRest(upTo: Self.mostSurplus)
        guard surplus == 0 else {
            throw DataError(
                "\(name): \(surplus < Self.mostSurplus ? "" : "more than ")\(expected + surplus) bytes, "
                    + "but its header \(shape) asks for \(expected)")
        }
    }

    private static func shape(_ header: [UInt8], dimensions: Int, name: String) throws(DataError) -> [Int] {
        let magic: [UInt8] = [0, 0, unsignedByte, UInt8(dimensions)]
        guard header.count >= 4 else {
            throw DataError("\(name): \(header.count) bytes, too short for an IDX file's magic number")
        }
        guard header.starts(with: magic) else {
            throw DataError(
                "\(name): magic number \(hexadecimal(header.prefix(4))), expected \(hexadecimal(magic[...])) "
                    + "(IDX, unsigned bytes, \(dimensions) dimension\(dimensions == 1 ? "" : "s"))")
        }
        guard header.count == 4 + 4 * dimensions else {
            throw DataError(
                "\(name): cut short: \(header.count) bytes, its header alone takes \(4 + 4 * dimensions)")
        }
        return (0..<dimensions).map { dimension in
            (0..<4).reduce(0) { $0 << 8 | Int(header[4 + 4 * dimension + $1]) }
        }
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        "0x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
