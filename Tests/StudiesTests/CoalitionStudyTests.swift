import Datasets
import Experiments
import Foundation
import Statistics
import Tasks
import Testing
import Training

@testable import Reports
@testable import Storage
@testable import Studies
@testable import TestSupport

/// Coalitions that nothing was trained for.
@Suite struct CoalitionStudyTests {
    private func plan(_ nodes: Int, seeds: [UInt64] = [1, 2], epochs: Double = 2) throws -> CoalitionPlan {
        var whole = Setup(strategies: ["federated"], seeds: seeds, epochs: epochs, clients: nodes, fraction: 1).plan
        whole.strategies[0].configuration.objectives = "iid"
        return try CoalitionPlan(whole)
    }

    /// Mean estimation with 5, 10 and 20 samples (Donahue and Kleinberg 2021): 1 less a quarter of the error.
    private static func accuracy(_ node: Int, _ coalition: Coalition) -> Double {
        let samples = [5.0, 10, 20]
        let all = coalition.members.reduce(0.0) { $0 + samples[$1] }
        let others = coalition.without(node).members.reduce(0.0) { $0 + samples[$1] * samples[$1] }
        let rest = all - samples[node]
        return 1 - (10 / all + (others + rest * rest) / (all * all)) / 4
    }

    private func results(trained: Int = 7, kinds: [Int?] = [0, 0, 1]) throws -> CoalitionResults {
        let plan = try plan(3)
        let model = try Experiment(plan.experiment, data: DataDirectory(nil)).prepare().model
        var results = CoalitionResults(
            plan: plan, machine: machine, computeModel: model, trainingSamples: 1437, testSamples: 360, data: nil,
            initialParametersSHA256: nil)
        results.coalitions = plan.coalitions.prefix(trained).map { coalition in
            CoalitionScores(
                members: coalition.members,
                runs: plan.experiment.seeds.enumerated().map { index, seed in
                    // Seeds that differ by a hundredth up and down.
                    CoalitionScores.Run(
                        seed: seed,
                        accuracies: coalition.members.map {
                            Self.accuracy($0, coalition) + (index == 0 ? 0.01 : -0.01) * Double(coalition.count - 1)
                        }, kinds: coalition.members.map { kinds[$0] }, clusterSeconds: 1, bytesSent: 100)
                })
        }
        return results
    }

    // MARK: The plan

    @Test func aCoalitionHasItsShareOfTheBudget() throws {
        var whole = try plan(4, epochs: 10)
        whole.experiment.strategies[0].configuration.schedule.decay = .step(epochs: 4, factor: 0.5)
        let part = whole.experiment(of: Coalition([1, 3])).strategies[0]
        #expect(part.options["clients"] == 2.optionValue && part.configuration.epochs == 5)
        #expect(part.configuration.evaluateEveryEpochs == 0.5 && part.configuration.schedule.totalEpochs == 5)
        #expect(part.configuration.schedule.decay == .step(epochs: 2, factor: 0.5))
        #expect(part.configuration.members == .init(nodes: [1, 3], of: 4))
        #expect(whole.coalitions.count == 15)
    }

    @Test func whatCannotBeACommunityIsRefusedWithWhatIsAllowed() {
        func error(_ setup: Setup) -> String {
            do {
                _ = try CoalitionPlan(setup.plan)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(error(Setup(strategies: ["federated"], clients: 3)).contains("share a model and are judged alike"))
        #expect(
            error(Setup(strategies: ["federated"], clients: 11)).contains(
                "has 11 nodes; allowed are 2 to 10 (--clients)"))
        #expect(error(Setup(strategies: ["federated"], clients: 1)).contains("has 1 node; allowed are 2 to 10"))
        #expect(error(Setup(strategies: ["sync"])).contains("the workers of sync draw from the whole training set"))
        #expect(error(Setup(strategies: ["sync", "federated"])).contains("found are sync, federated: name one"))
    }

    // MARK: What they tell

    @Test func theTwoSmallJoinAndTheLargeOneStaysAlone() throws {
        let analysis = try #require(CoalitionAnalysis(try results()))
        let structure = CoalitionStructure([Coalition([0, 1]), Coalition([2])])
        #expect(analysis.stable.core == [structure] && analysis.bestStable == structure)
        #expect(analysis.kinds == [0, 0, 1] && analysis.best(for: 2) == Coalition([0, 2]))
        // Gains in percent of 1/4: alone 2, 1, .5; all 1.4286, 1.1429, .5714.
        let gains = (2 - 1.42857 + 1 - 1.142857 + 0.5 - 0.571429) / 4
        #expect(abs(analysis.valueOfData.reduce(0, +) - gains) < 1e-5, "\(analysis.valueOfData)")
        #expect(analysis.rational.map(\.members) == [[0, 1], [0, 2]])
        // Two values a hundredth above and below their mean: of pairs the error is 0.01, of all three 0.02; most are pairs.
        #expect(abs((analysis.standardError ?? 0) - 0.01) < 1e-12)
    }

    @Test func theReportSaysWhoJoinsWhom() throws {
        let report = CoalitionReport.render(try results())
        for text in [
            "Where all take part, nodes 1 and 2 are worse off than alone.", "In the core is 0+1, 2:",
            "One structure is individually stable", "2 of 4 with several members are individually rational",
            "The standard error of a gain over seeds is 1.00 points",
        ] {
            #expect(report.contains(text), "\(text) in\n\(report)")
        }
        let rows = report.split(separator: "\n").map { String($0).replacing(#/ +/#, with: " ") }
        #expect(
            rows.contains { $0.hasPrefix("| 0 | 0 | 50.00 % | 64.29 % | 64.29 % | 0+1+2 | 0 of 3 |") }, "\(report)")
    }

    @Test func aFileHasARowForEachMember() throws {
        let text = CoalitionsCSV.render(try results())
        #expect(text.split(separator: "\n").count == 1 + 12)
        let row = fields(text, line: 3)
        let expected = [
            "coalition": "0+1", "members": "2", "node": "0", "kind": "0", "alone_accuracy": "0.500000",
            "individually_rational": "true", "bytes_sent": "100",
        ]
        for (column, value) in expected { #expect(row[column] == value, "\(column)") }
    }

    @Test func unfinishedCoalitionsSayHowFarTheyAre() throws {
        let some = try results(trained: 3)
        #expect(CoalitionAnalysis(some) == nil)
        #expect(CoalitionReport.terminal(some).contains("3 of 7 coalitions were trained"))
        #expect(CoalitionReport.render(some).contains("Stopped before its end"))
        #expect(CoalitionsCSV.render(some).split(separator: "\n").count == 1 + 4)
    }

    // MARK: The file

    @Test func coalitionsAreReadAsTheyWereWritten() throws {
        let results = try results(trained: 4)
        let data = try CoalitionFile.encode(results)
        #expect(try CoalitionFile.decode(data, file: "coalitions.json") == results)
        for (find, replace, says) in [
            ("\"schema\" : 1", "\"schema\" : 3", "reads coalitions of schemas 1 to 2"),
            ("\"bytesSent\" : 100", "\"bytesSent\" : 101", "the file was changed"),
        ] {
            let changed = String(decoding: data, as: UTF8.self).replacing(find, with: replace, maxReplacements: 1)
            let error = #expect(throws: ReportError.self) {
                try CoalitionFile.decode(Data(changed.utf8), file: "coalitions.json")
            }
            #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        }
        var strange = results
        strange.coalitions.swapAt(0, 1)
        #expect(throws: ExperimentError.self) { try strange.validate() }
    }

    @Test func whatIsOfOtherOptionsIsNotGoneOnWith() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("coalitions-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let results = try results(trained: 4)
        #expect(try CoalitionFile.resumed(folder.path, results.plan) == nil)
        try CoalitionFile.encode(results).write(to: folder.appendingPathComponent(CoalitionFile.name))
        #expect(try CoalitionFile.resumed(folder.path, results.plan) == results)
        var other = results.plan
        other.experiment.strategies[0].configuration.epochs = 7
        let error = #expect(throws: ReportError.self) { try CoalitionFile.resumed(folder.path, other) }
        #expect(
            error?.description.contains("configuration.epochs was 2 and is 7") == true, "\(error?.description ?? "")")
    }
}
