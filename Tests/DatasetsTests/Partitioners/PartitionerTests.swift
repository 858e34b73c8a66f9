import Kernel
import Randomness
import Testing

@testable import Datasets

/// What every partitioner promises. One that is added to `Partitioners.all` is tested here without another line.
@Suite struct PartitionerConformanceTests {
    static let partitioners: [String] =
        Partitioners.all.map(\.name) + [
            "dirichlet:0.01", "dirichlet:100", "shards:1", "shards:5", "quantity:0.05", "quantity:50",
        ]

    /// Samples by as many users, so that those can be dealt out to any number of clients.
    private static func data(_ labels: [UInt8]) -> Dataset {
        Dataset(
            name: "t", classCount: 10,
            source: ByteImages(shape: FeatureShape(features: 1), pixels: labels, white: 1), labels: labels,
            users: labels.indices.map { UInt16($0) })
    }

    @Test(arguments: partitioners) func everySampleGoesToOneClientAndNoClientIsEmpty(text: String) throws {
        let partitioner = try Partitioners.parse(text)
        for seed in 0..<60 {
            var stream = RandomStream(test: seed)
            let clients = stream.int(1...30)
            // From five samples a client, so that five shards each are possible, and down to one where they are not asked.
            let least = text.hasPrefix("shards") ? 5 * clients : clients
            let order = (0..<Int32(stream.int(least...least + 200))).shuffled(using: &stream)
            let labels = order.map { _ in UInt8(stream.int(0...9)) }
            let copy = stream
            let data = Self.data(labels)
            let shards = try partitioner.partition(order, of: data, among: clients, using: &stream)
            let context = "\(text), seed \(seed): \(order.count) samples, \(clients) clients"
            #expect(shards.count == clients, "\(context)")
            #expect(shards.allSatisfy { !$0.isEmpty }, "\(context)")
            #expect(shards.flatMap { $0 }.sorted() == Array(0..<Int32(order.count)), "\(context)")

            var again = copy
            let repeated = try partitioner.partition(order, of: data, among: clients, using: &again)
            #expect(repeated == shards, "\(context)")
        }
    }

    @Test(arguments: partitioners) func tooManyOrNoClientsThrow(text: String) throws {
        let partitioner = try Partitioners.parse(text)
        var stream = RandomStream(test: 1)
        for clients in [0, -1, 8, 1000, .max] {
            let message = dataError {
                _ = try partitioner.partition(
                    Array(0..<7), of: Self.data([0, 1, 2, 0, 1, 2, 0]), among: clients, using: &stream)
            }
            #expect(message.contains("\(clients)"), "\(text), \(clients) clients: \(message)")
        }
    }

    @Test(arguments: partitioners) func descriptionParsesBackToTheSamePartitioner(text: String) throws {
        let partitioner = try Partitioners.parse(text)
        #expect(try Partitioners.parse(partitioner.description).description == partitioner.description)
        #expect(partitioner.description.hasPrefix(text), "\(partitioner.description)")
    }

    @Test(arguments: ["dirichlet:0.5", "shards:2", "quantity:1"]) func anotherStreamGivesAnotherPartition(
        text: String
    ) throws {
        let partitioner = try Partitioners.parse(text)
        let labels = (0..<500).map { UInt8($0 % 10) }
        let partitions = try (0..<3).map { seed in
            var stream = RandomStream(test: seed)
            return try partitioner.partition(Array(0..<500), labels: labels, among: 10, using: &stream)
        }
        #expect(Set(partitions).count == 3)
    }
}

@Suite struct PartitionerParsingTests {
    @Test func documentedFormsAreAccepted() throws {
        for (text, description) in [
            ("iid", "iid"), ("dirichlet:0.5", "dirichlet:0.5"), ("dirichlet", "dirichlet:0.5"),
            ("dirichlet:1e-3", "dirichlet:0.001"), ("shards:2", "shards:2"), ("shards", "shards:2"),
            ("shards:10", "shards:10"), ("quantity:1.0", "quantity:1.0"), ("quantity", "quantity:1.0"),
        ] {
            #expect(try Partitioners.parse(text).description == description, "\(text)")
        }
    }

    @Test(arguments: ["", "random", "IID", " iid", "dirichlet 0.5", ":2"]) func unknownNamesAreAnsweredWithAllNames(
        text: String
    ) {
        let message = dataError { _ = try Partitioners.parse(text) }
        for name in Partitioners.all.map(\.name) { #expect(message.contains(name), "\(message)") }
    }

    @Test(arguments: [
        "dirichlet:", "dirichlet:0", "dirichlet:-1", "dirichlet:nan", "dirichlet:inf", "dirichlet:x", "dirichlet:0.5:1",
        "dirichlet:0,5", "quantity:0", "quantity:-0.1", "quantity:", "quantity:infinity",
    ])
    func parametersThatAreNotPositiveAreAnsweredWithTheRule(text: String) {
        let message = dataError { _ = try Partitioners.parse(text) }
        #expect(message.contains("'\(text)'") && message.contains("must be a number above 0"), "\(message)")
    }

    @Test(arguments: ["shards:0", "shards:-2", "shards:1.5", "shards:", "shards:two", "shards:1e300", "shards:nan"])
    func shardsThatAreNotCountsAreAnsweredWithTheRule(text: String) {
        let message = dataError { _ = try Partitioners.parse(text) }
        #expect(message.contains("whole number above 0") && message.contains("shards:2"), "\(message)")
    }

    @Test(arguments: ["iid:", "iid:3"]) func iidTakesNoParameter(text: String) {
        #expect(dataError { _ = try Partitioners.parse(text) }.contains("no parameter"))
    }
}
