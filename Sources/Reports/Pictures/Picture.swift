import Diagnostics

/// A picture before it is text: what it is called, what it shows in a sentence, and its elements.
package struct Picture: Sendable {
    /// The name of the picture's file, with which its elements also refer to each other: lower-case letters, digits and
    /// hyphens. No two pictures of a page have the same name.
    package let name: String
    /// What is drawn.
    package let title: String
    /// What the data in the picture show, in a sentence that replaces it for those who do not see it.
    package let finding: String
    /// The width, in pixels.
    package let width: Double
    package let height: Double
    package let elements: [SVGElement]

    /// The width of all charts, in pixels: a column of the page.
    package static let standardWidth = 640.0

    package init(
        name: String, title: String, finding: String, width: Double = standardWidth, height: Double,
        _ elements: [SVGElement]
    ) {
        precondition(
            name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
            "a picture called '\(name)'")
        self.name = name
        self.title = title
        self.finding = finding
        self.width = width
        self.height = height
        self.elements = elements
    }

    /// The picture as an SVG text. The same data give the same bytes.
    package func svg(_ theme: PictureTheme) -> String {
        var output = "<svg"
        // Within HTML the parser knows the namespace, and a page holds no address except in links.
        if theme != .page { output += " xmlns=\"http://www.w3.org/2000/svg\"" }
        let (width, height) = (MarkupText.pixels(width), MarkupText.pixels(height))
        if theme != .page { output += " width=\"\(width)\" height=\"\(height)\"" }
        output += " viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-labelledby=\"\(name)-title \(name)-desc\""
        output +=
            " font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif\" font-size=\"12\" fill=\"none\">"
        output += "<title id=\"\(name)-title\">\(MarkupText.escaped(title))</title>"
        output += "<desc id=\"\(name)-desc\">\(MarkupText.escaped(finding))</desc>"
        if theme == .auto {
            output += "<style>svg{\(Palette.light.declarations)}"
            output += "@media(prefers-color-scheme:dark){svg{\(Palette.dark.declarations)}}</style>"
        }
        SVGElement("rect", [("width", .path(width)), ("height", .path(height)), ("fill", .ink(.paper))])
            .write(theme, to: &output)
        for element in elements { element.write(theme, to: &output) }
        return output + "</svg>"
    }
}
