import Cluster
import Statistics
import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport

/// The first strategy on a cluster, of re-priced runs that are made up.
@Suite struct FirstByClusterTests {
    private func priced(_ times: [SteppedValue]) -> [Repricing.PricedRun] {
        times.enumerated().map { index, time in
            Repricing.PricedRun(
                seed: UInt64(index + 1), clusterSeconds: 100, computeSeconds: 1, communicationSeconds: 2,
                idleSeconds: 3,
                hiddenCommunicationSeconds: 0, bytesSent: 10, messagesSent: 1, evaluations: [], timeToTarget: time)
        }
    }

    private func table(_ times: [(String, [SteppedValue])]) -> RepriceTable {
        var table = RepriceTable(target: .accuracy(0.95))
        for (name, times) in times {
            guard let plan = Setup(strategies: [name]).plan.strategies.first else { continue }
            table.append(plan, priced(times))
        }
        return table
    }

    private func stepped(_ values: [Double], by step: Double = 0.5) -> [SteppedValue] {
        values.map { SteppedValue($0, after: $0 - step) }
    }

    @Test func theFirstIsNamedWithItsLeadWhereThatIsShown() {
        let text = table([("single", stepped([4, 4, 5])), ("sync", stepped([20, 21, 26]))]).terminal
        #expect(text.contains("single, 5.25x, in 3 of 3 seeds") && text.contains("  4 s *"), "\(text)")
        #expect(text.contains("  reached  ") && text.contains("  3/3  "))
    }

    @Test func aLeadBelowTheStepOrChanceIsNotShown() {
        let close = table([("single", stepped([4, 4, 5], by: 1)), ("sync", stepped([4.5, 4.5, 5.5], by: 1))]).terminal
        #expect(close.contains("single or sync, no difference shown (1.12x, in 0 of 3 seeds)"), "\(close)")
        let one = table([("single", stepped([4], by: 1)), ("sync", stepped([4.5], by: 1))]).terminal
        #expect(one.contains("single or sync, no difference shown"), "\(one)")
        let apart = table([("single", stepped([4], by: 1)), ("sync", stepped([9], by: 1))]).terminal
        #expect(apart.contains("single, 2.25x, in 1 of 1 seeds"), "\(apart)")
    }

    @Test func aTieHasSeveralFirsts() {
        let table = table([("single", stepped([4, 5])), ("sync", stepped([4, 5])), ("federated", stepped([9, 9]))])
        #expect(table.terminal.contains("single and sync, level"), "\(table.terminal)")
        let row = table.markdown.split(separator: "\n").first { $0.hasPrefix("| infiniband") && $0.contains("level") }
        #expect(row?.replacing(#/ +/#, with: " ").contains("| **4.5 s** | **4.5 s** | 9 s |") == true, "\(row ?? "")")
    }

    @Test func theCSVHasBothEndsOfTheStep() {
        let row = fields(table([("sync", stepped([4]))]).csv, line: 1)
        #expect(row["time_to_target_seconds"] == "4.000000000")
        #expect(row["time_to_target_after_seconds"] == "3.500000000")
    }
}
