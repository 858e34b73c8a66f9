/// What a part of a picture is drawn in, by its meaning. Which colour that is depends on the theme.
package enum Ink: Hashable, Sendable {
    /// Behind everything. Every picture has it, so that it can be read on any page.
    case paper
    /// Titles and labels.
    case text
    /// Ticks, notes, and strategies beyond those that have a colour.
    case muted
    /// Lines of the grid, and frames.
    case grid
    /// A strategy, or another category, by its place.
    case series(Int)
    /// Nodes that gain, nodes that lose, and nodes of which neither is shown.
    case gain, loss, open
    /// A share between 0 and 1, from the paper to full.
    case share(Double)

    /// How many colours tell categories apart; nobody tells more.
    package static let seriesCount = 7

    /// The name of the page's variable; nil where the colour is made from others.
    var variable: String? {
        switch self {
        case .paper: "--paper"
        case .text: "--ink"
        case .muted: "--muted"
        case .grid: "--grid"
        case .series(let index): "--s\(index % Self.seriesCount)"
        case .gain: "--gain"
        case .loss: "--loss"
        case .open: "--open"
        case .share: nil
        }
    }

    /// All inks that have a variable, in the order in which the variables are declared.
    static let variables: [Ink] =
        [.paper, .text, .muted, .grid] + (0..<seriesCount).map { .series($0) } + [.gain, .loss, .open]
}

/// Where the colours of a picture come from.
package enum PictureTheme: String, CaseIterable, Sendable {
    /// The file follows the reader's light or dark setting by itself.
    case auto
    /// Fixed colours on white.
    case light
    /// Fixed colours on nearly black.
    case dark
    /// Within a page, whose style declares the variables.
    case page

    /// The value of an attribute.
    package func colour(_ ink: Ink) -> String {
        switch self {
        case .light: return Palette.light.hex(ink)
        case .dark: return Palette.dark.hex(ink)
        case .auto, .page:
            if case .share(let share) = ink {
                return "color-mix(in srgb,var(--s1) \(MarkupText.pixels(share * 100))%,var(--paper))"
            }
            return ink.variable.map { "var(\($0))" } ?? "currentColor"
        }
    }
}

/// Colours with enough contrast on their own paper. The eight of M. Okabe and K. Ito, told apart by all kinds of colour
/// vision, on dark paper; on white three of them fall short of the 3:1 that WCAG 2.1 (1.4.11) asks of graphics, so that
/// darker ones of the same hue stand in, and yellow is left out.
package struct Palette: Sendable {
    private let paper, text, muted, grid: String
    private let series: [String]
    private let gain, loss, open: String

    package static let light = Palette(
        paper: "#ffffff", text: "#1a1a1a", muted: "#5c6066", grid: "#dfe1e5",
        series: ["#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b87f00", "#2b8cc4"],
        gain: "#0072b2", loss: "#d55e00", open: "#7a7f87")
    package static let dark = Palette(
        paper: "#121417", text: "#e9eaec", muted: "#a6abb3", grid: "#33373d",
        series: ["#f0e442", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#0072b2"],
        gain: "#56b4e9", loss: "#e69f00", open: "#8d939c")

    package func hex(_ ink: Ink) -> String {
        switch ink {
        case .paper: paper
        case .text: text
        case .muted: muted
        case .grid: grid
        case .series(let index): series[index % series.count]
        case .gain: gain
        case .loss: loss
        case .open: open
        case .share(let share): mixed(share)
        }
    }

    /// The variables of a style sheet.
    package var declarations: String {
        Ink.variables.map { "\($0.variable ?? ""):\(hex($0))" }.joined(separator: ";")
    }

    /// A colour between the paper and the second colour: the paper at a share of 0.
    private func mixed(_ share: Double) -> String {
        let (from, to) = (Self.channels(paper), Self.channels(series[1]))
        let part = min(max(share, 0), 1)
        let mixed = zip(from, to).map { Int((Double($0) + part * Double($1 - $0)).rounded()) }
        return "#" + mixed.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Red, green and blue of `#rrggbb`, 0 to 255 each.
    static func channels(_ hex: String) -> [Int] {
        let value = Int(hex.dropFirst(), radix: 16) ?? 0
        return [value >> 16, value >> 8 & 0xFF, value & 0xFF]
    }
}
