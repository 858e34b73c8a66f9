import Advice
import Cluster
import Foundation
import Statistics

/// The same figures as `advice.csv`, and all statements with their commands, for programs.
package enum AdviceJSON {
    package static let name = "advice.json"

    /// - Parameter checksum: that of the results file of which the advice is made; nil where it has none.
    package static func render(_ advice: AdviceResults, _ text: AdviceText, checksum: String?) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(Document(advice, text, checksum))
        data.append(UInt8(ascii: "\n"))
        return data
    }

    private struct Interval: Encodable {
        /// Nil for what is never reached, as are the ends.
        let median: Double?
        let low: Double?
        let high: Double?

        init(_ summary: SpreadSummary) {
            (median, low, high) = (summary.median.finite, summary.low.finite, summary.high.finite)
        }
    }

    private struct Document: Encodable {
        /// The checksum of the results file.
        let results: String?
        let task: String
        let target: Double
        let seeds: [UInt64]
        let strategies: [String]
        let leftOut: [[String: String]]
        let statements: [Statement]
        let clusters: [Place]
        let regret: [Regret]
        let machines: [Choice]

        init(_ advice: AdviceResults, _ text: AdviceText, _ checksum: String?) {
            results = checksum
            task = advice.task
            target = advice.prices.target.value
            seeds = advice.prices.seeds
            strategies = advice.names
            leftOut = advice.leftOut.map { ["name": $0.name, "reason": $0.reason] }
            let evidences = Dictionary(
                advice.clusters.map { ($0.cluster.name, $0.evidence.words) }, uniquingKeysWith: { first, _ in first })
            statements = text.sections.flatMap { section in
                // What is about several clusters has them simulated alike, on figures that are said.
                let known = section.cluster.flatMap { evidences[$0] } ?? advice.evidenceOfSeveral
                return section.statements.map {
                    Statement(
                        part: section.part, cluster: section.cluster, text: $0.text, plain: $0.plain, short: $0.short,
                        evidence: $0.evidence ?? known, command: $0.commandText)
                }
            }
            clusters = advice.clusters.map { Place($0, advice.names) }
            regret = advice.regret.map { Regret.all($0, advice.names) } ?? []
            machines = (advice.machines?.choices ?? []).map { Choice($0, advice.names) }
        }
    }

    private struct Statement: Encodable {
        let part: AdvicePart
        let cluster: String?
        let text: String
        /// The text without how it is known, the same without how the seeds compare, and how it is known.
        let plain: String?
        let short: String?
        let evidence: String?
        let command: String
    }

    private struct Place: Encodable {
        let cluster: String
        let evidence: String
        let timesToTarget: [String: Interval]
        let first: String?
        let next: String?
        let ratioOfMedians: Double?
        let pairedRatio: [Double]?
        let seedsAhead: Int
        let isShown: Bool
        let crossovers: [Crossover]
        let tornado: [Bar]
        let toTarget: [String: [String: Interval]]
        let dominatedBy: [String: [String]]

        init(_ advice: ClusterAdvice, _ names: [String]) {
            let standing = advice.standing
            cluster = advice.cluster.name
            evidence = advice.evidence.words
            timesToTarget = Dictionary(
                uniqueKeysWithValues: zip(names, advice.summaries.map { Interval($0.timeToTarget) }))
            first = standing.first.map { names[$0] }
            next = standing.opponent.map { names[$0] }
            ratioOfMedians = standing.factor(of: standing.opponent)?.finite
            pairedRatio = standing.comparison.flatMap { comparison in
                guard let effect = comparison.effect, let low = comparison.low, let high = comparison.high else {
                    return nil
                }
                return [effect, low, high]
            }
            seedsAhead = standing.seedsAhead
            isShown = standing.isShown
            crossovers = advice.searches.flatMap { search in
                search.places.enumerated().flatMap { strategy, places in
                    places.map { Crossover(search, names[strategy], $0, names) }
                }
            }
            tornado = advice.tornado.map { Bar($0, names) }
            toTarget = Dictionary(
                uniqueKeysWithValues: advice.pareto.entries.map { entry in
                    let figures = entry.figures.map { ($0.key.rawValue, Interval($0.value)) }
                    return (entry.name, Dictionary(uniqueKeysWithValues: figures))
                })
            dominatedBy = Dictionary(
                uniqueKeysWithValues: advice.pareto.entries.map { entry in
                    (entry.name, entry.dominatedBy.map { names[$0] })
                })
        }
    }

    private struct Crossover: Encodable {
        let figure: String
        let now: Double
        let searched: [Double]
        let strategy: String
        let value: Double
        let isFirstAbove: Bool
        let other: String?
        let bySeed: [Double?]
        let tooCloseFrom: Double?
        let tooCloseTo: Double?

        init(_ search: FigureSearch, _ strategy: String, _ place: FirstPlace, _ names: [String]) {
            figure = search.figure.rawValue
            now = search.value
            searched = [search.range.lowerBound, search.range.upperBound]
            self.strategy = strategy
            value = place.value
            isFirstAbove = place.isFirstAbove
            other = place.other.map { names[$0] }
            bySeed = place.bySeed
            (tooCloseFrom, tooCloseTo) = (place.closeFrom, place.closeTo)
        }
    }

    private struct Bar: Encodable {
        let figure: String
        let change: TornadoBar.Change
        let values: [Double]
        let leads: [Double?]
        let first: [String?]
        let isShown: [Bool]
        let swing: Double

        init(_ bar: TornadoBar, _ names: [String]) {
            figure = bar.figure.rawValue
            change = bar.change
            values = [bar.low.value, bar.high.value]
            leads = [bar.low.lead.finite, bar.high.lead.finite]
            first = [bar.low, bar.high].map { $0.first.map { names[$0] } }
            isShown = [bar.low.isShown, bar.high.isShown]
            swing = bar.swing
        }
    }

    private struct Regret: Encodable {
        let strategy: String
        let cluster: String
        let ratio: Double?
        let time: Interval?
        let problem: String?

        static func all(_ table: RegretTable, _ names: [String]) -> [Regret] {
            zip(table.clusters, table.cells).flatMap { cluster, row in
                zip(names, row).map { name, cell in
                    Regret(
                        strategy: name, cluster: cluster.name, ratio: cell.ratio, time: cell.time.map { Interval($0) },
                        problem: cell.problem)
                }
            }
        }
    }

    private struct Choice: Encodable {
        let strategy: String
        let machines: Int
        let latencySeconds: Double
        let bytesPerSecond: Double
        let pricePerHour: Double?
        let time: Interval
        let money: Interval?
        let energy: Interval?
        let isDominated: Bool

        init(_ choice: MachineSearch.Choice, _ names: [String]) {
            strategy = names[choice.strategy]
            machines = choice.machines
            latencySeconds = choice.cluster.worker.link.latencySeconds
            bytesPerSecond = choice.cluster.worker.link.uplinkBytesPerSecond
            pricePerHour = choice.cluster.worker.pricePerHour
            time = Interval(choice.time)
            money = choice.money.map { Interval($0) }
            energy = choice.energy.map { Interval($0) }
            isDominated = !choice.dominatedBy.isEmpty
        }
    }
}

extension Double {
    /// Nil for what JSON has no number for.
    fileprivate var finite: Double? { isFinite ? self : nil }
}
