import Datasets
import Foundation
import Kernel
import Randomness
import Tasks

/// Task files beside data of every kind: read, split by a seed, and used for the loss of a batch.
final class TaskFileInputs: InputClass {
    let name = "task"
    private let folder: WorkFolder
    private let text = TextMutations(words: [
        "name", "summary", "data", "features", "labels", "users", "test", "fraction", "scale", "standardize", "shape",
        "columns", "header", "text", "window", "every", "model", "loss", "metric", "target", "defaults", "conv",
        "maxpool", "avgpool", "groupnorm", "relu", "tanh", "sigmoid", "gelu", "flatten", "dense", "linear", "residual",
        "embedding", "positions", "layernorm", "attention", "lstm", "positionwise", "last", "filters", "kernel",
        "stride", "padding", "same", "valid", "window", "groups", "epsilon", "outputs", "dimension", "vocabulary",
        "heads", "hidden", "cross_entropy", "binary_cross_entropy", "squared_error", "accuracy", "perplexity", "rmse",
        "auc", "x.npy", "y.npy", "u.npy", "t.csv", "t.csv:colour", "t.csv:who", "images.npy", "story.txt", "none.npy",
        "yes", "no", "20%", "0%", "100%", "batch", "learning_rate", "clients", "optimizer", "adam", "momentum", "[]",
        "{}", "- ", "1", "0", "-1", "4294967296", "[1, 8, 8]", "&a ", "*a",
    ])

    init() throws {
        folder = try WorkFolder(name)
        func write(_ descr: String, _ shape: [Int], _ bytes: [UInt8], _ name: String) throws {
            try folder.write([UInt8](NPY.encode(descr, shape: shape, data: bytes)), name)
        }
        let floats = (0..<48).flatMap { number in
            withUnsafeBytes(of: Float((number * 7) % 13).bitPattern.littleEndian) { Array($0) }
        }
        try write("<f4", [12, 4], floats, "x.npy")
        try write("|u1", [12], (0..<12).map { UInt8($0 % 3) }, "y.npy")
        try write("|u1", [12], (0..<12).map { UInt8($0 / 3) }, "u.npy")
        try write("|u1", [12, 1, 8, 8], (0..<768).map { UInt8($0 % 251) }, "images.npy")
        let rows = (0..<12).map { "\($0),\($0 % 5),\(["red", "green"][$0 % 2]),p\($0 / 3)" }
        try folder.write(Array(("size,age,colour,who\n" + rows.joined(separator: "\n") + "\n").utf8), "t.csv")
        try folder.write(Array(String(repeating: "abca\n", count: 40).utf8), "story.txt")
    }

    deinit { folder.removeAll() }

    func makeSeeds() throws -> [[UInt8]] {
        [
            """
            name: images
            data: {features: images.npy, labels: y.npy, users: u.npy, test: {fraction: 25%}, scale: 255}
            model:
              - conv: {name: c, filters: 4, kernel: 3, padding: same}
              - groupnorm: {name: g, groups: 2}
              - residual:
                  - conv: {name: r, filters: 4, kernel: 3, padding: same}
                  - tanh
              - maxpool: 2
              - flatten
              - dense: {name: out}
            target: 50%
            defaults: {batch: 4, learning_rate: 0.1, local_learning_rate: 0.2, momentum: 0.9, epochs: 2, clients: 2}

            """,
            """
            summary: a table
            data: {features: t.csv, labels: t.csv:colour, users: t.csv:who, test: {users: 25%}, standardize: yes}
            model: [linear: {name: a, out_features: 3}, sigmoid, dense: {name: b, outputs: 1}]
            loss: binary_cross_entropy
            metric: auc
            target: 0.9
            defaults: {optimizer: adam, clients: users, local_epochs: 1, local_batch: all}

            """,
            """
            data: {features: x.npy, labels: x.npy, test: {features: x.npy, labels: x.npy}, shape: [1, 2, 2]}
            model: [avgpool: 2, flatten, gelu, dense: {name: b}]
            loss: squared_error
            metric: rmse
            target: 3

            """,
            """
            data: {text: story.txt, window: 4, every: 3, test: {fraction: 20%}}
            model:
              - embedding: {name: e, dimension: 4}
              - positions: {name: p}
              - residual: [layernorm: {name: l}, attention: {name: a, heads: 2}]
              - residual: [positionwise: {name: u, outputs: 8}, gelu, positionwise: {name: d, outputs: 4}]
              - lstm: {name: r, hidden: 3}
              - last
              - dense: {name: out}
            metric: perplexity
            target: 1.5

            """,
        ].map { Array($0.utf8) }
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        try folder.write(input, "task.yaml")
        let task = try TrainingTask.resolve(folder.path("task.yaml"))
        guard task.metric.allows(target: task.target) else { throw WrongAnswer("the target \(task.target)") }
        let split = try task.load(DataDirectory(nil), SeedSequence(1), true)
        guard split.training.count > 0, split.test.count > 0 else {
            throw WrongAnswer("\(split.training.count) samples to train on, \(split.test.count) to test on")
        }
        let network = task.network
        // What is large is priced and not tried.
        guard network.parameterCount < 1 << 18, network.workspaceBytes(samples: 4) < 4 << 20 else { return }
        let workspace = network.workspace(capacity: 4)
        split.training.gather(0..<Int32(min(4, split.training.count)), into: workspace.batch)
        let parameters = network.initialParameters(.he, seeds: SeedSequence(1))
        let gradient = ParameterVector(count: network.parameterCount)
        _ = network.lossAndGradient(of: workspace, dividedBy: 4, at: parameters, into: gradient)
    }

    /// A tree of small objects, and the layers of a thousand words.
    func justifiedBytes(_ input: [UInt8]) -> Int { 300 * input.count + (32 << 20) }
}
