import Kernel
import Randomness
import Testing

@testable import Datasets

@Suite struct ObjectiveTests {
    /// 240 images of two by two pixels in four classes, by ten people.
    private static func split(people: Int? = 10, square: Bool = true) -> TrainTestSplit {
        func data(_ count: Int) -> Dataset {
            let source = ByteImages(
                shape: FeatureShape(channels: 1, height: 2, width: square ? 2 : 1),
                pixels: (0..<count * (square ? 4 : 2)).map { UInt8($0 % 251) }, white: 250)
            return Dataset(
                name: "made", classCount: 4, source: source, labels: (0..<count).map { UInt8($0 / 3 % 4) },
                users: people.map { people in (0..<count).map { UInt16($0 % people) } })
        }
        return TrainTestSplit(training: data(240), test: data(60))
    }

    private static func objectives(
        _ text: String, among nodes: Int, of split: TrainTestSplit = split(), seed: UInt64 = 7, shuffles: Bool = true
    ) throws -> [NodeObjective] {
        try split.nodeObjectives(
            text, partition: "iid", among: nodes, seeds: SeedSequence(seed), shuffles: shuffles)
    }

    @Test(arguments: [("rotations:4", 4), ("rotations:3", 3), ("relabel:3", 3)], 1...5 as ClosedRange<UInt64>)
    func nodesOfAKindShareAllSamplesEvenlyAndDisjointly(_ rule: (String, Int), _ seed: UInt64) throws {
        for nodes in [rule.1, 12, 13] {
            let objectives = try Self.objectives(rule.0, among: nodes, seed: seed)
            #expect(objectives.map(\.kind) == (0..<nodes).map { $0 % rule.1 })
            let sizes = objectives.map(\.shard.count)
            // All nodes have as much, whatever their kind, to a sample.
            #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1, "\(sizes)")
            for kind in 0..<rule.1 {
                let own = objectives.filter { $0.kind == kind }
                let samples = own.flatMap(\.shard)
                #expect(Set(samples).count == samples.count)
                if own.count == (nodes + rule.1 - 1) / rule.1 { #expect(samples.count == 240) }
            }
            // Kinds have orders of their own.
            #expect(objectives[0].shard != objectives[1].shard)
        }
    }

    @Test func sizesSayWhichNodesAreOfWhichKind() throws {
        let objectives = try Self.objectives("rotations:6,4,2", among: 12)
        #expect(objectives.map(\.kind) == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
        // A sixth each: none is better off for being of a rare kind.
        #expect(objectives.allSatisfy { $0.shard.count == 40 })
        #expect(objectives.map { $0.view?.changesNothing ?? true } == (0..<12).map { $0 < 6 })
        #expect(Set(objectives[..<6].flatMap(\.shard)).count == 240)
    }

    @Test func oneKindAloneIsThePartitionOfOne() throws {
        let shards = try Self.split().training.partitioned("iid", among: 7, seeds: SeedSequence(7), shuffles: true)
        #expect(try Self.objectives("iid", among: 7).map(\.shard) == shards)
        #expect(try Self.objectives("rotations:2", among: 14).filter { $0.kind == 0 }.map(\.shard) == shards)
        // Without a rule the partition says it.
        let skewed = try Self.split().nodeObjectives(
            nil, partition: "dirichlet:0.3", among: 5, seeds: SeedSequence(7), shuffles: true)
        let expected = try Self.split().training.partitioned(
            "dirichlet:0.3", among: 5, seeds: SeedSequence(7), shuffles: true)
        #expect(skewed.map(\.shard) == expected && skewed.allSatisfy { $0.kind == 0 && $0.classWeights == nil })
    }

    @Test(arguments: [(1, 4), (2, 6), (3, 5), (4, 3), (2, 7)])
    func everyNodeHasItsClassesAndAllSamplesAreDealt(_ perNode: Int, _ nodes: Int) throws {
        let labels = Self.split().training.labels
        let objectives = try Self.objectives("labels:\(perNode)", among: nodes)
        for (node, objective) in objectives.enumerated() {
            let classes = (0..<perNode).map { (node * perNode + $0) % 4 }
            #expect(Set(objective.shard.map { Int(labels[Int($0)]) }) == Set(classes))
            // By hand: the share of each class in the node's samples.
            let weights = try #require(objective.classWeights)
            for label in 0..<4 {
                let count = objective.shard.count { labels[Int($0)] == label }
                #expect(weights[label] == Double(count) / Double(objective.shard.count))
            }
        }
        let all = objectives.flatMap(\.shard)
        #expect(all.count == 240 && Set(all).count == 240)
        // Nodes of one kind have the same classes; shares of a class differ by a sample at most.
        for kind in Set(objectives.map(\.kind)) {
            let sizes = objectives.filter { $0.kind == kind }.map(\.shard.count)
            #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= perNode, "\(sizes)")
        }
    }

    @Test func relabellingsAreDifferentPermutationsAndTheFirstIsNone() throws {
        let labels = (0..<4).map { UInt8($0) }
        let data = Dataset(
            name: "made", shape: FeatureShape(features: 1), classCount: 4, pixels: [0, 0, 0, 0], labels: labels,
            white: 1)
        let split = TrainTestSplit(training: data, test: data)
        let objectives = try Self.objectives("relabel:24", among: 24, of: split)
        let names = objectives.map { data.seen(as: $0.view).labels }
        #expect(names[0] == labels && objectives[0].view == nil)
        // All 4! there are.
        #expect(Set(names).count == 24 && names.allSatisfy { $0.sorted() == labels })
        let others = try Self.objectives("relabel:3", among: 3, of: split, seed: 8)
        #expect(others.map { data.seen(as: $0.view).labels } != Array(names[..<3]))
    }

    @Test(arguments: [true, false]) func everyPersonIsANodeWithSamplesToTrainAndToTestOn(_ shuffles: Bool) throws {
        // The first eight people train and the others are tested on, as in the published split of vowels.
        let whole = Self.split()
        let users = try #require(whole.training.users)
        let published = TrainTestSplit(
            training: whole.training.selecting(users.indices.filter { users[$0] < 8 }),
            test: whole.training.selecting(users.indices.filter { users[$0] >= 8 }))
        let prepared = try NaturalUsers().prepared(published, seeds: SeedSequence(3), shuffles: shuffles)
        #expect(prepared.training.count == 160 && prepared.test.count == 80)
        #expect(prepared.identity == published.identity)
        let objectives = try Self.objectives("speakers", among: 10, of: prepared)
        for (person, objective) in objectives.enumerated() {
            #expect(objective.kind == person && objective.user == person && objective.shard.count == 16)
            #expect(objective.shard.allSatisfy { prepared.training.users?[Int($0)] == UInt16(person) })
            #expect(prepared.test.users?.count { $0 == UInt16(person) } == 8)
        }
        #expect(Set(objectives.flatMap(\.shard)).count == 160)
        // No sample is in both sets: together they have all of them.
        func rows(_ data: Dataset) -> [[Float]] {
            let inputs = data.seen().inputs
            return (0..<data.count).map { Array(inputs[4 * $0..<4 * $0 + 4]) }
        }
        #expect(Set(rows(prepared.training) + rows(prepared.test)) == Set(rows(whole.training)))
    }

    // MARK: Errors

    @Test(arguments: [
        ("rotation:4", 4, ["'rotation'", "rotations", "iid, rotations:4, labels:2, relabel:3, speakers"]),
        ("rotations:5", 8, ["'rotations:5'", "2 to 4 kinds"]), ("rotations", 8, ["'rotations'", "rotations:4"]),
        ("rotations:1", 8, ["2 to 4"]), ("rotations:4.5", 8, ["2 to 4"]), ("rotations:3,,1", 8, ["2 to 4"]),
        ("rotations:6,4,0", 10, ["2 to 4"]), ("rotations:6,4,2", 11, ["12 nodes", "found 11", "add up"]),
        ("rotations:4", 3, ["4 kinds", "3 nodes", "or fewer"]), ("relabel:5", 4, ["5 kinds", "4 nodes"]),
        ("relabel:25", 30, ["4 classes have 24 orders"]), ("relabel:1", 4, ["2 to 1000"]),
        ("labels:0", 4, ["from 1 to 256"]), ("labels:two", 4, ["from 1 to 256"]),
        ("labels:5", 4, ["'made' has 4 classes"]), ("labels:1", 3, ["3 nodes with 1 classes", "4 nodes or more"]),
        ("labels:4", 100, ["class 0 has 60 samples for 100 nodes", "fewer"]),
        ("iid:2", 4, ["take no parameter"]), ("iid", 241, ["240 samples", "241"]),
        ("speakers", 11, ["10 people", "11 nodes", "10 or fewer"]),
    ])
    func whatDoesNotFitIsOneErrorThatSaysWhatIsAllowed(_ text: String, _ nodes: Int, _ words: [String]) {
        let message = dataError { _ = try Self.objectives(text, among: nodes) }
        for word in words { #expect(message.contains(word), "\(message)") }
        #expect(!message.contains("\n"))
    }

    @Test func dataThatCannotBeTurnedOrHaveNoPeopleAreNamed() {
        let flat = dataError { _ = try Self.objectives("rotations:2", among: 4, of: Self.split(square: false)) }
        #expect(flat.contains("square images") && flat.contains("2x1 pixels") && flat.contains("digits"), "\(flat)")
        let nobody = dataError { _ = try Self.objectives("speakers", among: 4, of: Self.split(people: nil)) }
        #expect(nobody.contains("does not say who") && nobody.contains("vowels-softmax"), "\(nobody)")
        let early = dataError {
            _ = try NaturalUsers().prepared(Self.split(people: nil), seeds: SeedSequence(1), shuffles: true)
        }
        #expect(early == nobody)
    }
}
