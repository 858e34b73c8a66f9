import ArgumentParser
import Diagnostics
import Randomness
import Training

/// The output of `bench list --overlay ring --workers 16`.
struct OverlayFigures {
    private let overlay: Overlay
    private let network: OverlayNetwork
    private let mixing: Mixing
    private let isMixingGiven: Bool

    /// - Parameter mixing: nil where nobody asked for one.
    /// - Throws: ``OverlayError`` where there is no such overlay of so many nodes.
    init(_ text: String, workers: Int, mixing: Mixing?, firstSeed: UInt64) throws {
        self.mixing = mixing ?? .metropolis
        isMixingGiven = mixing != nil
        overlay = try Overlay(text)
        network = try overlay.network(of: workers, seeds: SeedSequence(firstSeed))
    }

    var rows: [(String, String)] {
        var rows = [("nodes", "\(network.nodes), each sending to \(degrees)"), ("edges", edges)]
        let matrices: [MixingMatrix]
        do throws(OverlayError) {
            matrices = try network.weights(mixing)
            let origin = network.hasWeights ? "of the file" : mixing.rawValue
            rows.append(("weights", "\(origin): every node counts as much as every other"))
        } catch {
            rows.append(("weights", "none of \(network.hasWeights ? "the file" : mixing.rawValue): \(error)"))
            guard let shares = try? network.shares() else { return rows }
            matrices = shares
            rows.append(("", "figures below are of push-sum, in which every node gives away even shares"))
        }
        rows += spectrum(matrices)
        rows += network.notes.map { ("note", $0) }
        if network.hasWeights, isMixingGiven {
            rows.append(("note", "--mixing \(mixing.rawValue) has no effect: the file gives the weights"))
        }
        return rows
    }

    private var degrees: String {
        let all = network.graphs.map(\.degrees)
        let (low, high) = (all.map(\.lowerBound).min() ?? 0, all.map(\.upperBound).max() ?? 0)
        let count = low == high ? "\(low)" : "\(low) to \(high)"
        return count + (high == 1 ? " other" : " others") + " a round"
    }

    private var edges: String {
        let counts = network.graphs.map(\.edgeCount)
        let kind = network.isDirected ? "with a direction" : "without a direction, so that each carries two messages"
        return "\(counts.max() ?? 0) a round, \(kind)"
            + (network.changes ? "; others in each of \(counts.count) rounds, in turn" : "")
    }

    private func spectrum(_ matrices: [MixingMatrix]) -> [(String, String)] {
        guard let spectrum = OverlaySpectrum(matrices) else {
            return [("eigenvalues", "not computed for more than \(OverlaySpectrum.mostNodes) nodes")]
        }
        let period = matrices.count > 1 ? ", a round's of \(matrices.count)" : ""
        let neighbours = Self.decays.map { decay in
            let count = spectrum.effectiveNeighbours(decay).map { Format.significant($0) } ?? "-"
            return "\(count) at γ = \(decay)"
        }
        return [
            ("second eigenvalue", Self.figure(spectrum.secondEigenvalue) + period),
            ("spectral gap", Self.figure(spectrum.gap)),
            ("effective neighbours", neighbours.joined(separator: ", ")),
        ]
    }

    private static let decays = [0.9, 0.99]

    /// The value with four digits, as in tables of papers.
    private static func figure(_ value: Double) -> String { Format.fixed(value, 4) }
}

extension List {
    struct OverlayOptions: ParsableArguments {
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Show this overlay among --workers nodes: edges, weights, second eigenvalue and spectral gap.",
                valueName: "form|file.csv"))
        var overlay: String?

        @Option(parsing: .unconditional, help: "Nodes of --overlay.")
        var workers = 16

        @Option(
            parsing: .unconditional,
            help:
                "Weights of --overlay: \(Mixing.allCases.map(\.rawValue).joined(separator: ", ")). (default: the file's, or metropolis)"
        )
        var mixing: String?

        @Option(name: .customLong("first-seed"), parsing: .unconditional, help: "Seed of a random --overlay.")
        var firstSeed: UInt64 = 1

        /// - Throws: a `ValidationError` for options that are wrong even without an overlay.
        func check() throws(ValidationError) {
            guard (1...Allowed.largestCount).contains(workers) else {
                throw ValidationError("\(workers) workers; allowed are 1 to \(Allowed.largestCount)")
            }
            _ = try chosenMixing()
        }

        private func chosenMixing() throws(ValidationError) -> Mixing? {
            guard let mixing else { return nil }
            guard let chosen = Mixing(rawValue: mixing) else {
                throw ValidationError(
                    UnknownName.message("mixing", found: mixing, allowed: Mixing.allCases.map(\.rawValue)))
            }
            return chosen
        }

        /// The figures of the overlay; nil where none is asked for.
        func figures() throws -> OverlayFigures? {
            try overlay.map { try OverlayFigures($0, workers: workers, mixing: chosenMixing(), firstSeed: firstSeed) }
        }
    }
}
