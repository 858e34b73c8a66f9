import Experiments
import Files
package import Foundation
import Locking
import Training

/// The file of `--log`: JSON Lines, written while the experiment runs, with a line for every evaluation. A run that is
/// killed leaves what it had, and a run under way can be watched.
///
/// Keys and their meaning follow MLPerf's logging (mlcommons/logging, `mlperf_logging/mllog`): `namespace`, `time_ms`,
/// `event_type`, `key`, `value`, `metadata`. Each line is one write to the file. Runs stand one after the other, in the
/// experiment's order: the lines of a run wait only for earlier runs that are made side by side with it. Lines of
/// `run_progress` do not wait: they tell watchers how far such a run is, and stand anywhere in the order. The first
/// line says what will be run and by which process, the last one that it has ended.
package final class EventLog: Sendable {
    private struct State {
        let descriptor: Int32
        var lines: InOrder<Data>
        var error: String?

        /// Whether the last line is written.
        var hasStopped = false

        mutating func write(_ lines: [Data]) {
            for line in lines where error == nil {
                let written = line.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
                if written != line.count { error = written < 0 ? String(cString: strerror(errno)) : "no room is left" }
            }
        }
    }

    package static let keys = [
        "experiment_start", "experiment_stop", "run_progress", "submission_benchmark", "run_start", "seed",
        "global_batch_size", "opt_base_learning_rate", "train_samples",
        "eval_samples", "eval_accuracy", "run_stop",
    ]

    /// The file's name in an output folder, which `bench watch` looks for.
    package static let name = "log.jsonl"

    private let path: String
    private let told: @Sendable (Data) -> Void
    private let state: Guarded<State>

    /// Makes the file, or empties it.
    ///
    /// - Parameters:
    ///   - appending: whether to keep what an earlier process wrote for the same experiment.
    ///   - first: the index of the first run that is made.
    ///   - told: called with every line when it is written, for watchers in this process.
    /// - Throws: ``ReportError`` saying why the file cannot be written.
    package init(
        _ path: String, appending: Bool = false, from first: Int = 0,
        told: @escaping @Sendable (Data) -> Void = { _ in }
    ) throws(ReportError) {
        let descriptor: Int32
        do throws(FileError) {
            descriptor = try FileWriter.descriptor(appendingTo: path, keeping: appending)
        } catch {
            throw ReportError("--log '\(path)' cannot be written: \(error)")
        }
        self.path = path
        self.told = told
        state = Guarded(State(descriptor: descriptor, lines: InOrder(from: first)))
    }

    deinit {
        finish()
        _ = state.withLock { close($0.descriptor) }
    }

    /// Writes the lines that wait for runs which will not end.
    package func finish() {
        state.withLock { state in write(state.lines.rest(), &state) }
    }

    private func write(_ lines: [Data], _ state: inout State) {
        state.write(lines)
        lines.forEach(told)
    }

    /// - Throws: ``ReportError`` if a line could not be written.
    package func check() throws(ReportError) {
        if let error = state.withLock({ $0.error }) {
            throw ReportError("--log '\(path)' is not complete: \(error)")
        }
    }

    // MARK: Events

    /// Writes the first line, which says what will be run.
    package func start(_ header: EventLogHeader) {
        writeAtOnce("INTERVAL_START", "experiment_start", .text(header.plan.task), header.values)
    }

    /// Writes the last line.
    ///
    /// - Parameter reason: why the experiment did not reach its end; nil where it did.
    package func stop(because reason: String?) {
        finish()
        guard
            state.withLock({ state in
                defer { state.hasStopped = true }
                return !state.hasStopped
            })
        else { return }
        writeAtOnce(
            "INTERVAL_END", "experiment_stop", nil,
            [("status", .text(reason == nil ? "success" : "aborted"))] + (reason.map { [("reason", .text($0))] } ?? []))
    }

    /// - Parameter trial: the trial of a study, or the coalition, in words; nil for other runs.
    package func begin(_ run: Experiment.RunIdentity, _ plan: ExperimentPlan, trial: String? = nil) {
        let configuration = run.strategy.configuration
        // After a resume, the log may already have later evaluations, written by the process that was killed.
        write(
            "INTERVAL_START", "run_start", nil, run,
            (run.resumedAfter == 0 ? [] : [("resumed_after_steps", .count(run.resumedAfter))])
                + (trial.map { [("trial", .text($0))] } ?? []) + [("epochs", .number(configuration.epochs))])
        write("POINT_IN_TIME", "submission_benchmark", .text(plan.task), run)
        write("POINT_IN_TIME", "seed", .count(Int(clamping: run.seed)), run)
        if let batch = run.strategy.roles.stepBatch { write("POINT_IN_TIME", "global_batch_size", .count(batch), run) }
        write("POINT_IN_TIME", "opt_base_learning_rate", .number(configuration.schedule.baseRate), run)
    }

    /// Writes an evaluation. Where the metric is not accuracy, its name and value are written in addition.
    ///
    /// - Parameter share: the part of the run's samples that are done, 0 to 1.
    package func evaluate(
        _ run: Experiment.RunIdentity, _ point: TrainingRun.Evaluation, share: Double, by metric: Metric
    ) {
        let value: [(String, Value)] =
            metric == .accuracy
            ? [] : [("metric", .text(metric.rawValue)), ("eval_value", .number(metric.value(of: point)))]
        write(
            "POINT_IN_TIME", "eval_accuracy", .number(point.testAccuracy), run,
            [
                ("samples_count", .count(point.samples)), ("step_num", .count(point.round)),
                ("cluster_seconds", .number(point.clusterSeconds)), ("bytes_sent", .count(point.bytesSent)),
                ("eval_loss", .number(point.testLoss)), ("train_loss", .number(point.trainLoss ?? .nan)),
                ("share", .number(share)),
            ] + value, progress: metric.value(of: point))
    }

    package func end(_ run: Experiment.RunIdentity, _ record: RunRecord, target: Target) {
        let reached = TimeToTarget(record.evaluations, target: target).sustainedSeconds != nil
        write(
            "INTERVAL_END", "run_stop", nil, run,
            [
                ("status", .text(record.outcome == .completed ? "success" : "aborted")),
                ("outcome", .text(record.outcome.rawValue)), ("target_reached", .flag(reached)),
                ("cluster_seconds", .number(record.clusterSeconds)), ("host_seconds", .number(record.hostSeconds)),
                ("bytes_sent", .count(record.traffic.bytesTotal)),
            ] + Self.departures(record), isLast: true)
    }

    /// For a run that ranks left: how many, and whose departure ended the run, if one did.
    private static func departures(_ record: RunRecord) -> [(String, Value)] {
        guard let departures = record.departures else { return [] }
        var values: [(String, Value)] = [("ranks_left", .count(departures.count))]
        if let cause = record.stoppedBy {
            values += [("stopped_by_rank", .count(cause.rank)), ("stopped_at_seconds", .number(cause.seconds))]
        }
        return values
    }

    // MARK: Lines

    enum Value: Encodable {
        case list([Value])
        case text(String)
        case count(Int)
        /// `null` where the number is not finite.
        case number(Double)
        case flag(Bool)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .list(let values): try container.encode(values)
            case .text(let text): try container.encode(text)
            case .count(let count): try container.encode(count)
            case .number(let number):
                if number.isFinite { try container.encode(number) } else { try container.encodeNil() }
            case .flag(let flag): try container.encode(flag)
            }
        }
    }

    private struct Line: Encodable {
        let namespace = ""
        let timeMilliseconds: Int
        let eventType: String
        let key: String
        let value: Value?
        let metadata: [String: Value]

        enum CodingKeys: String, CodingKey {
            case namespace, timeMilliseconds = "time_ms", eventType = "event_type", key, value, metadata
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(namespace, forKey: .namespace)
            try container.encode(timeMilliseconds, forKey: .timeMilliseconds)
            try container.encode(eventType, forKey: .eventType)
            try container.encode(key, forKey: .key)
            // MLPerf's lines have the key even without a value.
            try container.encode(value, forKey: .value)
            try container.encode(metadata, forKey: .metadata)
        }
    }

    private func write(
        _ type: String, _ key: String, _ value: Value?, _ run: Experiment.RunIdentity, _ more: [(String, Value)] = [],
        isLast: Bool = false, progress: Double? = nil
    ) {
        let own: [(String, Value)] = [
            ("strategy", .text(run.strategy.name)), ("seed", .count(Int(clamping: run.seed))),
            ("repetition", .count(run.repetition)), ("run", .count(run.index)),
        ]
        guard let data = Self.line(type, key, value, own + more) else { return }
        state.withLock { state in
            let due = state.lines.add(data, of: run.index, isLast: isLast)
            write(due, &state)
            guard due.isEmpty, let progress,
                let line = Self.line("POINT_IN_TIME", "run_progress", .number(progress), own + more)
            else { return }
            write([line], &state)
        }
    }

    private func writeAtOnce(_ type: String, _ key: String, _ value: Value?, _ metadata: [(String, Value)]) {
        guard let line = Self.line(type, key, value, metadata) else { return }
        state.withLock { write([line], &$0) }
    }

    private static func line(_ type: String, _ key: String, _ value: Value?, _ values: [(String, Value)]) -> Data? {
        var metadata: [String: Value] = [:]
        for (name, value) in values { metadata[name] = value }
        let line = Line(
            timeMilliseconds: Int(Date().timeIntervalSince1970 * 1000), eventType: type, key: key, value: value,
            metadata: metadata)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers are finite and text is text: this cannot fail.
        return try? encoder.encode(line) + Data("\n".utf8)
    }
}
