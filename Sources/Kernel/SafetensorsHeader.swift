import Diagnostics
import Foundation

/// What stands before the data of a safetensors file, held to the rules of the format (huggingface/safetensors, README,
/// and `SafeTensors::deserialize` and `Metadata::validate` of its reference implementation): at most 100 MB that begin with
/// `{` and may end in spaces, no key twice, metadata of texts alone, and tensors that lie side by side from the first byte of
/// the data to the last, each as long as its shape and type say.
struct SafetensorsHeader {
    struct Entry: Codable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    let tensors: [String: Entry]
    /// Texts that stand beside the tensors.
    let metadata: [String: String]
    /// Where the data begin in the file.
    let dataStart: Int
    private let dataCount: Int

    private static let mostBytes = 100_000_000
    private static let metadataName = "__metadata__"

    /// The size of a type in bits.
    private static let bits: [String: Int] = [
        "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32,
        "F32": 32,
        "U64": 64, "I64": 64, "F64": 64, "C64": 64,
    ]

    /// - Parameter bytes: the whole file.
    /// - Throws: ``Safetensors/Failure`` naming what is wrong and with which tensor.
    init(_ bytes: [UInt8]) throws(Safetensors.Failure) {
        try self.init(beginning: bytes, fileCount: bytes.count)
    }

    /// - Parameters:
    ///   - bytes: the beginning of the file, up to its data at least.
    ///   - fileCount: how many bytes the file has.
    init(beginning bytes: [UInt8], fileCount: Int) throws(Safetensors.Failure) {
        dataStart = try Self.dataStart(bytes, fileCount: fileCount)
        (tensors, metadata) = try Self.parse(Array(bytes[8..<dataStart]))
        dataCount = fileCount - dataStart
    }

    /// Where the data begin, as the first eight bytes of a file say.
    static func dataStart(_ bytes: [UInt8], fileCount: Int) throws(Safetensors.Failure) -> Int {
        guard bytes.count >= 8 else {
            throw failure("not a safetensors file: \(bytes.count) bytes, shorter than its 8-byte header length")
        }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
        guard length <= UInt64(mostBytes) else {
            throw failure("not a safetensors file: its header claims \(length) bytes; the format allows \(mostBytes)")
        }
        guard length <= UInt64(fileCount - 8) else {
            throw failure("not a safetensors file, or cut short: its header claims \(length) bytes of \(fileCount - 8)")
        }
        return 8 + Int(length)
    }

    /// Checks that the tensors take all of the data and nothing else.
    /// - Throws: ``Safetensors/Failure`` naming the tensor.
    func checkData() throws(Safetensors.Failure) {
        try Self.checkSizes(tensors)
        try Self.checkPlaces(tensors, bytes: dataCount)
    }

    private static func failure(_ description: String) -> Safetensors.Failure {
        Safetensors.Failure(description: description)
    }

    private static func parse(
        _ json: [UInt8]
    ) throws(Safetensors.Failure) -> (tensors: [String: Entry], metadata: [String: String]) {
        guard json.first == UInt8(ascii: "{") else {
            throw failure("the safetensors header is not a JSON object: it does not begin with {")
        }
        do {
            try JSONText.check(json)
        } catch {
            throw failure("the safetensors header is not what the format allows: \(error.reason)")
        }
        let object: [String: Value]
        do {
            object = try JSONDecoder().decode([String: Value].self, from: Data(json))
        } catch {
            throw failure("the safetensors header is not readable JSON of {dtype, shape, data_offsets}")
        }
        var (tensors, metadata): ([String: Entry], [String: String]) = ([:], [:])
        for (name, value) in object.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .tensor(let entry) where name != metadataName: tensors[name] = entry
            case .texts(let texts) where name == metadataName: metadata = texts
            default:
                throw failure(
                    name == metadataName
                        ? "\(name) of the safetensors header holds something else than texts"
                        : "tensor '\(name)': its entry is not {dtype, shape, data_offsets}, a text, and whole numbers, 0 or more"
                )
            }
        }
        return (tensors, metadata)
    }

    /// What a key of the header may have.
    private enum Value: Decodable {
        case tensor(Entry)
        case texts([String: String])
        case other

        init(from decoder: any Decoder) throws {
            if let entry = try? Entry(from: decoder) {
                self = .tensor(entry)
            } else {
                self = (try? [String: String](from: decoder)).map { .texts($0) } ?? .other
            }
        }
    }

    /// A header that is to be written.
    struct Contents: Encodable {
        var tensors: [String: Entry] = [:]
        var metadata: [String: String] = [:]

        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Name.self)
            for (name, entry) in tensors { try container.encode(entry, forKey: Name(stringValue: name)) }
            if !metadata.isEmpty { try container.encode(metadata, forKey: Name(stringValue: metadataName)) }
        }

        /// What stands before the data in a file.
        ///
        /// - Parameter dataBytes: how many will follow, to make room for them.
        func encoded(dataBytes: Int) throws -> Data {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var json = try encoder.encode(self)
            // The format asks for data aligned to eight bytes and allows spaces for it.
            json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
            var data = Data(capacity: 8 + json.count + dataBytes)
            withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
            data.append(json)
            return data
        }
    }

    private static func checkSizes(_ tensors: [String: Entry]) throws(Safetensors.Failure) {
        for (name, entry) in tensors.sorted(by: { $0.key < $1.key }) {
            guard let bits = bits[entry.dtype] else {
                throw failure("tensor '\(name)' has the dtype \(entry.dtype), which the format does not know")
            }
            var (size, isTooLarge) = (bits, false)
            for extent in entry.shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: extent)
                (size, isTooLarge) = (product, isTooLarge || overflow || extent < 0)
            }
            guard !isTooLarge else { throw failure("tensor '\(name)' has the impossible shape \(entry.shape)") }
            let offsets = entry.dataOffsets
            guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], size % 8 == 0,
                offsets[1] - offsets[0] == size / 8
            else {
                throw failure(
                    "tensor '\(name)': data at \(offsets); its shape \(entry.shape) of \(entry.dtype) needs \(size / 8) bytes"
                )
            }
        }
    }

    /// The format allows no overlaps and no holes: a file with either is damaged, or hides something.
    private static func checkPlaces(_ tensors: [String: Entry], bytes: Int) throws(Safetensors.Failure) {
        var end = 0
        // A tensor without elements lies at the beginning of the next one.
        let inOrder = tensors.sorted { $0.value.dataOffsets.lexicographicallyPrecedes($1.value.dataOffsets) }
        for (name, entry) in inOrder {
            guard entry.dataOffsets[0] == end else {
                throw failure("tensor '\(name)': data at \(entry.dataOffsets), expected to start at \(end)")
            }
            end = entry.dataOffsets[1]
        }
        guard end == bytes else { throw failure("\(bytes) bytes of data; the tensors take \(end)") }
    }
}
