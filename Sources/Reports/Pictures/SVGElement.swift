/// One element of a picture, as a value: pictures are made by pure functions, and become text at the end.
package struct SVGElement: Hashable, Sendable {
    /// The value of an attribute.
    package enum Value: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByFloatLiteral,
        ExpressibleByIntegerLiteral
    {
        /// A length in pixels.
        case pixels(Double)
        case ink(Ink)
        /// Text, which is escaped when it is written.
        case text(String)
        /// Text that is written without escaping: this module made it of numbers and letters.
        case path(String)

        package init(stringLiteral value: String) { self = .text(value) }
        package init(floatLiteral value: Double) { self = .pixels(value) }
        package init(integerLiteral value: Int) { self = .pixels(Double(value)) }
    }

    private let name: String
    private let attributes: [(name: String, value: Value)]
    private let text: String?
    private let children: [SVGElement]

    package init(
        _ name: String, _ attributes: [(String, Value)] = [], text: String? = nil, _ children: [SVGElement] = []
    ) {
        self.name = name
        self.attributes = attributes.map { (name: $0.0, value: $0.1) }
        self.text = text
        self.children = children
    }

    package static func == (one: SVGElement, other: SVGElement) -> Bool {
        one.written(.light) == other.written(.light)
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(written(.light)) }

    package func written(_ theme: PictureTheme) -> String {
        var output = ""
        write(theme, to: &output)
        return output
    }

    func write(_ theme: PictureTheme, to output: inout String) {
        output += "<\(name)"
        for (name, value) in attributes {
            output += " \(name)=\""
            switch value {
            case .pixels(let number): output += MarkupText.pixels(number)
            case .ink(let ink): output += theme.colour(ink)
            case .text(let text): output += MarkupText.escaped(text)
            case .path(let path): output += path
            }
            output += "\""
        }
        guard text != nil || !children.isEmpty else {
            output += "/>"
            return
        }
        output += ">"
        if let text { output += MarkupText.escaped(text) }
        for child in children { child.write(theme, to: &output) }
        output += "</\(name)>"
    }
}

extension SVGElement {
    static func group(_ attributes: [(String, Value)] = [], _ children: [SVGElement]) -> SVGElement {
        SVGElement("g", attributes, children)
    }

    static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ ink: Ink, width: Double = 1, dash: String? = nil
    ) -> SVGElement {
        SVGElement(
            "path",
            [
                (
                    "d",
                    .path(
                        "M\(MarkupText.pixels(x1)) \(MarkupText.pixels(y1))L\(MarkupText.pixels(x2)) \(MarkupText.pixels(y2))"
                    )
                ),
                ("stroke", .ink(ink)), ("stroke-width", .pixels(width)),
            ] + (dash.map { [("stroke-dasharray", .path($0))] } ?? []))
    }

    enum Anchor: String {
        case start, middle, end
    }

    static func label(
        _ text: String, _ x: Double, _ y: Double, _ ink: Ink = .text, size: Double = 12, anchor: Anchor = .start,
        isBold: Bool = false, turned: Bool = false
    ) -> SVGElement {
        var attributes: [(String, Value)] = [("x", .pixels(x)), ("y", .pixels(y)), ("fill", .ink(ink))]
        if size != 12 { attributes.append(("font-size", .pixels(size))) }
        if anchor != .start { attributes.append(("text-anchor", .path(anchor.rawValue))) }
        if isBold { attributes.append(("font-weight", "bold")) }
        if turned {
            attributes.append(
                ("transform", .path("rotate(-90 \(MarkupText.pixels(x)) \(MarkupText.pixels(y)))")))
        }
        return SVGElement("text", attributes, text: text)
    }

    static func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: Ink, _ more: [(String, Value)] = [],
        title: String? = nil
    ) -> SVGElement {
        SVGElement(
            "rect",
            [
                ("x", .pixels(x)), ("y", .pixels(y)), ("width", .pixels(max(0, width))),
                ("height", .pixels(max(0, height))), ("fill", .ink(fill)),
            ] + more, title.map { [SVGElement("title", text: $0)] } ?? [])
    }
}
