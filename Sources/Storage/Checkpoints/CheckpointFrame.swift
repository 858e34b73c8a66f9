import Files
internal import Foundation

/// The header of a checkpoint's binary file, with the checksum of its contents:
///
///     byte  0   "benchCKP"
///           8   version, 4 bytes, little-endian as all numbers
///          12   kind: 1 a run's state, 2 the losses of a finished run's steps
///          16   run, 8 bytes, from 1
///          24   updates of the model, 8 bytes
///          32   bytes of contents, 8 bytes
///          40   SHA-256 of the experiment's plan, data, start and compute model, 32 bytes
///          72   SHA-256 of all that is above and of the contents, 32 bytes
///         104   contents
struct CheckpointFrame: Equatable {
    enum Kind: UInt32 {
        case state = 1
        case losses = 2
    }

    var kind: Kind
    /// The number of the run, from 1.
    var run: Int
    var updates: Int
    /// The digest of the experiment, 32 bytes.
    var experiment: Data

    /// Wildcard for ``updates``: a file of losses may hold any number.
    static let anyUpdates = -1

    /// In version 1, contents were numbers without names.
    static let version: UInt32 = 2
    private static let mark = Data("benchCKP".utf8)
    static let headerCount = 104
    private static let checkedCount = 72

    func sealed(_ contents: Data) -> Data {
        precondition(experiment.count == 32, "a digest of \(experiment.count) bytes")
        var data = Self.mark
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        append(Self.version)
        append(kind.rawValue)
        for value in [run, updates, contents.count] { append(UInt64(value)) }
        data += experiment
        data += Self.digest(data, contents)
        data += contents
        return data
    }

    /// The contents of a file that must have this frame.
    ///
    /// - Throws: ``ReportError`` saying how the file is damaged, or what it belongs to.
    func open(_ data: Data) throws(ReportError) -> Data {
        let data = Data(data)
        guard data.count >= Self.headerCount else {
            throw ReportError("cut short: \(data.count) bytes, where its header alone has \(Self.headerCount)")
        }
        guard data.prefix(8) == Self.mark else {
            throw ReportError("not a checkpoint of bench: its first bytes are others")
        }
        func number(at start: Int, count: Int) -> UInt64 {
            data[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let version = number(at: 8, count: 4)
        guard version == UInt64(Self.version) else {
            throw ReportError("version \(version); this program reads version \(Self.version)")
        }
        let contents = data.dropFirst(Self.headerCount)
        let length = number(at: 32, count: 8)
        guard length == UInt64(contents.count) else {
            let isShort = UInt64(contents.count) < length
            throw ReportError(
                "\(isShort ? "cut short" : "too long"): \(contents.count) bytes of contents, where its header says \(length)"
            )
        }
        guard data[Self.checkedCount..<Self.headerCount] == Self.digest(data.prefix(Self.checkedCount), contents) else {
            throw ReportError("damaged: its checksum is of another content")
        }
        guard data[40..<72] == experiment else {
            throw ReportError("of another experiment: its plan, data, start or compute model differs")
        }
        let (foundRun, foundUpdates) = (number(at: 16, count: 8), number(at: 24, count: 8))
        guard number(at: 12, count: 4) == UInt64(kind.rawValue), foundRun == UInt64(run),
            updates == Self.anyUpdates || foundUpdates == UInt64(updates)
        else { throw ReportError("of run \(foundRun) after \(foundUpdates) updates, which is not what its name says") }
        return Data(contents)
    }

    private static func digest(_ header: Data, _ contents: Data) -> Data {
        var digest = ContentDigest()
        digest.add(header)
        digest.add(contents)
        return Data(digest.bytes())
    }
}
