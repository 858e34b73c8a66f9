import Cluster
import Experiments
import Fabrics
package import Foundation

/// `schedule-STRATEGY-seedN.json`: everything that a simulated run did, in order, for `bench reprice`.
/// `Results/SCHEMA.md` describes its form.
package enum ScheduleFile {
    static let schema = 1

    package static func name(_ strategy: String, seed: UInt64) -> String {
        "schedule-\(StrategyPlan.fileName(strategy))-seed\(seed).json"
    }

    package static func isName(_ name: String) -> Bool { name.hasPrefix("schedule-") && name.hasSuffix(".json") }

    private struct Contents: Codable {
        let schema: Int
        let strategy: String
        let seed: UInt64
        let operations: [OperationRecord]
        let programs: [ProgramRecord]
    }

    /// A program, and the ranks that run it.
    private struct ProgramRecord: Codable {
        /// The ranks, such as `0-3 7`.
        let ranks: String
        /// The operations in the form of ``ScheduleText``.
        let operations: String
    }

    package static func encode(_ schedule: Schedule, strategy: String, seed: UInt64) throws -> Data {
        var ranks = Array(repeating: [Int](), count: schedule.programs.count)
        for (rank, program) in schedule.programOfRank.enumerated() { ranks[program].append(rank) }
        return try SealedJSON.encode(
            Contents(
                schema: schema, strategy: strategy, seed: seed,
                operations: schedule.operations.map { OperationRecord($0) },
                programs: zip(ranks, schedule.programs).map {
                    ProgramRecord(ranks: RankList.write($0), operations: ScheduleText.write($1))
                }))
    }

    /// - Parameter file: the file's name for error messages.
    /// - Throws: ``ReportError`` for another schema, another run, or a file that is damaged or was changed.
    package static func decode(
        _ data: Data, strategy: String, seed: UInt64, file: String
    ) throws(ReportError) -> Schedule {
        do {
            let found = try SealedJSON.schema(of: data)
            guard found == schema else {
                throw ReportError("schema \(found) of a schedule; this version reads schema \(schema)")
            }
            let contents = try SealedJSON.decode(Contents.self, from: data)
            guard contents.strategy == strategy, contents.seed == seed else {
                throw ReportError(
                    "the schedule of \(contents.strategy) with seed \(contents.seed), not of \(strategy) with seed \(seed)"
                )
            }
            return try schedule(contents)
        } catch let error as ReportError {
            throw ReportError("\(file): \(error)")
        } catch {
            throw ReportError("\(file): not a complete schedule of this program: \(SealedJSON.reason(error))")
        }
    }

    private static func schedule(_ contents: Contents) throws -> Schedule {
        var (lists, ranks): ([[Int]], Int) = ([], 0)
        for program in contents.programs {
            lists.append(try RankList.read(program.ranks, most: RankList.most - ranks))
            ranks += lists.last?.count ?? 0
        }
        guard ranks > 0, Set(lists.joined()) == Set(0..<ranks) else {
            throw ReportError(
                "programs of ranks \(contents.programs.map(\.ranks)); allowed is each rank from 0 on, once")
        }
        var ofRank = Array(repeating: 0, count: ranks)
        for (program, list) in lists.enumerated() { for rank in list { ofRank[rank] = program } }
        let operations = try contents.operations.map { try $0.operation(ranks: ranks) }
        var left = Schedule.mostOperations
        let programs = try contents.programs.map { record in
            let program = try ScheduleText.read(record.operations, operations: operations.count, most: left)
            left -= program.count
            return program
        }
        let schedule = Schedule(operations: operations, programs: programs, programOfRank: ofRank)
        // Only a caller who knows the model knows how long vectors are.
        if let problem = schedule.problem(mostElements: Int(Int32.max)) { throw ReportError(problem) }
        return schedule
    }

    /// The schedule of one of the runs in a folder.
    ///
    /// - Throws: ``ReportError`` if there is none, or it cannot be used.
    package static func read(_ folder: String, _ strategy: String, seed: UInt64) throws(ReportError) -> Schedule {
        let file = "\(folder)/\(name(strategy, seed: seed))"
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ReportError(
                "'\(file)' does not exist or cannot be read; bench writes it for simulated runs with --record")
        }
        return try decode(data, strategy: strategy, seed: seed, file: file)
    }
}

/// An operation in the file's form; fields that do not apply to its kind are left out.
private struct OperationRecord: Codable {
    var kind: String
    var fullSteps: Int?
    var samplesPerStep: Int?
    var shortSteps: Int?
    var samplesPerShortStep: Int?
    var vectorElements: Int?
    var forwardPasses: Int?
    var samplesPerForwardPass: Int?
    var equivalentSamples: Double?
    var peer: Int?
    var root: Int?
    var isMean: Bool?
    var elements: Int?
    var bytes: Int?
    var shares: [Double]?
    var share: Int?
    var purpose: TrafficPurpose?
    var direction: TrafficDirection?

    init(_ operation: Fabrics.Operation) {
        switch operation {
        case .compute(let work):
            kind = "compute"
            set(work)
        case .step(let work, let elements, let shares):
            kind = "step"
            set(work)
            (self.elements, self.shares) = (elements, shares)
        case .ready(let share):
            kind = "ready"
            self.share = share
        case .update: kind = "update"
        case .send(let receiver, let bytes, let purpose, let direction):
            kind = "send"
            set(receiver, bytes, purpose, direction)
        case .post(let receiver, let bytes, let purpose, let direction):
            kind = "post"
            set(receiver, bytes, purpose, direction)
        case .receive(let sender):
            kind = "receive"
            peer = sender
        case .receiveFirst, .sleep: preconditionFailure("a schedule with an operation that depends on time")
        case .collective(let collective, let elements, let purpose):
            kind = collective.name
            (root, self.elements, self.purpose) = (collective.root, elements, purpose)
            isMean = collective.reduction.map { $0 == .mean }
        case .evaluation: kind = "evaluation"
        case .show: kind = "show"
        }
    }

    private mutating func set(_ work: ComputeWork) {
        (fullSteps, samplesPerStep) = (work.fullSteps, work.samplesPerStep)
        (shortSteps, samplesPerShortStep) = (work.shortSteps, work.samplesPerShortStep)
        vectorElements = work.vectorElements
        if work.forwardPasses > 0 {
            (forwardPasses, samplesPerForwardPass) = (work.forwardPasses, work.samplesPerForwardPass)
        }
        if work.equivalentSamples > 0 { equivalentSamples = work.equivalentSamples }
    }

    /// Sizes are given in bytes where they are not a whole number of 32-bit numbers.
    private mutating func set(
        _ receiver: Int, _ bytes: Int, _ purpose: TrafficPurpose, _ direction: TrafficDirection
    ) {
        (peer, self.purpose, self.direction) = (receiver, purpose, direction)
        if bytes % MemoryLayout<Float>.size == 0 {
            elements = bytes / MemoryLayout<Float>.size
        } else {
            self.bytes = bytes
        }
    }

    private func payloadBytes() throws(ReportError) -> Int {
        if let bytes { return try count(bytes) }
        return try count(elements) * MemoryLayout<Float>.size
    }

    private func work() throws(ReportError) -> ComputeWork {
        var work = ComputeWork.none
        (work.fullSteps, work.samplesPerStep) = (try count(fullSteps), try count(samplesPerStep))
        (work.shortSteps, work.samplesPerShortStep) = (try count(shortSteps), try count(samplesPerShortStep))
        work.vectorElements = try count(vectorElements)
        if let forwardPasses {
            (work.forwardPasses, work.samplesPerForwardPass) = (
                try count(forwardPasses), try count(samplesPerForwardPass)
            )
        }
        if let equivalentSamples {
            guard (0...Double(Int32.max)).contains(equivalentSamples) else {
                throw failure("work of \(equivalentSamples) samples; allowed is 0 to \(Int32.max)")
            }
            work.equivalentSamples = equivalentSamples
        }
        return work
    }

    func operation(ranks: Int) throws(ReportError) -> Fabrics.Operation {
        switch kind {
        case "compute": return .compute(try work())
        case "step":
            guard let shares, !shares.isEmpty, shares.allSatisfy({ $0 > 0 && $0 <= 1 }), shares == shares.sorted()
            else {
                throw failure(
                    "shares \(shares.map { "\($0)" } ?? "missing"); allowed are those above 0 up to 1, ascending")
            }
            return .step(try work(), elements: try count(elements), shares: shares)
        case "ready": return .ready(share: try count(share))
        case "update": return .update
        case "send", "post":
            guard let purpose, let direction else { throw failure("no purpose or direction") }
            let (receiver, bytes) = (try rank(peer, ranks), try payloadBytes())
            return kind == "send"
                ? .send(to: receiver, bytes: bytes, purpose, direction)
                : .post(to: receiver, bytes: bytes, purpose, direction)
        case "receive": return .receive(from: try rank(peer, ranks))
        case "evaluation": return .evaluation
        case "show": return .show
        default:
            if let root { _ = try rank(root, ranks) }
            let reduction = isMean.map { $0 ? Reduction.mean : .sum }
            guard let collective = CollectiveKind(name: kind, root: root, reduction: reduction) else {
                throw failure("an unknown kind")
            }
            guard let purpose else { throw failure("no purpose") }
            return .collective(collective, elements: try count(elements), purpose)
        }
    }

    private func failure(_ what: String) -> ReportError { ReportError("an operation '\(kind)' with \(what)") }

    private func count(_ value: Int?) throws(ReportError) -> Int {
        guard let value, (0...Int(Int32.max)).contains(value) else {
            throw failure("a count of \(value.map(String.init) ?? "nothing"); allowed is 0 to \(Int32.max)")
        }
        return value
    }

    private func rank(_ value: Int?, _ ranks: Int) throws(ReportError) -> Int {
        guard let value, (0..<ranks).contains(value) else {
            throw failure("rank \(value.map(String.init) ?? "missing"); allowed is 0 to \(ranks - 1)")
        }
        return value
    }
}

/// Ranks in a readable form: `0-3 7`.
enum RankList {
    /// - Parameter ranks: in ascending order.
    static func write(_ ranks: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for rank in ranks {
            if let last = runs.last, last.upperBound == rank - 1 {
                runs[runs.count - 1] = last.lowerBound...rank
            } else {
                runs.append(rank...rank)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: " ")
    }

    /// The most ranks that a file may name: as many workers as a plan can have, and a server.
    static let most = 1_000_001

    /// - Parameter most: the most ranks that the list may have.
    static func read(_ text: String, most: Int = most) throws(ReportError) -> [Int] {
        var ranks: [Int] = []
        for part in text.split(separator: " ") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, ends.count <= 2, first >= 0, last >= first,
                last < Self.most, last - first < most - ranks.count,
                part.utf8.filter({ $0 == UInt8(ascii: "-") }).count == ends.count - 1
            else { throw ReportError("ranks '\(part)'; allowed is such as '0-3 7', up to \(Self.most) ranks") }
            ranks += first...last
        }
        return ranks
    }
}
