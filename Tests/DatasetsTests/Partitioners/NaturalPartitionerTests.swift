import Kernel
import Randomness
import Testing

@testable import Datasets

/// Users are never cut in two.
@Suite struct NaturalPartitionerTests {
    /// Samples 0, 3, 6, ... are of user 10, then 20, then 30.
    private static func data(samples: Int, users: [UInt16]?) -> Dataset {
        Dataset(
            name: "t", classCount: 2,
            source: ByteImages(
                shape: FeatureShape(features: 1), pixels: [UInt8](repeating: 0, count: samples), white: 1),
            labels: (0..<samples).map { UInt8($0 % 2) },
            users: users.map { users in (0..<samples).map { users[$0 % users.count] } })
    }

    private func shards(
        _ partition: String, _ clients: Int, _ users: [UInt16]?, shuffles: Bool = true, seed: UInt64 = 1
    ) throws(DataError) -> [[Int32]] {
        try Self.data(samples: 12, users: users).partitioned(
            partition, among: clients, seeds: SeedSequence(seed), shuffles: shuffles)
    }

    @Test func withAsManyClientsAsUsersClientKIsUserK() throws {
        for seed in 1...5 {
            let shards = try shards("natural", 3, [30, 10, 20], seed: UInt64(seed))
            #expect(shards.map { $0.sorted() } == [[1, 4, 7, 10], [2, 5, 8, 11], [0, 3, 6, 9]], "seed \(seed)")
        }
    }

    @Test func fewerClientsHaveWholeUsers() throws {
        #expect(
            try shards("natural:2", 2, [10, 20, 30], shuffles: false) == [[0, 3, 6, 9, 2, 5, 8, 11], [1, 4, 7, 10]])
        var partners: Set<Int32> = []
        for seed in 1...20 {
            let shards = try shards("natural", 2, [10, 20, 30], seed: UInt64(seed))
            for user in 0..<3 {
                let own = (0..<4).map { Int32(3 * $0 + user) }
                #expect(shards.contains { Set(own).isSubset(of: $0) }, "seed \(seed)")
            }
            if let alone = shards.first(where: { $0.count == 4 })?.min() { partners.insert(alone) }
        }
        // Who is alone depends on the seed.
        #expect(partners == [0, 1, 2])
    }

    @Test(arguments: [
        ("natural", 4, "partition 'natural': 4 clients and 3 users with samples to train on"),
        ("natural:2", 3, "partition 'natural:2' makes 2 clients of 3 users, and there are 3 clients; write natural:3"),
        ("natural:0", 3, "'natural:0': the number of clients that users are grouped into is at least 1"),
        ("natural:x", 3, "'natural:x': the number of clients that users are grouped into is at least 1"),
    ]) func whatDoesNotFitSaysBothNumbers(_ partition: String, _ clients: Int, _ message: String) {
        let found = dataError { _ = try shards(partition, clients, [10, 20, 30]) }
        #expect(found.hasPrefix(message), "\(found)")
    }

    @Test func dataWithoutUsersAreRefused() {
        let found = dataError { _ = try shards("natural", 2, nil) }
        #expect(found.hasPrefix("partition 'natural': the data do not say whose samples they are"), "\(found)")
    }
}
