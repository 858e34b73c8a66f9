import Randomness
import Training

/// Files of edges between nodes, as `--overlay` names them: read, and made into a network with weights.
final class OverlayInputs: InputClass {
    let name = "overlay"
    private let folder: WorkFolder
    private let text = TextMutations(words: [
        "a,b", "from,to", "weight", "a,b,weight", "from,to,weight", "0,1", "1,0", "4,0,0.5", "0", "4", "5", "-1", "1e9",
        "0.5", "1", "0.25", "nan", "inf", "1e-320", "1000000", "\"0\"", ";", "#",
    ])

    init() throws { folder = try WorkFolder(name) }

    deinit { folder.removeAll() }

    func makeSeeds() throws -> [[UInt8]] {
        [
            "a,b\n0,1\n1,2\n2,3\n3,4\n4,0\n", "0,1\n0,2\n0,3\n0,4\n",
            "from,to\n0,1\n1,2\n2,3\n3,4\n4,0\n1,0\n",
            "a,b,weight\n0,1,0.25\n1,2,0.25\n2,3,0.25\n3,4,0.25\n",
            "from,to,weight\n0,1,0.5\n1,2,0.5\n2,3,0.5\n3,4,0.5\n4,0,0.5\n",
        ].map { Array($0.utf8) }
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        try folder.write(input, "overlay.csv")
        let nodes = 5
        let network = try Overlay(folder.path("overlay.csv")).network(of: nodes, seeds: SeedSequence(1))
        guard network.graphs.allSatisfy({ $0.successors.count == nodes }) else {
            throw WrongAnswer("a graph of another number of nodes than \(nodes)")
        }
        // Which of the two ways of weighing a graph allows is no matter of the file's form.
        for mixing in Mixing.allCases { _ = try? network.weights(mixing) }
        _ = try? network.shares()
    }
}
