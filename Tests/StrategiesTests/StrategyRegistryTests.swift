import Strategies
import Testing
import Training

/// What a program of another package may add, and what it is told of anything else.
@Suite struct StrategyRegistryTests {
    private struct Twice: StrategyOptions {
        var mu = 0.5
        static let specs = [
            OptionSpec("mu", \Self.mu, .number(.from(0), .log), source: "a test", "A number."),
            OptionSpec("mu", \Self.mu, .number(.from(0), .log), source: "a test", "The same number."),
        ]
    }

    private struct OutOfRange: StrategyOptions {
        var patience = 0
        static let specs = [OptionSpec("patience", \Self.patience, .count(1...9), source: "a test", "A number.")]
    }

    /// `batch` is a whole number from 1 for all others.
    private struct OtherRange: StrategyOptions {
        var batch = 3
        static let specs = [OptionSpec("batch", \Self.batch, .count(2...4), source: "a test", "A number.")]
    }

    private static func strategy<Options: StrategyOptions>(_ name: String, _: Options.Type) -> StrategyDescription {
        StrategyDescription(
            name: name, summary: "a test", source: "a test", family: .localSteps, defaultCluster: "ethernet-1g",
            make: { (_, _: Options) in LocalOnly(options: StepOptions()) })
    }

    private static func refusal(of strategy: StrategyDescription) -> String? {
        do throws(OptionError) { try StrategyRegistry.add(strategy) } catch { return "\(error)" }
        return nil
    }

    @Test(arguments: ["", "my strategy", "a,b", "mine(fast)", "mine:fast"])
    func aNameThatNoCommandLineCouldNameIsRefused(_ name: String) {
        #expect(
            Self.refusal(of: Self.strategy(name, NoOptions.self))
                == "a strategy is named '\(name)'; allowed is a name without spaces and , ( ) : =")
    }

    @Test func aNameThatIsTakenIsRefused() {
        #expect(Self.refusal(of: Self.strategy("sync", NoOptions.self)) == "there are two strategies 'sync'")
    }

    @Test func optionsThatCannotBeAsTheyAreAreRefused() {
        #expect(Self.refusal(of: Self.strategy("a-test", Twice.self)) == "a-test lists the option 'mu' twice")
        #expect(
            Self.refusal(of: Self.strategy("a-test", OutOfRange.self))
                == "a-test.patience is 0 by default; allowed is a whole number from 1 to 9")
        #expect(
            Self.refusal(of: Self.strategy("a-test", OtherRange.self))
                == "a-test.batch allows a whole number from 2 to 4, and the option of other strategies that has this name "
                + "a whole number from 1 to 1000000")
        #expect(StrategyRegistry.named("a-test") == nil)
    }

    /// In a process of its own, since other tests run over all strategies.
    @Test func anAddedStrategyComesLast() async {
        await #expect(processExitsWith: .success) {
            try StrategyRegistry.add(StrategyRegistryTests.strategy("a-test", NoOptions.self))
            #expect(StrategyRegistry.all.last?.name == "a-test")
            #expect(StrategyRegistry.all.map(\.name).filter { $0 == "sync" }.count == 1)
        }
    }
}
