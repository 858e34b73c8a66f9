import RegressionGate
import Storage
import Strategies
import Tasks
@testable import TestSupport
import Testing
import Training

@testable import Experiments
@testable import Reports

/// Options, labels and roles of a plan's strategies, and what results say of a strategy that the program does not have.
@Suite struct PlanOptionsTests {
    // MARK: Variants

    @Test func variantsAreRowsOfTheirOwnEverywhere() throws {
        var setup = Setup(strategies: ["sync", "federated"], epochs: 1, workers: 2)
        setup.seeds = [1, 2]
        var plan = setup.plan
        var everybody = plan.strategies[1]
        everybody.name = "everybody"
        everybody.options["fraction"] = 1
        plan.strategies.append(everybody)
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine)
        #expect(results.runs.map(\.strategy) == ["sync", "federated", "everybody", "sync", "federated", "everybody"])
        let data = try ResultsFile.encode(results)
        #expect(try ResultsFile.decode(data, file: "results.json") == results)

        let summary = SummaryCSV.render(results)
        #expect((1...3).map { fields(summary, line: $0)["label"] } == ["sync", "federated", "everybody"])
        #expect((1...3).map { fields(summary, line: $0)["strategy"] } == ["sync", "federated", "federated"])
        #expect((1...3).map { fields(summary, line: $0)["fraction"] } == ["", "0.25", "1"])
        #expect((1...3).map { fields(summary, line: $0)["local_epochs"] } == ["", "2", "2"])
        #expect(fields(summary, line: 3)["workers_at_once"] == "20")
        let curves = CurvesCSV.render(results).split(separator: "\n").dropFirst()
        #expect(Set(curves.map { $0.split(separator: ",", omittingEmptySubsequences: false)[8] }).count == 3)

        let report = MarkdownReport.render(results)
        #expect(unpadded(report).contains("| option fraction | not equal | - | 0.25 | 1 |"), "\(report)")
        #expect(PairwiseVerdict.all(results).contains { $0.first == "federated" && $0.second == "everybody" })
        let comparison = try Comparison(baseline: results, current: results)
        #expect(comparison.regressions.isEmpty && comparison.figures.contains { $0.strategy == "everybody" })
    }

    @Test func aPlanHasEachNameOnce() throws {
        var results = try Setup(strategies: ["sync"], epochs: 0.1, workers: 2).run()
        results.plan.strategies.append(results.plan.strategies[0])
        let error = #expect(throws: ExperimentError.self) { try results.validate() }
        #expect(error?.description.contains("distinct strategies") == true)
    }

    /// A table without the spaces that align its columns.
    private func unpadded(_ text: String) -> String { text.replacing(#/ {2,}/#, with: " ") }

    // MARK: Strategies of other programs

    @Test func aStrategyThatIsNotKnownIsReportedAndCompared() throws {
        var results = try Setup(strategies: ["single", "federated"], epochs: 1).run()
        results.plan.strategies[1].strategy = "telepathy"
        results.plan.strategies[1].options = ["degree": 3, "overlay": "ring", "tracks": true]
        results.plan.strategies[1].roles.servers = []
        results.plan.strategies[1].roles.workers = 21
        let data = try ResultsFile.encode(results)
        let read = try ResultsFile.decode(data, file: "results.json")
        #expect(read == results)
        let summary = SummaryCSV.render(read)
        #expect(fields(summary, line: 2)["strategy"] == "telepathy" && fields(summary, line: 2)["degree"] == "3")
        #expect(fields(summary, line: 2)["workers"] == "21")
        let report = MarkdownReport.render(read)
        #expect(report.contains("- `federated`: degree 3, overlay ring, tracks true."), "\(report)")
        #expect(unpadded(report).contains("| option degree | equal | - | 3 |"), "\(report)")
        let comparison = try Comparison(baseline: read, current: read)
        #expect(comparison.regressions.isEmpty && comparison.figures.contains { $0.strategy == "federated" })
        var other = read
        other.plan.strategies[1].options["degree"] = 4
        let error = #expect(throws: NotComparable.self) { try Comparison(baseline: read, current: other) }
        #expect(error?.description == "the plans differ in federated's options.degree: 3 against 4")
    }

    @Test func whatAFileSaysOfRolesHasToBePossible() throws {
        let whole = try Setup(strategies: ["federated"], epochs: 0.1).run()
        func error(_ change: (inout StrategyRoles) -> Void) -> String {
            var results = whole
            change(&results.plan.strategies[0].roles)
            return #expect(throws: ExperimentError.self) { try results.validate() }?.description ?? ""
        }
        #expect(error { $0.ranks = .max }.contains("roles.ranks"))
        #expect(error { $0.servers = [21] }.contains("roles.servers"))
        #expect(error { $0.servers = [0, 0] }.contains("roles.servers"))
        #expect(error { $0.workers = 3 }.contains("roles.workers: found 3, allowed is 20"))
        #expect(error { $0.concurrentWorkers = 0 }.contains("roles.concurrentWorkers"))
        #expect(error { $0.stepBatch = -1 }.contains("roles.stepBatch"))
    }

    @Test func anOptionThatAStrategyDoesNotHaveOrAllowIsNamed() throws {
        let whole = try Setup(strategies: ["sync"], epochs: 0.1, workers: 2).run()
        func error(_ options: OptionValues) -> String {
            var results = whole
            results.plan.strategies[0].options.merge(options) { $1 }
            return #expect(throws: ExperimentError.self) { try results.validate() }?.description ?? ""
        }
        #expect(error(["bacth": 3]).hasPrefix("sync: unknown option 'bacth'; did you mean 'batch'?"))
        #expect(error(["batch": 0]) == "sync: batch is 0; allowed is a whole number from 1 to 1000000")
        #expect(error(["overlap": "yes"]) == "sync: overlap is 'yes'; allowed is true or false")
    }
}
