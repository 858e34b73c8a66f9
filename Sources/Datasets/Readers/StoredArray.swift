internal import Diagnostics
internal import Host

/// An array of a file: shape and type, which its header tells, and its elements, which are read once.
///
/// Elements are read piece by piece and turned into what is asked for, so that a header that lies costs no memory, and data
/// that would not fit are refused before they are read.
struct StoredArray {
    /// The array's name in error messages, such as `train.npz:x`.
    let name: String
    /// Sizes of its dimensions, outermost first.
    let shape: [Int]
    let type: ElementType
    /// Whether the first dimension changes fastest, as in Fortran.
    let isColumnMajor: Bool
    private let stream: any ByteStream
    /// Elements.
    let count: Int

    /// How far bytes behind the data are counted.
    private static let mostSurplus = 1 << 20

    /// - Parameter stream: the file's bytes from the first element on.
    /// - Throws: ``DataError`` for a shape that is absurd, or has more elements than there can be bytes or memory
    ///   for.
    init(_ stream: any ByteStream, shape: [Int], type: ElementType, isColumnMajor: Bool = false) throws(DataError) {
        (name, self.shape, self.type, self.isColumnMajor) = (stream.name, shape, type, isColumnMajor)
        self.stream = stream
        // The sizes of an empty array's other dimensions, too, must have a product that does not overflow.
        var (most, isAbsurd) = (1, false)
        for extent in shape {
            let (product, overflow) = most.multipliedReportingOverflow(by: max(1, extent))
            (most, isAbsurd) = (product, isAbsurd || overflow || extent < 0)
        }
        let count = shape.contains(0) ? 0 : most
        guard !isAbsurd, most < 1 << 40, count * type.size < 1 << 44 else {
            throw DataError("\(name): its header claims the absurd shape \(shape)")
        }
        self.count = count
        let bytes = count * type.size
        guard bytes <= stream.most else {
            throw DataError(
                "\(name): cut short: its header \(shape) of \(type.description) asks for \(bytes) bytes, and at most \(stream.most) follow"
            )
        }
        if let compressed = stream.compressedCount, bytes > Deflation.harmless, bytes / Deflation.ratio > compressed {
            throw DataError(
                """
                \(name): \(compressed) compressed bytes would become \(bytes), which is how a bomb is made; allowed are \
                \(Deflation.ratio) times as many beyond \(Format.bytes(Double(Deflation.harmless))), or data that are not \
                compressed
                """)
        }
        // At the end they are there twice: as they are, and in batches or sorted by the seed.
        let needed = Double(count) * (type.isByte ? 1 : type.isText ? Double(type.size + 16) : 4) * 2
        guard needed <= Double(UsableMemory.bytes) else {
            throw DataError(
                "\(name): its \(count) numbers take \(Format.bytes(needed)) of memory; this machine has \(Format.bytes(Double(UsableMemory.bytes)))"
            )
        }
    }

    /// Elements of one sample: the product of all dimensions except the first.
    var sampleCount: Int { shape.dropFirst().reduce(1, *) }

    // MARK: Elements

    /// All elements as bytes 0 to 255.
    /// - Precondition: they are bytes.
    func bytes() throws(DataError) -> [UInt8] {
        precondition(type.isByte, "\(type.description) is no byte")
        var all: [UInt8] = []
        all.reserveCapacity(min(count, 1 << 26))
        try forEachPiece { piece in all += piece }
        if type.kind == .boolean { for index in all.indices where all[index] > 1 { all[index] = 1 } }
        return isColumnMajor ? rowMajor(all) : all
    }

    /// All elements as floats.
    func floats() throws(DataError) -> [Float] {
        try requireNumbers()
        var all: [Float] = []
        all.reserveCapacity(min(count, 1 << 24))
        try forEachPiece { type.append($0, to: &all) }
        return isColumnMajor ? rowMajor(all) : all
    }

    /// All elements as doubles.
    func doubles() throws(DataError) -> [Double] {
        try requireNumbers()
        var all: [Double] = []
        all.reserveCapacity(min(count, 1 << 23))
        try forEachPiece { type.append($0, to: &all) }
        return isColumnMajor ? rowMajor(all) : all
    }

    /// All elements as whole numbers.
    ///
    /// - Throws: ``DataError`` for one that is not.
    func integers() throws(DataError) -> [Int] {
        try requireNumbers()
        var (all, piece): ([Int], [Double]) = ([], [])
        all.reserveCapacity(min(count, 1 << 23))
        var odd: Double?
        try forEachPiece { bytes in
            guard odd == nil else { return }
            piece.removeAll(keepingCapacity: true)
            type.append(bytes, to: &piece)
            for value in piece {
                guard let number = Int(exactly: value) else {
                    odd = value
                    return
                }
                all.append(number)
            }
        }
        if let odd {
            throw DataError(
                "\(name): sample \(all.count + 1) has \(Format.exact(odd)); allowed are whole numbers, or texts")
        }
        return isColumnMajor ? rowMajor(all) : all
    }

    /// All elements as texts.
    /// - Precondition: they are texts.
    func texts() throws(DataError) -> [String] {
        precondition(type.isText, "\(type.description) is no text")
        var all: [String] = []
        try forEachPiece { type.append($0, to: &all) }
        return isColumnMajor ? rowMajor(all) : all
    }

    private func requireNumbers() throws(DataError) {
        guard !type.isText else { throw DataError("\(name): texts (\(type.description)); allowed here are numbers") }
    }

    /// Calls `body` with bytes of whole elements until all of them were there, and then looks for the end.
    private func forEachPiece(_ body: ([UInt8]) -> Void) throws(DataError) {
        let total = count * type.size
        var done = 0
        while done < total {
            // Whole elements, each piece filled up.
            let wanted = min(total - done, max(1, (1 << 18) / type.size) * type.size)
            var piece = try stream.read(wanted)
            while piece.count < wanted, case let more = try stream.read(wanted - piece.count), !more.isEmpty {
                piece += more
            }
            done += piece.count
            guard piece.count == wanted else {
                throw DataError(
                    "\(name): cut short: \(done) bytes of data, but its header \(shape) of \(type.description) asks for \(total)"
                )
            }
            body(piece)
        }
        let surplus = try stream.countRest(upTo: Self.mostSurplus)
        guard surplus == 0 else {
            throw DataError(
                """
                \(name): \(surplus < Self.mostSurplus ? "\(surplus)" : "more than \(surplus)") bytes follow the \(total) that \
                its header \(shape) of \(type.description) asks for
                """)
        }
    }

    /// The elements in another order: with the last dimension changing fastest.
    private func rowMajor<Element>(_ elements: [Element]) -> [Element] {
        guard shape.count > 1, let first = elements.first else { return elements }
        // Where a step along each dimension leads in the file.
        var strides = [Int](repeating: 1, count: shape.count)
        for dimension in 1..<shape.count { strides[dimension] = strides[dimension - 1] * shape[dimension - 1] }
        var result = [Element](repeating: first, count: elements.count)
        var (place, source) = ([Int](repeating: 0, count: shape.count), 0)
        for index in result.indices {
            result[index] = elements[source]
            var dimension = shape.count - 1
            while dimension >= 0 {
                place[dimension] += 1
                source += strides[dimension]
                if place[dimension] < shape[dimension] { break }
                source -= strides[dimension] * shape[dimension]
                place[dimension] = 0
                dimension -= 1
            }
        }
        return result
    }
}
