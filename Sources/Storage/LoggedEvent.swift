import Diagnostics
package import Foundation

/// A line of a log, see ``EventLog``.
package struct LoggedEvent: Sendable {
    /// A JSON value that a log may hold.
    package enum Value: Decodable, Sendable {
        case list([Value])
        case text(String)
        case number(Double)
        case flag(Bool)
        case none

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .none
            } else if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .list(try container.decode([Value].self))
            }
        }
    }

    private struct Line: Decodable {
        let milliseconds: Double
        let key: String
        let value: Value?
        let metadata: [String: Value]?

        enum CodingKeys: String, CodingKey { case milliseconds = "time_ms", key, value, metadata }
    }

    package let key: String
    /// The file and the line.
    package let place: String
    /// Milliseconds since 1970.
    package let milliseconds: Double
    private let value: Value
    private let metadata: [String: Value]

    /// - Parameters:
    ///   - line: the line without its line feed.
    ///   - place: the file and the line, for messages.
    /// - Throws: ``ReportError`` for a line that does not belong in a log.
    package init(_ line: Data, at place: String) throws(ReportError) {
        self.place = place
        do {
            let decoded = try JSONDecoder().decode(Line.self, from: line)
            (key, milliseconds) = (decoded.key, decoded.milliseconds)
            (value, metadata) = (decoded.value ?? .none, decoded.metadata ?? [:])
        } catch {
            let found = String(decoding: line.prefix(40), as: UTF8.self)
            throw ReportError(
                "\(place): found '\(VisibleText.line(found))'; allowed is a JSON object with 'key' and 'time_ms', as --log writes it"
            )
        }
    }

    package subscript(_ name: String) -> Value? { metadata[name] }
    package func text(_ name: String) -> String? { metadata[name]?.text }
    package func count(_ name: String) -> Int? { metadata[name]?.number.flatMap { Int(exactly: $0) } }
    package func flag(_ name: String) -> Bool? { metadata[name]?.flag }
    package func number(_ name: String) -> Double? { metadata[name]?.number }
    package func texts(_ name: String) -> [String] { metadata[name]?.list.compactMap(\.text) ?? [] }
    /// The number of elements of a list.
    package func length(_ name: String) -> Int { metadata[name]?.list.count ?? 0 }
    package func counts(_ name: String) -> [Int] {
        metadata[name]?.list.compactMap { $0.number.flatMap { Int(exactly: $0) } } ?? []
    }
    package var numberValue: Double? { value.number }
    package var textValue: String? { value.text }
}

extension LoggedEvent.Value {
    fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
    fileprivate var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
    fileprivate var number: Double? { if case .number(let number) = self { number } else { nil } }
    fileprivate var list: [LoggedEvent.Value] { if case .list(let list) = self { list } else { [] } }
}
