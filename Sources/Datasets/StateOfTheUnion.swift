internal import EmbeddedData

/// The addresses on the State of the Union (see ``EmbeddedData``) from 1790 to 1932: the next letter is to be predicted from
/// those before it, and the data know which president wrote them. Embedded.
///
/// There are 29 presidencies by 28 persons: Grover Cleveland was in office twice, and his two terms count as two. W. H. Harrison
/// and J. A. Garfield died before they could give an address.
public enum StateOfTheUnion {
    /// How many presidencies the data have.
    public static let presidencyCount = 29
    /// Letters of a window; the letter behind it is its label.
    public static let windowLength = 24
    /// How many letters each presidency has.
    static let textLength = 24_000

    /// The symbols by their numbers; `0` stands for every digit.
    static let symbols = Array("abcdefghijklmnopqrstuvwxyz ,.0".utf8)

    /// The identity, whose digest is the SHA-256 of `sotu.txt`, this package's own form of the data.
    public static let identity = DataIdentity(
        name: "sotu", sha256: "d87b9f69ab76c8059c4e4e4e14dc0788b6ec902e096aa79e7e1cb568464c619c", isPublished: true)

    /// A presidency and its text.
    struct Presidency: Sendable {
        /// The president and the years in office, such as `Abraham Lincoln (1861-1865)`.
        let name: String
        /// `[24,000]`
        let text: [UInt8]
    }

    /// All presidencies, in the order of time.
    static func presidencies() throws -> [Presidency] {
        var numbers = [UInt8?](repeating: nil, count: 256)
        for (number, symbol) in symbols.enumerated() { numbers[Int(symbol)] = UInt8(number) }
        let content = try Gzip.decompress(EmbeddedData.sotuTextGzipped, name: "sotu.txt.gz")
        let presidencies = try content.split(separator: UInt8(ascii: "\n")).enumerated().map { line, bytes in
            let fields = bytes.split(separator: UInt8(ascii: "\t"))
            let text = fields.last.map { $0.compactMap { numbers[Int($0)] } } ?? []
            guard fields.count == 2, text.count == textLength, fields[1].count == textLength else {
                throw DataError(
                    "sotu.txt line \(line + 1): expected a name, a tab and \(textLength) of the symbols "
                        + "'\(String(decoding: symbols, as: UTF8.self))'")
            }
            return Presidency(name: String(decoding: fields[0], as: UTF8.self), text: text)
        }
        guard presidencies.count == presidencyCount else {
            throw DataError("sotu.txt: found \(presidencies.count) lines, expected \(presidencyCount)")
        }
        return presidencies
    }

    /// The first 768 of each presidency's 960 windows to train on, and the last 192, from the end of its text, to test
    /// on.
    ///
    /// A window begins behind the label of the one before, so that no letter is in two windows, whichever way they are
    /// split anew.
    public static func split() throws -> TrainTestSplit {
        let presidencies = try presidencies()
        let text = presidencies.flatMap(\.text)
        let (step, windows) = (windowLength + 1, textLength / (windowLength + 1))
        func part(_ range: Range<Int>) -> Dataset {
            let source = TextWindows(
                text: text, symbolCount: symbols.count, length: windowLength,
                starts: presidencies.indices.flatMap { user in
                    range.map { Int32(user * textLength + $0 * step) }
                })
            return Dataset(
                name: "sotu", classCount: symbols.count, source: source, labels: source.nextSymbols,
                users: presidencies.indices.flatMap { user in range.map { _ in UInt16(user) } })
        }
        let boundary = windows * 4 / 5
        return TrainTestSplit(training: part(0..<boundary), test: part(boundary..<windows), identity: identity)
    }
}
