/// Arrays in the IDX format of MNIST's files, of any of its types and of up to eight dimensions (see ``IDX``): two zero bytes, a
/// type, the number of dimensions, each as a big-endian 32-bit count, and the elements, big-endian, too.
enum IDXArray {
    private static let types: [UInt8: (ElementType.Kind, Int, String)] = [
        0x08: (.unsigned, 1, "unsigned bytes"), 0x09: (.signed, 1, "signed bytes"),
        0x0B: (.signed, 2, "16-bit integers"),
        0x0C: (.signed, 4, "32-bit integers"), 0x0D: (.float, 4, "32-bit floats"), 0x0E: (.float, 8, "64-bit floats"),
    ]
    private static let mostDimensions = 8

    /// - Throws: ``DataError`` for another beginning.
    static func array(_ stream: any ByteStream) throws(DataError) -> StoredArray {
        let name = stream.name
        let magic = try stream.read(4)
        guard magic.count == 4, magic[0] == 0, magic[1] == 0, let (kind, size, words) = types[magic[2]],
            (1...mostDimensions).contains(Int(magic[3]))
        else {
            throw DataError(
                """
                \(name): not a file of numbers that is known: allowed are .npy, .npz, .csv and .safetensors files by their \
                extensions, and IDX files, which begin with two zero bytes, a type and 1 to \(mostDimensions) dimensions
                """)
        }
        let dimensions = Int(magic[3])
        let extents = try stream.read(4 * dimensions)
        guard extents.count == 4 * dimensions else { throw DataError("\(name): cut short in its IDX header") }
        let shape = (0..<dimensions).map { dimension in
            (0..<4).reduce(0) { $0 << 8 | Int(extents[4 * dimension + $1]) }
        }
        return try StoredArray(
            stream, shape: shape, type: ElementType(kind: kind, size: size, isBigEndian: true, description: words))
    }
}
