import Diagnostics
import Experiments
import Randomness
import Training

/// What a report says of who talked to whom.
enum OverlayText {
    /// Eigenvalues take time as the cube of the nodes, and a report is made again and again.
    private static let mostNodes = 512

    /// A sentence with the overlay and how fast it brings nodes together; nil for a strategy without one.
    static func sentence(_ strategy: StrategyPlan, firstSeed: UInt64) -> String? {
        guard case .text(let text)? = strategy.options["overlay"] else { return nil }
        let name = "Overlay: \(MarkdownText.plain(text))"
        let nodes = strategy.roles.workers
        // A file may be gone since, and where it is the report does not know.
        guard nodes <= mostNodes, !Overlay.isFile(text), let overlay = try? Overlay(text),
            let network = try? overlay.network(of: nodes, seeds: SeedSequence(firstSeed)),
            let matrices = try? matrices(network, strategy), let spectrum = OverlaySpectrum(matrices)
        else { return "\(name)." }
        var figures = [
            name, "second eigenvalue \(Format.fixed(spectrum.secondEigenvalue, 4))",
            "spectral gap \(Format.fixed(spectrum.gap, 4))",
        ]
        if let neighbours = spectrum.effectiveNeighbours(0.9) {
            figures.append("\(Format.significant(neighbours)) effective neighbours at γ = 0.9")
        }
        if overlay.isRandom { figures.append("with seed \(firstSeed)") }
        return figures.joined(separator: ", ") + "."
    }

    private static func matrices(_ network: OverlayNetwork, _ strategy: StrategyPlan) throws -> [MixingMatrix] {
        guard case .text(let text)? = strategy.options["mixing"], let mixing = Mixing(rawValue: text) else {
            return try network.shares()
        }
        return try network.weights(mixing)
    }
}
