import Diagnostics
import Foundation

extension ReportPage {
    /// The text of the file.
    package func html() -> String {
        var output = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy" content="\(Self.policy)"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>\(MarkupText.escaped(PlainText.of(title)))</title>
            <style>\(PageStyle.css)</style>
            </head>
            <body>
            <header><h1>\(MarkdownHTML.inline(title))</h1>
            <div class="verdict">\(MarkdownHTML.render(verdict))</div>

            """
        for warning in warnings { output += "<div class=\"warning\">\(MarkdownHTML.render(warning))</div>\n" }
        output += legend + "</header>\n" + contents + "<main>\n"
        for (index, section) in sections.enumerated() {
            output += "<section id=\"\(Self.anchor(index))\"><h2>\(MarkdownHTML.inline(section.title))</h2>\n"
            for block in section.blocks { Self.write(block, to: &output) }
            output += "</section>\n"
        }
        return output + "</main>\n<script>\(PageScript.text)</script>\n</body>\n</html>\n"
    }

    /// The content security policy: nothing may be fetched; styles and the script are the page's own.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

    private static func anchor(_ index: Int) -> String { "part\(index + 1)" }

    private var contents: String {
        guard sections.count > 3 else { return "" }
        let items = sections.enumerated().map {
            "<li><a href=\"#\(Self.anchor($0.offset))\">\(MarkdownHTML.inline($0.element.title))</a></li>"
        }
        return "<nav aria-label=\"Contents\"><ul>\(items.joined())</ul></nav>\n"
    }

    /// Which line is which strategy, once for all pictures; with the script each is a switch.
    private var legend: String {
        guard let styles, !styles.named.isEmpty else { return "" }
        let items = styles.named.map { name, style in
            "<li data-series=\"\(style.index)\"><svg viewBox=\"0 0 34 12\" width=\"34\" height=\"12\" aria-hidden=\"true\">"
                + style.sample(width: 34, height: 12).map { $0.written(.page) }.joined()
                + "</svg><span>\(MarkupText.escaped(name))</span></li>"
        }
        let rest =
            styles.greyCount == 0
            ? "" : "<li class=\"rest\">\(styles.greyCount) others are grey, and in the tables</li>"
        return "<ul class=\"legend\" aria-label=\"Strategies\">\(items.joined())\(rest)</ul>\n"
    }

    private static func write(_ block: PageBlock, to output: inout String) {
        switch block {
        case .markdown(let text): output += MarkdownHTML.render(text)
        case .table(let table): output += MarkdownHTML.render(table.markdown)
        case .figure(let figure): write(figure, to: &output)
        case .figures(let figures):
            output += "<div class=\"grid\">\n"
            for figure in figures { write(figure, to: &output) }
            output += "</div>\n"
        case .images(let images):
            output += "<div class=\"grid\">\n"
            for image in images { write(image, to: &output) }
            output += "</div>\n"
        case .details(let summary, let blocks):
            output += "<details><summary>\(MarkdownHTML.inline(summary))</summary>\n"
            for block in blocks { write(block, to: &output) }
            output += "</details>\n"
        case .downloads(let files):
            output += "<ul>" + files.map { "<li>\($0.link)</li>" }.joined(separator: "\n") + "</ul>\n"
        }
    }

    /// As an image, in which nothing can run, whatever the file has become.
    private static func write(_ image: PageImage, to output: inout String) {
        func address(_ svg: String) -> String { "data:image/svg+xml;base64,\(Data(svg.utf8).base64EncodedString())" }
        output += """
            <figure><figcaption><strong>\(MarkupText.escaped(image.title))</strong> \(MarkupText.escaped(image.finding))</figcaption>
            <div class="scroll" tabindex="0" role="group" aria-label="\(MarkupText.escaped(image.title)): picture">
            <picture><source media="(prefers-color-scheme: dark)" srcset="\(address(image.dark))"/>
            <img src="\(address(image.light))" alt="\(MarkupText.escaped("\(image.title). \(image.finding)"))"/></picture></div>
            </figure>

            """
    }

    private static func write(_ figure: PageFigure, to output: inout String) {
        let picture = figure.picture
        output += """
            <figure role="group" aria-label="\(MarkupText.escaped(picture.title))">
            <figcaption><strong>\(MarkupText.escaped(picture.title))</strong> \(MarkupText.escaped(picture.finding))</figcaption>
            <div class="scroll" tabindex="0" role="group" aria-label="\(MarkupText.escaped(picture.title)): picture">
            """
        output += picture.svg(.page)
        output += "</div>\n"
        if !figure.note.isEmpty { output += "<div class=\"note\">\(MarkdownHTML.render(figure.note))</div>\n" }
        if let numbers = figure.numbers {
            output += "<details><summary>Numbers</summary>\n\(MarkdownHTML.render(numbers.markdown))</details>\n"
        }
        output += "</figure>\n"
    }
}
