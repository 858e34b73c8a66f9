import Experiments
import Foundation
import Strategies
import Testing
import Training

@testable import Storage

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
}
