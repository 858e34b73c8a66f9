import Foundation

/// One kind of input that the program reads: where its inputs come from, and what reading one means.
package protocol InputClass: AnyObject {
    /// The class's name, as `--class` takes it. The corpus has a folder of this name, with the class's seeds and all
    /// inputs that ever failed.
    var name: String { get }

    /// Inputs that the program itself writes, made anew so that they never grow stale; the same every time.
    func makeSeeds() throws -> [[UInt8]]

    /// Changes an input once.
    ///
    /// - Parameter other: an input whose parts may be taken over.
    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws)

    /// The last step of making an input: seals, compresses, or leaves it.
    func finish(_ input: inout [UInt8], _ draws: inout Draws)

    /// Reads an input as the program would, and uses what was read.
    ///
    /// - Throws: what the program throws for an input that it refuses; ``WrongAnswer`` for one that was read wrongly.
    func read(_ input: [UInt8]) throws

    /// What an input asks for, in bytes: the harness allows twice that, and a fixed amount for everything else.
    func justifiedBytes(_ input: [UInt8]) -> Int
}

extension InputClass {
    package func makeSeeds() throws -> [[UInt8]] { [] }
    package func finish(_ input: inout [UInt8], _ draws: inout Draws) {}
    /// A tree of small objects takes some fifty times what its text has.
    package func justifiedBytes(_ input: [UInt8]) -> Int { 50 * input.count }
}

/// An input that was accepted and should not have been, or was read as something else than it is.
package struct WrongAnswer: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// All inputs of a class: the corpus, unchanged, then the program's own, then changed ones. Which input has an index
/// follows from the seed alone.
package final class Inputs {
    package let kind: any InputClass
    package let seed: UInt64
    /// The contents of the corpus, and behind them what the program itself makes.
    package let seeds: [[UInt8]]
    /// The file names of the corpus, whose contents are the first of `seeds`.
    package let names: [String]

    /// The longest input that is made.
    static let most = 1 << 20

    /// - Parameter corpus: the folder of all classes' corpora.
    package init(_ kind: any InputClass, seed: UInt64, corpus: URL) throws {
        (self.kind, self.seed) = (kind, seed)
        let folder = corpus.appendingPathComponent(kind.name)
        names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        let files = try names.map { [UInt8](try Data(contentsOf: folder.appendingPathComponent($0))) }
        seeds = files + (try kind.makeSeeds())
        guard !seeds.isEmpty else { throw WrongAnswer("class '\(kind.name)' has no seeds in '\(folder.path)'") }
    }

    package func input(_ index: Int) -> [UInt8] {
        if index < seeds.count { return seeds[index] }
        var draws = Draws(seed: seed, class: kind.name, index: index)
        var input = draws.pick(seeds)
        var changes = 1
        while changes < 6, draws.oneIn(2) { changes += 1 }
        for _ in 0..<changes { kind.mutate(&input, other: draws.pick(seeds), &draws) }
        if input.count > Self.most { input.removeLast(input.count - Self.most) }
        kind.finish(&input, &draws)
        return input
    }
}
