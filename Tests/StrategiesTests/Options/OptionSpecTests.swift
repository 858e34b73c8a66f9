import Testing

@testable import Strategies
@testable import Training

/// The tables of options, of all strategies that are registered and of those that all share.
@Suite struct OptionSpecTests {
    static let names = StrategyRegistry.all.map(\.name)

    private func options(_ name: String) throws -> any StrategyOptions.Type {
        try #require(StrategyRegistry.named(name)).options
    }

    /// Stored properties, those of groups one by one.
    private static func properties(of value: Any) -> Int {
        Mirror(reflecting: value).children.reduce(0) {
            $0 + ($1.value is any StrategyOptions ? properties(of: $1.value) : 1)
        }
    }

    @Test(arguments: names) func everyPropertyIsInTheTableOnce(_ name: String) throws {
        func check<Options: StrategyOptions>(_ type: Options.Type) {
            #expect(Self.properties(of: Options()) == Options.specs.count, "\(name)")
            #expect(Set(Options.infos.map(\.name)).count == Options.specs.count, "\(name)")
            #expect(Options().values.count == Options.specs.count, "\(name)")
        }
        check(try options(name))
    }

    @Test(arguments: names) func theDefaultsAreAllowedAndNothingIsWrongWithThem(_ name: String) throws {
        func check<Options: StrategyOptions>(_ type: Options.Type) throws {
            let defaults = Options()
            #expect(defaults.problem == nil)
            #expect(try Options(defaults.values) == defaults)
            for spec in Options.specs {
                #expect(spec.info.allowed.accepts(spec.value(in: defaults)), "\(name): \(spec.info.name)")
                #expect(!spec.info.help.isEmpty && !spec.info.source.isEmpty, "\(name): \(spec.info.name)")
                #expect(spec.info.name.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil, "\(spec.info.name)")
            }
        }
        try check(options(name))
    }

    /// A value of the option that is not its default, for each kind of option.
    private static func other(_ info: OptionInfo, than value: OptionValue) -> OptionValue {
        switch info.allowed {
        case .number(let bounds, _, _), .share(let bounds, _):
            [0.5, 0.25].map { .number(min(bounds.high, bounds.low + 1) * $0 + bounds.low * (1 - $0)) }
                .first { $0 != value } ?? value
        case .count(let range, _), .size(let range):
            .number(Double(value == .number(Double(range.lowerBound)) ? range.lowerBound + 1 : range.lowerBound))
        case .oneOf(let names): .text(names.first { .text($0) != value } ?? "")
        case .flag: .flag(value != .flag(true))
        case .form(let usages, _): .text(usages.first { .text($0) != value } ?? "")
        }
    }

    @Test(arguments: names) func whatIsWrittenIsReadAndChangesNothingElse(_ name: String) throws {
        func check<Options: StrategyOptions>(_ type: Options.Type) throws {
            for spec in Options.specs {
                var options = Options()
                let value = Self.other(spec.info, than: spec.value(in: options))
                try spec.set(value, in: &options)
                #expect(options.values == Options().values.merging([spec.info.name: value]) { $1 }, "\(spec.info.name)")
                #expect(options != Options(), "\(spec.info.name)")
                // And as the command line has it.
                if !spec.info.allowed.isSize { #expect(try spec.info.allowed.value(of: "\(value)") == value) }
                try spec.set(spec.value(in: Options()), in: &options)
                #expect(options == Options(), "\(spec.info.name)")
            }
        }
        try check(options(name))
    }

    @Test func aWordTakesTheValueAway() throws {
        let spec = try #require(ClientOptions.specs.first { $0.info.name == "local-batch" })
        var options = ClientOptions()
        try spec.set(5, in: &options)
        #expect(options.localBatch == 5 && spec.value(in: options) == 5)
        try spec.set("all", in: &options)
        #expect(options.localBatch == nil && spec.value(in: options) == "all")
    }

    @Test func aNameMeansTheSameInAllStrategies() {
        let infos = StrategyRegistry.all.flatMap { $0.options.infos } + TrainingConfiguration.specs.map(\.info)
        for (name, same) in Dictionary(grouping: infos, by: \.name) {
            #expect(Set(same.map(\.allowed.words)).count == 1, "\(name)")
            #expect(Set(same.map(\.unit)).count == 1 && Set(same.map(\.symbol)).count == 1, "\(name)")
        }
    }

    @Test func anUnknownNameIsAnsweredWithTheNearest() {
        let error = #expect(throws: OptionError.self) { try ClientOptions(["fractoin": 0.5]) }
        #expect(error?.description.contains("unknown option 'fractoin'; did you mean 'fraction'?") == true)
        let value = #expect(throws: OptionError.self) { try ClientOptions(["fraction": 1.5]) }
        #expect(value?.description == "fraction is 1.5; allowed is a share such as 10% or 0.1, above 0 up to 1")
    }
}

extension Allowed {
    fileprivate var isSize: Bool { if case .size = self { true } else { false } }
}

/// What may stand on the command line, and what an error says of all else.
@Suite struct AllowedTests {
    private func value(_ text: String, _ allowed: Allowed) -> OptionValue? { try? allowed.value(of: text) }

    @Test func numbersLieBetweenTheirEnds() {
        let half = Allowed.number(Allowed.Bounds(0..<1), .linear)
        #expect(value("0", half) == 0 && value("0.5", half) == 0.5 && value("5e-1", half) == 0.5)
        for text in ["1", "-0.1", "nan", "inf", "", "x", "0,5"] { #expect(value(text, half) == nil, "'\(text)'") }
        #expect(half.words == "a number from 0 to below 1" && half.ends == [0])
        let above = Allowed.number(.above(0, through: 2), .log)
        #expect(value("2", above) == 2 && value("0", above) == nil)
        #expect(above.words == "a number above 0 up to 2" && above.ends == [2])
        #expect(Allowed.number(.from(0), .log).words == "a number from 0 up")
    }

    @Test func sharesHavePercentSigns() {
        let share = Allowed.share(.above(0, through: 1), .linear)
        #expect(value("10%", share) == 0.1 && value("0.1", share) == 0.1 && value("0", share) == nil)
        #expect(value("120%", share) == nil)
    }

    @Test func countsAreWholeAndMayHaveAWord() {
        let count = Allowed.count(1...10, or: "all")
        #expect(value("10", count) == 10 && value("all", count) == "all")
        for text in ["0", "11", "1.5", "All", "10 ", ""] { #expect(value(text, count) == nil, "'\(text)'") }
        #expect(count.words == "a whole number from 1 to 10, or 'all'" && count.ends == [1, .infinity])
    }

    @Test func sizesHaveUnits() {
        let size = Allowed.size(1...(1 << 40))
        #expect(value("64kB", size) == 64_000 && value("0.1B", size) == nil && value("5XB", size) == nil)
    }

    @Test func errorsSayWhatWasFoundAndWhatIsAllowed() {
        func error(_ text: String, _ allowed: Allowed) -> String? {
            do throws(OptionError) {
                _ = try allowed.value(of: text)
                return nil
            } catch { return error.of("--x").description }
        }
        #expect(error("0", .count(1...5)) == "--x is 0; allowed is a whole number from 1 to 5")
        #expect(error("two", .count(1...5)) == "--x is 'two'; allowed is a whole number from 1 to 5")
        #expect(
            error("rign", .oneOf(["ring", "tree"]))
                == "--x: unknown value 'rign'; did you mean 'ring'? Allowed: ring, tree")
        #expect(error("yes", .flag) == "--x is 'yes'; allowed is true or false")
    }
}
