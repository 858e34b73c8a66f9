import Foundation
import Randomness
import Testing

@testable import Datasets

/// How each partitioner skews, on 1,000 samples of ten even classes.
@Suite struct SkewTests {
    private let labels = (0..<1000).map { UInt8($0 % 10) }

    private func shards(_ partitioner: some Partitioner, clients: Int, seed: Int) throws -> [[Int32]] {
        var stream = RandomStream(test: seed)
        let order = (0..<Int32(1000)).shuffled(using: &stream)
        return try partitioner.partition(order, labels: labels, among: clients, using: &stream)
    }

    @Test func iidSharesAreEvenAndKeepTheMix() throws {
        for seed in 0..<5 {
            let shards = try shards(IIDPartitioner(), clients: 7, seed: seed)
            #expect(Set(shards.map(\.count)) == [142, 143], "seed \(seed)")
            // A sample of 142 of ten even classes has about (10 - 1) / (2 * 142 * ln 2) = 0.05 bits less than all.
            #expect(PartitionSkew(of: shards, labels: labels).meanLabelEntropyBits > log2(10) - 0.15, "seed \(seed)")
        }
    }

    @Test func iidKeepsTheGivenOrder() throws {
        var stream = RandomStream(test: 0)
        let parts = try IIDPartitioner().partition(
            [4, 2, 0, 1, 3], labels: [0, 0, 0, 0, 0], among: 2, using: &stream)
        #expect(parts == [[4, 2, 0], [1, 3]])
    }

    @Test func labelShardsShowAClientFewLabels() throws {
        for seed in 0..<10 {
            // Twenty shards of 50 within classes of 100: each of a client's two shards holds one label.
            let aligned = try shards(LabelShards(perClient: 2), clients: 10, seed: seed)
            #expect(aligned.allSatisfy { distinct($0) <= 2 && $0.count == 100 }, "seed \(seed)")
            // Fourteen shards of 71 or 72 straddle classes: up to two labels each.
            let straddling = try shards(LabelShards(perClient: 2), clients: 7, seed: seed)
            #expect(straddling.allSatisfy { distinct($0) <= 4 }, "seed \(seed)")
            let single = try shards(LabelShards(perClient: 1), clients: 10, seed: seed)
            #expect(single.allSatisfy { distinct($0) == 1 }, "seed \(seed)")
        }
    }

    @Test func moreShardsThanSamplesThrow() {
        var stream = RandomStream(test: 0)
        for perClient in [101, Int.max] {
            let message = dataError {
                _ = try LabelShards(perClient: perClient).partition(
                    Array(0..<1000), labels: labels, among: 10, using: &stream)
            }
            #expect(message.contains("\(perClient)") && message.contains("1000"), "\(message)")
        }
    }

    @Test func smallAlphaSkewsLabelsMoreThanLargeAlpha() throws {
        for seed in 0..<10 {
            let entropies = try [0.05, 0.5, 100].map { alpha in
                let shards = try shards(DirichletPartitioner(alpha: alpha), clients: 10, seed: seed)
                return PartitionSkew(of: shards, labels: labels).meanLabelEntropyBits
            }
            #expect(
                entropies[0] + 0.3 < entropies[1] && entropies[1] + 0.3 < entropies[2], "seed \(seed): \(entropies)")
        }
    }

    @Test func quantitySkewVariesSizesAndKeepsTheMix() throws {
        for seed in 0..<10 {
            let skewed = PartitionSkew(
                of: try shards(QuantitySkew(beta: 0.5), clients: 10, seed: seed), labels: labels)
            #expect(skewed.largestShard > 3 * skewed.smallestShard, "seed \(seed): \(skewed)")
            let even = PartitionSkew(of: try shards(QuantitySkew(beta: 1000), clients: 10, seed: seed), labels: labels)
            // A share has mean 0.1 and deviation 0.003: five of them are 15 samples.
            #expect(even.smallestShard >= 85 && even.largestShard <= 115, "seed \(seed): \(even)")
            #expect(even.meanLabelEntropyBits > log2(10) - 0.2, "seed \(seed): \(even)")
        }
    }

    @Test func extremeConcentrationsStillGiveEveryClientASample() throws {
        for alpha in [Double.leastNonzeroMagnitude, 1e-9, 1e12, .greatestFiniteMagnitude] {
            let byLabel = try shards(DirichletPartitioner(alpha: alpha), clients: 20, seed: 1)
            #expect(byLabel.allSatisfy { !$0.isEmpty }, "dirichlet:\(alpha)")
            let byQuantity = try shards(QuantitySkew(beta: alpha), clients: 20, seed: 1)
            #expect(byQuantity.allSatisfy { !$0.isEmpty }, "quantity:\(alpha)")
        }
    }

    @Test func cutIsProportionalAndLosesNothing() {
        var parts: [[Int32]] = []
        cut(Array(0..<10), by: [0.25, 0, 0.5, 0.25]) { _, samples in parts.append(Array(samples)) }
        // 2.5 rounds up, 7.5 rounds up.
        #expect(parts == [[0, 1, 2], [], [3, 4, 5, 6, 7], [8, 9]])
    }

    @Test func emptyClientsTakeFromTheLargest() {
        var shards: [[Int32]] = [[], [1, 2, 3, 4], [], [5, 6]]
        fillEmptyClients(&shards)
        #expect(shards == [[4], [1, 2], [3], [5, 6]])
    }

    private func distinct(_ shard: [Int32]) -> Int { Set(shard.map { labels[Int($0)] }).count }
}

@Suite struct PartitionSkewTests {
    @Test func measuresAHandMadePartition() {
        // Entropies: even pair 1 bit, one label 0 bits, (1/4, 1/4, 1/2) 1.5 bits.
        let skew = PartitionSkew(of: [[0, 1], [2], [3, 4, 5, 6]], labels: [0, 1, 0, 0, 1, 2, 2])
        #expect(skew.clients == 3 && skew.smallestShard == 1 && skew.largestShard == 4 && skew.medianShard == 2)
        // Sums of a few numbers below 3 in Double.
        #expect(abs(skew.meanLabelEntropyBits - 2.5 / 3) < 1e-14)
        // Labels 0, 1, 2 occur 3, 2, 2 times in 7.
        let total = -(3.0 / 7 * log2(3.0 / 7) + 4.0 / 7 * log2(2.0 / 7))
        #expect(abs(skew.totalLabelEntropyBits - total) < 1e-14)
    }

    @Test func medianOfAnEvenNumberIsBetweenTheTwo() {
        #expect(PartitionSkew(of: [[0], [1, 2]], labels: [0, 0, 0]).medianShard == 1.5)
    }

    @Test func oneLabelOrNoSampleHasZeroEntropy() {
        let skew = PartitionSkew(of: [[0, 1], []], labels: [4, 4])
        #expect(skew.meanLabelEntropyBits == 0 && skew.totalLabelEntropyBits == 0 && skew.smallestShard == 0)
        #expect(PartitionSkew(of: [], labels: []).meanLabelEntropyBits == 0)
    }

    // MARK: What clients hold

    @Test func countsAreThoseOfEachClass() {
        let skew = PartitionSkew(of: [[0, 1], [2], [3, 4, 5, 6]], labels: [0, 1, 0, 0, 1, 2, 2], classes: 4)
        #expect(skew.holdings?.map(\.client) == [0, 1, 2])
        #expect(skew.holdings?.map(\.counts) == [[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 2, 0]])
        #expect(skew.holdings?.map(\.samples) == [2, 1, 4])
    }

    @Test(arguments: [1, 37, 256]) func ofOneClassOrOfManyAllSamplesAreCounted(_ classes: Int) {
        let skew = PartitionSkew(of: [[0, 1, 2], [3]], labels: [0, 0, 0, 0], classes: classes)
        #expect(skew.holdings?.map(\.counts) == [[3], [1]])
    }

    /// Client k of 200 holds k + 1 samples, so that the k-th in the order of sizes is k.
    @Test func ofManyClientsFortyAreListedEvenlyByTheirSizes() throws {
        var next: Int32 = 0
        let shards = (0..<200).map { size -> [Int32] in
            defer { next += Int32(size + 1) }
            return (0...Int32(size)).map { next + $0 }
        }
        let skew = PartitionSkew(of: shards.reversed(), labels: Array(repeating: 0, count: Int(next)), classes: 2)
        let holdings = try #require(skew.holdings)
        #expect(holdings.count == 40)
        // Places 0, 5, 10, 15, 20, ... of the order, which is that of the clients from behind.
        #expect(holdings.suffix(5).map(\.samples) == [21, 16, 11, 6, 1])
        #expect(holdings.first?.samples == 200 && holdings.last?.samples == 1)
        #expect(holdings.allSatisfy { $0.samples == 200 - $0.client })
    }

    @Test func aHoldingIsATextInFilesAndComesBack() throws {
        let skew = PartitionSkew(of: [[0, 1], [2]], labels: [0, 1, 1], classes: 3)
        let data = try JSONEncoder().encode(skew)
        #expect(String(decoding: data, as: UTF8.self).contains(#"["0: 1 1 0","1: 0 1 0"]"#))
        #expect(try JSONDecoder().decode(PartitionSkew.self, from: data) == skew)
        // Files from before have none, and are written as they were.
        let old = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let without = try JSONSerialization.data(withJSONObject: (old ?? [:]).filter { $0.key != "holdings" })
        let read = try JSONDecoder().decode(PartitionSkew.self, from: without)
        #expect(read.holdings == nil)
        #expect(!String(decoding: try JSONEncoder().encode(read), as: UTF8.self).contains("holdings"))
    }

    @Test(arguments: ["", "3", "3:", "a: 1", "3: x", "3: -1", "3: 1.5", "1: 2: 3", "3: 9999999999999", "-1: 2"])
    func otherTextsAreRefused(_ text: String) throws {
        let data = try JSONEncoder().encode([text])
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode([ShardHolding].self, from: data) }
        #expect("\(String(describing: error))".contains("such as '3: 12 0 45'"))
    }
}
