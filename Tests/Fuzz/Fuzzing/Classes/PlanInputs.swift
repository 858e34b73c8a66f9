/// Experiments in YAML, as `--plan` names them: read into the words of a command line.
package final class PlanInputs: InputClass {
    package static let className = "plan"
    package let name = className
    private let read: (String) throws -> Void
    private let text = TextMutations(words: [
        "task", "strategy", "strategies", "label", "options", "seeds", "first-seed", "epochs", "target", "judged-by",
        "cluster", "latency", "bandwidth", "jitter", "dropout", "overlap", "nesterov", "momentum", "optimizer", "adam",
        "workers", "clients", "fraction", "local-epochs", "sync.batch", "federated.fraction", "output", "plan",
        "digits",
        "sync", "federated", "single", "all", "true", "false", "95%", "0.5", "1e400", "-1", "3@12s", "wan", "none",
        "loss", "accuracy", "[]", "{}", "- ", "&a ", "*a", "!!str ", "|", "'", "\"", "? ", "<<: ", "~",
    ])

    /// - Parameter read: the program's own, of a file's text.
    package init(read: @escaping (String) throws -> Void) { self.read = read }

    package func makeSeeds() throws -> [[UInt8]] {
        [
            "task: digits\nseeds: 5\ntarget: 95%\ncluster: wan\noverlap: true\ndropout: [3@12s, 4@20s]\n",
            """
            epochs: 2
            sync.batch: 32
            strategies:
              - sync
              - federated(fraction=1)
              - strategy: federated
                label: everybody once
                options: {fraction: 1, local-epochs: 1}

            """, "strategy: sync,single\noptimizer: adam\nbeta1: 0.5\nno-shuffle: true\njudged-by: loss\ntarget: 0.4\n",
        ].map { Array($0.utf8) }
    }

    package func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    package func read(_ input: [UInt8]) throws {
        try read(String(decoding: input, as: UTF8.self))
    }

    /// Each line is parsed as a command line of its own.
    package func justifiedBytes(_ input: [UInt8]) -> Int { 300 * input.count + (16 << 20) }
}
