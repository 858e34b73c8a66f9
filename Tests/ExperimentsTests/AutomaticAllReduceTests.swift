import Fabrics
import Foundation
import Reports
import Testing

@testable import Experiments
@testable import Tasks
@testable import TestSupport

@Suite(.timeLimit(.minutes(60))) struct AutomaticAllReduceTests {
    private func setup(_ allReduce: AllReduceAlgorithm) -> Setup {
        var setup = Setup(strategies: ["sync", "federated"])
        setup.allReduce = allReduce
        return setup
    }

    @Test func theChosenOneIsUsedAndWrittenDown() throws {
        let results = try setup(.automatic).run()
        let plan = try #require(results.plan.strategies.first)
        let choice = try #require(plan.allReduceChoice)
        #expect(plan.allReduce == .automatic && choice.ranks == 4 && choice.elements == 4810)
        #expect(plan.allReduceInUse == choice.algorithm)

        let same = try setup(choice.algorithm).run()
        #expect(results.runs[0].clusterSeconds == same.runs[0].clusterSeconds)
        #expect(results.runs[0].traffic == same.runs[0].traffic)
        let other = try #require(AllReduceAlgorithm.allCases.first { $0 != choice.algorithm })
        #expect(try setup(other).run().runs[0].traffic != same.runs[0].traffic)

        // Nothing to choose for others.
        #expect(results.plan.strategies[1].allReduceChoice == nil)
        #expect(same.plan.strategies[0].allReduceChoice == nil)
    }

    @Test func threadsOfThisMachineNeedNone() throws {
        var setup = setup(.automatic)
        setup.strategies = ["threads"]
        setup.clock = .auto
        let experiment = try Experiment(setup.plan, data: .init(nil))
        #expect(experiment.plan.strategies[0].allReduceChoice == nil)
    }

    @Test func itIsInTheRecordAndTheReportSaysWhy() throws {
        let results = try setup(.automatic).run()
        let data = try JSONEncoder().encode(results.plan)
        #expect(try JSONDecoder().decode(ExperimentPlan.self, from: data) == results.plan)

        let choice = try #require(results.plan.strategies[0].allReduceChoice)
        let text = OptionText.allReduce(results.plan.strategies[0])
        #expect(
            text.hasPrefix(
                "auto, which is \(choice.algorithm.rawValue), the cheapest for 4810 numbers on 4 ranks (\(choice.algorithm.rawValue) "
            ))
        for algorithm in AllReduceAlgorithm.allCases { #expect(text.contains("\(algorithm.rawValue) "), "\(text)") }
        #expect(MarkdownReport.render(results).contains("All-reduce: \(text)."))
        #expect(MarkdownReport.render(try setup(.tree).run()).contains("All-reduce: tree."))
    }

    @Test func moreVectorsThanFitIntoMemoryAreRefused() throws {
        var setup = Setup(strategies: ["sync"])
        setup.workers = 8
        // A replica and eight gradients of 4,810 numbers: 173,160 bytes.
        try Experiment.check(setup.plan, memoryBytes: 173_161)
        let error = #expect(throws: ExperimentError.self) {
            try Experiment.check(setup.plan, memoryBytes: 173_160)
        }
        #expect(
            error?.description.contains("9 vectors of 4810 parameters take 173 kB") == true,
            "\(String(describing: error))")
    }
}
