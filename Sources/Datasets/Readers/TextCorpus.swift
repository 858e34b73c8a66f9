package import Foundation

/// Texts whose symbols are predicted one by one: every distinct character is a symbol.
package struct TextCorpus: Sendable {
    /// The characters in the order of their code points.
    package let symbols: [String]
    /// All texts, one behind the other, as numbers of symbols.
    package let text: [UInt8]
    /// Where each text lies.
    package let parts: [Range<Int>]

    private static let mostBytes = 1 << 28

    /// - Parameters:
    ///   - files: one or more UTF-8 texts.
    ///   - folder: in which relative paths begin.
    /// - Throws: ``DataError`` for a file that is no text, or more symbols than a byte tells apart.
    package init(_ files: [DataReference], in folder: URL) throws(DataError) {
        var texts: [String] = []
        for file in files {
            let handle = try FilePart.open(file.url(in: folder), name: file.text)
            let size = try FilePart.size(of: handle, name: file.text)
            guard size <= Self.mostBytes else {
                throw DataError("\(file.text): \(size) bytes of text; allowed are \(Self.mostBytes)")
            }
            let bytes = try FilePart(handle, name: file.text, 0..<size).read(size)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw DataError(notText: bytes, file.text)
            }
            texts.append(text)
        }
        var found: Set<Unicode.Scalar> = []
        for text in texts { found.formUnion(text.unicodeScalars) }
        let scalars = found.sorted()
        guard (2...LabelColumn.mostClasses).contains(scalars.count) else {
            throw DataError(
                "\(files[0].text): \(scalars.count) different characters; allowed are 2 to \(LabelColumn.mostClasses): leave out rare ones"
            )
        }
        let numbers = Dictionary(uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })
        var (all, parts) = ([UInt8](), [Range<Int>]())
        for text in texts {
            let start = all.count
            all.append(contentsOf: text.unicodeScalars.lazy.compactMap { numbers[$0] })
            parts.append(start..<all.count)
        }
        symbols = scalars.map { String(Character($0)) }
        (self.text, self.parts) = (all, parts)
    }

    /// Windows of texts with the symbol behind each as their labels, and whose text it is as their users.
    package struct Windows: Sendable {
        package let source: TextWindows
        package let users: [UInt16]
    }

    /// Windows that begin at every so many symbols, of the beginnings or of the ends of all texts.
    ///
    /// - Parameters:
    ///   - length: symbols of a window.
    ///   - step: from one window to the next.
    ///   - fraction: of each text at its end that is another part, whose symbols no window of the first has.
    ///   - isEnd: whether the windows are those of that part.
    package func windows(length: Int, every step: Int, testing fraction: Double, isEnd: Bool) -> Windows {
        var (starts, users) = ([Int32](), [UInt16]())
        for (user, part) in parts.enumerated() {
            let boundary = part.upperBound - Int((Double(part.count) * fraction).rounded())
            let range = isEnd ? boundary..<part.upperBound : part.lowerBound..<boundary
            for start in stride(from: range.lowerBound, to: max(range.lowerBound, range.upperBound - length), by: step)
            {
                starts.append(Int32(start))
                users.append(UInt16(user))
            }
        }
        return Windows(
            source: TextWindows(text: text, symbolCount: symbols.count, length: length, starts: starts), users: users)
    }
}

extension LabelColumn.Classes {
    /// Samples that have so many numbers to predict, in place of classes.
    package init(targets: Int, counts: [Int]) {
        self.init(count: targets, names: nil, labels: counts.map { [UInt8](repeating: 0, count: $0) })
    }

    /// Samples whose next symbol is to be predicted: each symbol is a class.
    package init(symbols: [String], labels: [[UInt8]]) {
        self.init(count: symbols.count, names: symbols, labels: labels)
    }
}
