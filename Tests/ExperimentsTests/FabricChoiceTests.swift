import Strategies
import Testing

@testable import Experiments

/// Which fabric carries which strategy.
@Suite struct FabricChoiceTests {
    /// One strategy for each way of the field.
    private func carriers(_ choice: FabricChoice) -> [String: FabricChoice.Carrier] {
        let ways = StrategyRegistry.all.filter(\.isWayOfTheField)
        return Dictionary(uniqueKeysWithValues: ways.map { ($0.name, choice.carrier(of: $0)) })
    }

    private func reason(_ choice: FabricChoice, _ name: String) -> String {
        if case .none(let reason)? = carriers(choice)[name] { reason } else { "" }
    }

    @Test func everyStrategyHasAHome() {
        #expect(
            carriers(.auto) == [
                "single": .fabric(.threads), "threads": .fabric(.threads), "sync": .fabric(.simulated),
                "federated": .fabric(.simulated), "community": .fabric(.simulated),
            ])
    }

    @Test func aSimulationCarriesAll() {
        #expect(carriers(.simulated).values.allSatisfy { $0 == .fabric(.simulated) })
    }

    @Test func anEmulationLeavesThreadsWhereTheyAre() {
        #expect(
            carriers(.emulated) == [
                "single": .fabric(.threads), "threads": .fabric(.threads), "sync": .fabric(.emulated),
                "federated": .fabric(.emulated), "community": .fabric(.emulated),
            ])
    }

    @Test func whatAFabricCannotCarryHasAReason() {
        #expect(carriers(.mpi)["sync"] == .fabric(.mpi) && carriers(.mpi)["federated"] == .fabric(.mpi))
        #expect(reason(.mpi, "single").contains("one device"))
        #expect(reason(.mpi, "threads").contains("share one memory"))
        #expect(carriers(.threads)["single"] == .fabric(.threads) && carriers(.threads)["threads"] == .fabric(.threads))
        #expect(reason(.threads, "sync").contains("machines of a cluster"))
        #expect(reason(.threads, "federated").contains("--fabric emulated"))
    }

    @Test func clocksAreOtherNamesOfFabrics() {
        #expect(ClockChoice.allCases.map(\.fabric) == [.auto, .simulated, .emulated])
    }
}
