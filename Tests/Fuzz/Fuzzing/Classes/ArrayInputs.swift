import CZlib
import Datasets
import Foundation
import Kernel
import Randomness
import Tasks

/// `.npy` arrays, and `.npz` archives of them, in place of the features, the labels and the users of a task file.
final class ArrayInputs: InputClass {
    let name: String
    private let isArchived: Bool
    private let folder: WorkFolder
    private let text = TextMutations(words: [
        "descr", "fortran_order", "shape", "True", "False", "'<f4'", "'|u1'", "'<f2'", "'<f8'", "'>i8'", "'<U3'",
        "'|S9'", "'|O'", "'|b1'", "'<u8'", "(", ")", ",", "{", "}", "(12, 4)", "(0, 9)", "(12,)", "()", "L",
    ])
    private static let samples = 12

    init(isArchived: Bool) throws {
        self.isArchived = isArchived
        name = isArchived ? "npz" : "npy"
        folder = try WorkFolder(name)
        try folder.write(Self.floats, "x.npy")
        try folder.write(Self.labels, "y.npy")
        for (role, data) in [
            "features": "IN, labels: y.npy", "labels": "x.npy, labels: IN", "users": "x.npy, labels: y.npy, users: IN",
        ] {
            for end in ["npy", "npz"] {
                let file =
                    "data: {features: \(data), test: {fraction: 25%}}\nmodel: [flatten, dense: {name: fc}]\ntarget: 50%\n"
                    .replacingOccurrences(of: "IN", with: "in.\(end)")
                try folder.write(Array(file.utf8), "\(role).\(end).yaml")
            }
        }
    }

    deinit { folder.removeAll() }

    private static func array(_ descr: String, _ shape: [Int], _ bytes: [UInt8]) -> [UInt8] {
        [UInt8](NPY.encode(descr, shape: shape, data: bytes))
    }

    private static let floats = array(
        "<f4", [samples, 4],
        (0..<samples * 4).flatMap { number in
            withUnsafeBytes(of: Float(number % 13 - 6).bitPattern.littleEndian) { Array($0) }
        })
    private static let labels = array("|u1", [samples], (0..<samples).map { UInt8($0 % 3) })
    private static let texts = array(
        "<U2", [samples], (0..<samples).flatMap { [UInt8(97 + $0 % 3), 0, 0, 0, 98, 0, 0, 0] })
    private static let halves = array("<f2", [samples, 2], (0..<samples * 4).map { UInt8($0 & 63) })

    func makeSeeds() throws -> [[UInt8]] {
        let arrays = [Self.floats, Self.labels, Self.texts, Self.halves]
        guard isArchived else { return arrays }
        return arrays.enumerated().map { ZipText.archive([("a.npy", $1, $0 % 2 == 0)]) }
            + [ZipText.archive([("a.npy", Self.floats, true), ("readme.txt", [65], false)])]
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        // An archive is unpacked now and then, and `finish` packs what has become of it.
        if isArchived, draws.oneIn(2), input.starts(with: [0x50, 0x4B]) {
            input = draws.pick([Self.floats, Self.labels, Self.texts, Self.halves])
        }
        guard input.starts(with: [0x93, 0x4E]), input.count > 10, draws.oneIn(2) else {
            return ByteMutations.mutate(&input, other: other, &draws)
        }
        let end = min(input.count, 10 + Int(input[8]) + Int(input[9]) << 8)
        var header = Array(input[10..<end])
        text.mutate(&header, other: other, &draws)
        let length = min(header.count, 65_535)
        input = Array(input[..<8]) + [UInt8(length & 255), UInt8(length >> 8)] + header + input[end...]
    }

    func finish(_ input: inout [UInt8], _ draws: inout Draws) {
        guard isArchived, !input.starts(with: [0x50, 0x4B]) else { return }
        if draws.oneIn(16), input.count > 10 {
            input = ZipText.bomb(beginning: input, megabytes: draws.pick([1, 4, 40, draws.oneIn(8) ? 512 : 64]))
        } else {
            input = ZipText.archive([("a.npy", input, draws.oneIn(2))])
        }
        while draws.oneIn(3) { ByteMutations.mutate(&input, other: input, &draws) }
    }

    func read(_ input: [UInt8]) throws {
        let file = "in.\(name)"
        defer { folder.remove(file) }
        try folder.write(input, file)
        let features = Result { try use("features") }
        let labels = Result { try use("labels") }
        let users = Result { try use("users") }
        if case .success(let split) = features, !isArchived { try check(split, input) }
        // Texts are no features, and numbers with a fraction no labels: what one of them accepts is accepted.
        let answers = [features, labels, users]
        for case .failure(let error) in answers where error is WrongAnswer || Judge.complaint(error) != nil {
            throw error
        }
        if answers.allSatisfy({ if case .failure = $0 { true } else { false } }) { _ = try features.get() }
    }

    /// A model's step on what was read.
    private func use(_ role: String) throws -> TrainTestSplit {
        let task = try TrainingTask.resolve(folder.path("\(role).\(name).yaml"))
        let split = try task.load(DataDirectory(nil), SeedSequence(1), true)
        guard split.training.count + split.test.count == Self.samples else {
            throw WrongAnswer("\(role): \(split.training.count) and \(split.test.count) samples")
        }
        let network = task.network
        guard network.parameterCount < 1 << 20 else { return split }
        let workspace = network.workspace(capacity: Self.samples)
        split.training.gather(0..<Int32(split.training.count), into: workspace.batch)
        _ = network.lossAndCorrect(of: workspace, at: network.initialParameters(.he, seeds: SeedSequence(1)))
        return split
    }

    /// An accepted file has its header and, behind it, whole numbers of one size, as many as samples and features say.
    private func check(_ split: TrainTestSplit, _ input: [UInt8]) throws {
        let isShort = input[6] == 1
        let length = (isShort ? input[8..<10] : input[8..<12]).reversed().reduce(0) { $0 << 8 | Int($1) }
        let bytes = input.count - length - (isShort ? 10 : 12)
        let numbers = Self.samples * split.training.shape.count
        guard bytes % numbers == 0, [1, 2, 4, 8].contains(bytes / numbers) else {
            throw WrongAnswer("accepted \(bytes) bytes as \(numbers) numbers")
        }
    }

    /// Data that are packed may become 64 MB, however small they are, and whole numbers of them eight times as much.
    func justifiedBytes(_ input: [UInt8]) -> Int { 60 * input.count + (isArchived ? 300 << 20 : 4 << 20) }
}

/// Archives as NumPy writes them, and such as nobody would.
package enum ZipText {
    /// - Parameter members: names, contents, and whether they are deflated.
    package static func archive(_ members: [(name: String, contents: [UInt8], isDeflated: Bool)]) -> [UInt8] {
        pack(
            members.map { member in
                let sum = UInt32(
                    member.contents.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) })
                return Packed(
                    name: Array(member.name.utf8), method: member.isDeflated ? 8 : 0, sum: sum,
                    bytes: member.isDeflated ? Deflate.raw(member.contents, flush: Z_FINISH) : member.contents,
                    count: member.contents.count)
            })
    }

    /// An array that goes on for many megabytes of zeros, whose header says so.
    ///
    /// - Parameter bytes: a `.npy` file; nothing of it is left where a header of its own begins the array.
    package static func bomb(beginning bytes: [UInt8], megabytes: Int) -> [UInt8] {
        let array = [UInt8](NPY.encode("|u1", shape: [megabytes << 20], data: []))
        let beginning = bytes[10...].contains(UInt8(ascii: "}")) && bytes.count % 2 == 0 ? array : bytes
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let deflated = Deflate.raw(zeros, flush: Z_FULL_FLUSH)
        var sum = beginning.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
        for _ in 0..<megabytes { sum = zeros.withUnsafeBufferPointer { crc32(sum, $0.baseAddress, UInt32($0.count)) } }
        let body =
            Deflate.raw(beginning, flush: Z_FULL_FLUSH) + Array(repeatElement(deflated, count: megabytes).joined()) + [
                3, 0,
            ]
        return pack([
            Packed(
                name: Array("a.npy".utf8), method: 8, sum: UInt32(sum), bytes: body,
                count: beginning.count + megabytes << 20)
        ])
    }

    private struct Packed {
        let name: [UInt8]
        let method: UInt16
        let sum: UInt32
        let bytes: [UInt8]
        let count: Int
    }

    private static func pack(_ members: [Packed]) -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for member in members {
            let sizes = little(member.sum, 4) + little(member.bytes.count, 4) + little(member.count, 4)
            let common = little(20, 2) + little(0, 2) + little(member.method, 2) + [0, 0, 0x21, 0] + sizes
            let place = file.count
            file += [0x50, 0x4B, 3, 4] + common + little(member.name.count, 2) + [0, 0] + member.name + member.bytes
            directory +=
                [0x50, 0x4B, 1, 2, 20, 0] + common + little(member.name.count, 2) + [UInt8](repeating: 0, count: 12)
                + little(place, 4) + member.name
        }
        let end = little(members.count, 2) + little(members.count, 2) + little(directory.count, 4)
        return file + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + end + little(file.count, 4) + [0, 0]
    }

    private static func little(_ value: some BinaryInteger, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: UInt64(value) >> (8 * UInt64($0))) }
    }
}
