import Diagnostics

/// A whole page in one file: it fetches nothing, which its content security policy proves, needs no script, and is XML as well
/// as HTML. What is on it comes in sections, whatever kind of record they were made from.
package struct ReportPage: Sendable {
    /// The heading of the page.
    package let title: String
    /// The answer that the reader came for, in Markdown: the first thing on the page.
    package let verdict: String
    /// What else must be known at once, such as that a run was stopped: Markdown.
    package let warnings: [String]
    /// The look of each strategy in all pictures of the page; nil where there are none.
    package let styles: SeriesStyles?
    package let sections: [PageSection]

    /// What the file is called.
    package static let name = "report.html"

    package init(
        title: String, verdict: String, warnings: [String] = [], styles: SeriesStyles? = nil, sections: [PageSection]
    ) {
        self.title = title
        self.verdict = verdict
        self.warnings = warnings
        self.styles = styles
        self.sections = sections.filter { !$0.blocks.isEmpty }
    }

    /// The page with another section at its end.
    func adding(_ section: PageSection) -> ReportPage {
        ReportPage(title: title, verdict: verdict, warnings: warnings, styles: styles, sections: sections + [section])
    }
}

/// A part of the page under a heading of the second level.
package struct PageSection: Sendable {
    package let title: String
    package let blocks: [PageBlock]

    package init(_ title: String, _ blocks: [PageBlock]) {
        self.title = title
        self.blocks = blocks
    }

    /// A section of `report.md`, whose heading becomes the title; nil for an empty one.
    package init?(markdown: String, before: [PageBlock] = []) {
        guard markdown.hasPrefix("## "), let end = markdown.firstIndex(of: "\n") else { return nil }
        self.init(String(markdown[..<end].dropFirst(3)), before + [.markdown(String(markdown[end...]))])
    }
}

/// A picture that lies beside the results as a file for light and one for dark pages, with what it shows.
package struct PageImage: Sendable {
    let title: String
    let finding: String
    let light: String
    let dark: String

    /// Bytes that it takes in a page.
    var bytesInPage: Int {
        (light.utf8.count + dark.utf8.count) * 4 / 3 + 3 * title.utf8.count + 2 * finding.utf8.count
    }
}

/// Something on the page.
package enum PageBlock: Sendable {
    /// Markdown with headings from the third level on.
    case markdown(String)
    case figure(PageFigure)
    /// Figures that stand beside each other where there is room.
    case figures([PageFigure])
    case images([PageImage])
    case table(TextTable)
    /// A part with this summary that is closed until the reader opens it; open in print.
    case details(String, [PageBlock])
    /// Files that are within the page.
    case downloads([PageFile])
}

/// A picture with the sentence that it shows and the numbers that it was made from.
package struct PageFigure: Sendable {
    package let picture: Picture
    /// Markdown; what is shown and how it is read, behind the picture's title and finding.
    package let note: String
    /// All numbers that are drawn, as a table; nil for none.
    package let numbers: TextTable?

    package init(_ picture: Picture, note: String = "", numbers: TextTable? = nil) {
        self.picture = picture
        self.note = note
        self.numbers = numbers
    }
}

/// A file that is part of the page, as a link with its contents in it.
package struct PageFile: Sendable {
    package let name: String
    /// What is in it.
    package let summary: String
    package let text: String
    /// The file compressed, in base64; nil for one that is in the page as it is.
    private let compressed: String?

    package init(_ name: String, _ summary: String, _ text: String) {
        self.name = name
        self.summary = summary
        self.text = text
        compressed = nil
    }

    private init(_ file: PageFile, compressed: String) {
        (name, summary, text) = (file.name + ".gz", file.summary, file.text)
        self.compressed = compressed
    }

    /// The file as a gzip archive; nil where zlib has no memory.
    var asArchive: PageFile? {
        GzipText.compressed(text).map { PageFile(self, compressed: $0.base64EncodedString()) }
    }

    /// A `data:` link that saves the file.
    var link: String {
        let contents =
            compressed.map { "application/gzip;base64,\($0)" } ?? "text/csv;charset=utf-8,\(Self.encoded(text))"
        return """
            <a download="\(MarkupText.escaped(name))" href="data:\(contents)">\
            \(MarkupText.escaped(name))</a> (\(MarkupText.escaped(summary)), \(Format.bytes(Double(text.utf8.count))))
            """
    }

    /// Bytes that the file takes in a page.
    var bytesInPage: Int { compressed?.utf8.count ?? Self.encodedCount(text) }

    /// The bytes of ``encoded(_:)``.
    static func encodedCount(_ text: String) -> Int { text.utf8.reduce(0) { $0 + (isKept($1) ? 1 : 3) } }

    /// What an address may hold stays, so that a file is little longer for it.
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 5 / 4)
        for byte in text.utf8 {
            if isKept(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isKept(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "-_.~,:/()=;@!*$".utf8.contains(byte)
        }
    }
}

/// The files that a page has room for. Files for which it has none are named.
struct PageDownloads {
    private var files: [PageFile] = []
    private var beside: [String] = []
    /// Bytes that the page has room for.
    private var left: Int

    init(mostBytes: Int) { left = mostBytes }

    /// Whether there is room for a file.
    ///
    /// - Parameter mostBytes: there is none for a larger file.
    func fits(_ file: PageFile, mostBytes: Int = .max) -> Bool { file.bytesInPage <= min(mostBytes, left) }

    /// Whether it is within the page, as it is or as an archive.
    ///
    /// - Parameters:
    ///   - mostBytes: what takes more of the page lies beside it, however much room there is.
    ///   - isNeeded: whether it is within the page in any case.
    @discardableResult
    mutating func add(_ file: PageFile, mostBytes: Int = .max, isNeeded: Bool = false) -> Bool {
        let isPlain = isNeeded && file.bytesInPage <= left || fits(file, mostBytes: min(mostBytes, Self.mostPlainBytes))
        let chosen = isPlain ? file : file.asArchive ?? file
        guard isNeeded || fits(chosen, mostBytes: mostBytes) else {
            beside.append("`\(file.name)`")
            return false
        }
        files.append(chosen)
        left -= chosen.bytesInPage
        return true
    }

    /// What a file takes of a page at most that is in it as it is, where a browser shows it.
    private static let mostPlainBytes = 20_000

    var blocks: [PageBlock] {
        let note = "Too large for a page, and beside it: \(beside.joined(separator: " and ")).\n"
        return (files.isEmpty ? [] : [.downloads(files)]) + (beside.isEmpty ? [] : [.markdown(note)])
    }
}
