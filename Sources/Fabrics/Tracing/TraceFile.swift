import Files
import Foundation

/// A trace that cannot be written: says which, and why.
package struct TraceError: Error, CustomStringConvertible, Equatable {
    package let description: String
}

/// A file of Chrome trace events in the JSON object format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.
///
/// Events are written as they come, so that memory does not grow with the file; it gets its name when it is complete.
/// Times are nanoseconds of cluster time, written as microseconds with three decimals: ph X is a slice, s and f the ends
/// of a flow, C a counter, i an instant, M a name (*Trace Event Format*, Google 2016).
final class TraceFile {
    private let path: String
    private let writer: FileWriter
    private var failure: FileError?
    private var buffer: [UInt8] = []
    private var flushedBytes = 0
    /// What has been written, with what still waits in memory.
    var byteCount: Int { flushedBytes + buffer.count }
    private var isFirst = true
    private static let flushAt = 1 << 16
    /// The one process of a trace.
    private static let process = 1

    /// - Throws: ``TraceError`` if the file cannot be made.
    init(_ path: String) throws(TraceError) {
        self.path = path
        do throws(FileError) { writer = try FileWriter(path) } catch { throw Self.cannotWrite(path, error) }
        buffer.reserveCapacity(Self.flushAt + 4096)
        text("{\"traceEvents\":[")
    }

    private static func cannotWrite(_ path: String, _ error: FileError) -> TraceError {
        TraceError(description: "trace '\(path)' cannot be written: \(error)")
    }

    /// Ends the file and gives it its name.
    ///
    /// - Parameter notes: what a reader has to know, in the file's `otherData`.
    /// - Throws: ``TraceError`` if an event or the end could not be written.
    func finish(notes: [(key: String, value: String)]) throws(TraceError) {
        text("\n],\"displayTimeUnit\":\"ns\",\"otherData\":{")
        for (index, note) in notes.enumerated() {
            text(index == 0 ? "" : ",")
            quoted(note.key)
            text(":")
            quoted(note.value)
        }
        text("}}\n")
        flush()
        do throws(FileError) {
            if let failure { throw failure }
            try writer.finish()
        } catch {
            writer.discard()
            throw Self.cannotWrite(path, error)
        }
    }

    /// Takes away what is not complete.
    func discard() { writer.discard() }

    // MARK: Events

    enum Argument {
        case count(StaticString, Int)
        case name(StaticString, String)
    }

    /// Something that takes time on a track. Slices of one track have to lie within each other or apart; of two that
    /// begin together the longer one comes first.
    func slice(_ name: String, on track: Int, from begin: Int64, to end: Int64, _ arguments: [Argument] = []) {
        event("X", name, on: track, at: begin)
        text(",\"dur\":")
        microseconds(end - begin)
        self.arguments(arguments)
        text("}")
        flushIfLarge()
    }

    /// One end of an arrow, in the slice that is written before it and has begun by then.
    func flow(isStart: Bool, _ id: Int, _ name: String, on track: Int, at time: Int64) {
        event(isStart ? "s" : "f", name, on: track, at: time)
        text(",\"cat\":\"message\",\"id\":")
        number(Int64(id))
        text(isStart ? "}" : ",\"bp\":\"e\"}")
        flushIfLarge()
    }

    func counter(_ name: String, at time: Int64, _ value: Int) {
        event("C", name, on: 0, at: time)
        arguments([.count("value", value)])
        text("}")
        flushIfLarge()
    }

    func instant(_ name: String, on track: Int, at time: Int64) {
        event("i", name, on: track, at: time)
        text(",\"s\":\"t\"}")
        flushIfLarge()
    }

    func processName(_ name: String) { metadata("process_name", on: 0, .name("name", name)) }
    /// Stands beside the process's name.
    func processLabel(_ label: String) { metadata("process_labels", on: 0, .name("labels", label)) }

    func trackName(_ name: String, of track: Int) {
        metadata("thread_name", on: track, .name("name", name))
        metadata("thread_sort_index", on: track, .count("sort_index", track))
    }

    private func metadata(_ name: String, on track: Int, _ argument: Argument) {
        event("M", name, on: track, at: 0)
        arguments([argument])
        text("}")
        flushIfLarge()
    }

    private func event(_ phase: String, _ name: String, on track: Int, at time: Int64) {
        text(isFirst ? "\n{\"ph\":\"" : ",\n{\"ph\":\"")
        isFirst = false
        text(phase)
        text("\",\"name\":")
        quoted(name)
        text(",\"pid\":")
        number(Int64(Self.process))
        text(",\"tid\":")
        number(Int64(track))
        text(",\"ts\":")
        microseconds(time)
    }

    private func arguments(_ arguments: [Argument]) {
        guard !arguments.isEmpty else { return }
        text(",\"args\":{")
        for (index, argument) in arguments.enumerated() {
            text(index == 0 ? "\"" : ",\"")
            switch argument {
            case .count(let key, let count):
                text("\(key)")
                text("\":")
                number(Int64(count))
            case .name(let key, let name):
                text("\(key)")
                text("\":")
                quoted(name)
            }
        }
        text("}")
    }

    // MARK: Text

    private func text(_ text: String) { buffer.append(contentsOf: text.utf8) }

    private func quoted(_ text: String) {
        buffer.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(byte)
            case 0..<0x20: buffer.append(UInt8(ascii: " "))
            default: buffer.append(byte)
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }

    private func number(_ value: Int64) { buffer.append(contentsOf: String(value).utf8) }

    /// Nanoseconds, from 0 up, as microseconds with three decimals.
    private func microseconds(_ nanoseconds: Int64) {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        number(whole)
        guard rest > 0 else { return }
        buffer.append(UInt8(ascii: "."))
        for digit in [rest / 100, rest / 10 % 10, rest % 10] { buffer.append(UInt8(ascii: "0") + UInt8(digit)) }
    }

    private func flushIfLarge() { if buffer.count >= Self.flushAt { flush() } }

    private func flush() {
        defer {
            flushedBytes += buffer.count
            buffer.removeAll(keepingCapacity: true)
        }
        guard failure == nil else { return }
        buffer.withUnsafeBytes { bytes in
            do throws(FileError) { try writer.write(bytes) } catch { failure = error }
        }
    }
}
