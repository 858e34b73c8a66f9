import Experiments
import Foundation
import Strategies
import Tasks
import Testing
import Training

@testable import Storage
@testable import TestSupport

/// Plans of schemas whose options had no names.
@Suite struct OlderPlansTests {
    private func schemaFile(_ schema: Int) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Schemas/schema-\(schema).json")
    }

    @Test(arguments: 1...4) func olderFilesGetTheOptionsAndRolesThatTheirStrategiesHad(_ schema: Int) throws {
        let results = try ResultsFile.decode(Data(contentsOf: schemaFile(schema)), file: "old.json")
        for plan in results.plan.strategies {
            let description = try #require(plan.description)
            #expect(plan.strategy == plan.name && Set(plan.options.keys) == Set(description.options.infos.map(\.name)))
            #expect(try plan.roles == StrategyRoles(plan.make(), of: description), "\(plan.name)")
        }
        // As they stand in the file.
        let rows = results.plan.strategies
        #expect(rows.map { $0.options["batch"] } == [64, 64, 64, nil])
        #expect(rows.map { $0.options["overlap"] } == [nil, false, false, nil])
        #expect(rows.map(\.roles.ranks) == [1, 2, 2, 6] && rows[3].roles.servers == [0])
        #expect(rows[3].options["clients"] == 5 && rows[3].options["local-epochs"] == 5)
    }

    /// Earlier versions took every strategy that begins with a rate of the task to have been searched for.
    @Test func ratesThatWereSearchedForAnotherStrategyAreToldAsTakenOver() throws {
        var old = results([record("sync"), record("fedprox")], seeds: [1])
        for index in old.plan.strategies.indices {
            old.plan.strategies[index].tuning = TrainingTask.digits.defaults.trials
        }
        old.plan.strategies[1].tuning?.differences = ["batch 32 instead of 64"]
        let read = try ResultsFile.decode(ResultsFile.encode(old), file: "old.json")
        let differences = ["taken over from federated", "batch 32 instead of 64"]
        #expect(read.plan.strategies.map { $0.tuning?.differences } == [nil, differences])
        let again = try ResultsFile.decode(ResultsFile.encode(read), file: "again.json")
        #expect(again.plan.strategies.map { $0.tuning?.differences } == [nil, differences])
    }
}
