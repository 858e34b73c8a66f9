import Datasets
import Foundation
import Fuzzing
import Locking
import Testing

/// Files that claim or become far more than they are: each ends in one error, and in less than a gigabyte.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/status"), "memory is read from /proc"))
struct BombTests {
    private static let allowedBytes = 1 << 30

    /// The most memory that a process has had, while it runs: what the system says of one that has ended may be its parent's,
    /// whose memory it begins with.
    private static func peakBytes(_ process: Process) -> Int {
        let path = "/proc/\(process.processIdentifier)/status"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return 0 }
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }

    /// Runs the program; says how it ended and the most memory that was seen of it.
    private func watched(_ arguments: [String], in folder: TemporaryFolder) async throws -> (Outcome, peak: Int) {
        let peak = Guarded(0)
        let outcome = try await bench(arguments, in: folder) { process in
            while process.isRunning {
                let now = Self.peakBytes(process)
                peak.withLock { $0 = max($0, now) }
                Thread.sleep(forTimeInterval: 1e-3)
            }
        }
        return (outcome, peak.withLock { $0 })
    }

    private func expectOneError(
        _ arguments: [String], _ part: String, in folder: TemporaryFolder
    ) async throws {
        let (outcome, peak) = try await watched(arguments, in: folder)
        #expect(outcome.code == 1, "\(outcome.testDescription)")
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1 && outcome.errors.contains(part), "\(outcome.testDescription)")
        #expect(peak > 1 << 20 && peak < Self.allowedBytes, "\(peak >> 20) MB: \(outcome.testDescription)")
    }

    private static func array(_ descr: String, _ shape: [Int], _ data: [UInt8]) -> [UInt8] {
        [UInt8](NPY.encode(descr, shape: shape, data: data))
    }

    private static let labels = array("|u1", [12], (0..<12).map { UInt8($0 % 3) })
    private static let features = array("|u1", [12, 2], (0..<24).map { UInt8($0) })
    /// Half a gigabyte in half a megabyte.
    private static let bomb = ZipText.bomb(beginning: features, megabytes: 512)
    /// An array that unpacks to as much as data may become that are very well compressed.
    private static let small = ZipText.bomb(beginning: features, megabytes: 64)

    private func write(_ bytes: [UInt8], _ name: String, in folder: TemporaryFolder) throws {
        try folder.write(Data(bytes), name)
    }

    private func check(_ data: String, _ part: String, in folder: TemporaryFolder) async throws {
        let text = "data: {\(data), test: {fraction: 25%}}\nmodel: [dense: {name: fc}]\ntarget: 90%\n"
        try folder.write(Data(text.utf8), "t.yaml")
        try await expectOneError(["task", "check", "t.yaml"], part, in: folder)
    }

    @Test func archivesThatBecomeFarMoreAreRefused() async throws {
        try await withFolder { folder in
            try write(Self.bomb, "bomb.npz", in: folder)
            try write(Self.small, "small.npz", in: folder)
            try write(Self.labels, "y.npy", in: folder)
            try write(Self.features, "x.npy", in: folder)
            let refused = " compressed bytes would become 536870"
            try await check("features: bomb.npz, labels: y.npy", refused, in: folder)
            try await check("features: x.npy, labels: bomb.npz", refused, in: folder)
            try await check("features: x.npy, labels: y.npy, users: bomb.npz", refused, in: folder)
            let count = "has 67108864 "
            try await check("features: x.npy, labels: small.npz", count, in: folder)
            try await check("features: x.npy, labels: y.npy, users: small.npz", count, in: folder)
            try await check("features: small.npz, labels: y.npy", "small.npz 67108864 samples", in: folder)
            try await check("features: small.npz, labels: small.npz", "all labels are 0", in: folder)
        }
    }

    @Test func gzippedArraysThatBecomeFarMoreAreRefused() async throws {
        try await withFolder { folder in
            let header = Self.array("<f8", [64 << 20], [])
            try write(Deflate.bomb(beginning: header, megabytes: 512), "x.npy.gz", in: folder)
            try write(Self.labels, "y.npy", in: folder)
            try await check("features: x.npy.gz, labels: y.npy", "which is how a bomb is made", in: folder)
        }
    }

    @Test(arguments: [
        ("<f4", [1 << 20, 1 << 40], "absurd shape"), ("<f4", [0, 1 << 40, 1 << 40], "absurd shape"),
        ("<f8", [1 << 30], "cut short"), ("|u1", [1 << 33, 2], "cut short"), ("<f4", [12, 3], "cut short"),
        ("<U4096", [1 << 30], "absurd shape"), ("<f4", [0, 4], "0 samples"),
        ("<f4", [12, 0], "allowed are one at least"),
    ])
    func headersThatClaimMoreThanFollowsAreRefused(_ descr: String, _ shape: [Int], _ part: String) async throws {
        try await withFolder { folder in
            try write(Self.array(descr, shape, shape.contains(0) ? [] : [1, 2, 3, 4]), "x.npy", in: folder)
            try write(Self.labels, "y.npy", in: folder)
            try await check("features: x.npy, labels: y.npy", part, in: folder)
        }
    }

    /// Sixty megabytes of commas would be a gigabyte of empty fields, and a sparse file takes no room on a disk.
    @Test func tablesThatBecomeFarMoreAreRefused() async throws {
        try await withFolder { folder in
            try write(Self.labels, "y.npy", in: folder)
            let commas = [UInt8](repeating: 0x2C, count: 60 << 20)
            try write(commas, "commas.csv", in: folder)
            try write(Array("1,2\n".utf8) + commas, "later.csv", in: folder)
            try write(Array("1\n\"".utf8) + commas, "quote.csv", in: folder)
            let fields = "more than 100000 fields; allowed are as many"
            try await check("features: commas.csv, labels: y.npy", "commas.csv:1: " + fields, in: folder)
            try await check("features: later.csv, labels: y.npy", "later.csv:2: " + fields, in: folder)
            try await check("features: quote.csv, labels: y.npy", "quote.csv:2: a quote that is not closed", in: folder)
            try write([0x31], "sparse.csv", in: folder)
            let path = folder.url.appendingPathComponent("sparse.csv").path
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.truncate(atOffset: 1_200_000_000)
            try await check("features: sparse.csv, labels: y.npy", "allowed are up to 268435456", in: folder)
        }
    }

    @Test func profilesOfAbsurdLengthAreRefused() async throws {
        try await withFolder { folder in
            let head = Array(#"{"format": ["#.utf8)
            for (name, count, part) in [
                ("long", 7 << 20, "'format' is a list of "), ("longer", 9 << 20, "larger than 16 MiB"),
            ] {
                let numbers = [UInt8](unsafeUninitializedCapacity: 2 * count) { buffer, filled in
                    for place in 0..<count { (buffer[2 * place], buffer[2 * place + 1]) = (0x31, 0x2C) }
                    filled = 2 * count
                }
                try write(head + numbers + Array("1]}".utf8), "\(name).json", in: folder)
                try await expectOneError(
                    ["price", "\(name).json", "--cluster", "ethernet-1g"], part, in: folder)
            }
        }
    }
}
