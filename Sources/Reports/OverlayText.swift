import Diagnostics
import Experiments
import Randomness
import Training

/// What a report says of who talked to whom.
enum OverlayText {
    /// The most nodes: eigenvalues take time as the cube of their number, and a report is made again and again.
    private static let mostNodes = 512

    /// A sentence with the overlay and how fast it brings nodes together, or why that is not told; nil for a strategy without
    /// one.
    static func sentence(_ strategy: StrategyPlan, firstSeed: UInt64) -> String? {
        guard case .text(let text)? = strategy.options["overlay"] else { return nil }
        let name = "Overlay: \(MarkdownText.plain(text))"
        let nodes = strategy.roles.workers
        guard nodes <= mostNodes else {
            let elsewhere =
                nodes > OverlaySpectrum.mostNodes
                ? "" : "; 'bench list --overlay' with --workers has those of up to \(OverlaySpectrum.mostNodes)"
            return """
                \(name), whose eigenvalues take time as the cube of the nodes and are told in reports of up to \(mostNodes)\
                \(elsewhere).
                """
        }
        do throws(OverlayError) {
            return name + ", " + (try figures(text, nodes, strategy, firstSeed)).joined(separator: ", ") + "."
        } catch {
            // A file may be gone since, or be another one.
            return "\(name), of which nothing more is known here: \(MarkdownText.plain(error.description))."
        }
    }

    private static func figures(
        _ text: String, _ nodes: Int, _ strategy: StrategyPlan, _ firstSeed: UInt64
    ) throws(OverlayError) -> [String] {
        let overlay = try Overlay(text)
        let network = try overlay.network(of: nodes, seeds: SeedSequence(firstSeed))
        guard let spectrum = OverlaySpectrum(try matrices(network, strategy)) else {
            return ["whose eigenvalues were not found"]
        }
        var figures = [
            "second eigenvalue \(Format.fixed(spectrum.secondEigenvalue, 4))",
            "spectral gap \(Format.fixed(spectrum.gap, 4))",
        ]
        if let neighbours = spectrum.effectiveNeighbours(0.9) {
            figures.append("\(Format.significant(neighbours)) effective neighbours at γ = 0.9")
        }
        if overlay.isRandom { figures.append("with seed \(firstSeed)") }
        // What is in it may have changed since the run.
        if Overlay.isFile(text) { figures.append("by the file as it was when this was written") }
        return figures
    }

    private static func matrices(
        _ network: OverlayNetwork, _ strategy: StrategyPlan
    ) throws(OverlayError) -> [MixingMatrix] {
        guard case .text(let text)? = strategy.options["mixing"], let mixing = Mixing(rawValue: text) else {
            return try network.shares()
        }
        return try network.weights(mixing)
    }
}
