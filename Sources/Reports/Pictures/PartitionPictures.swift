import Datasets
import Diagnostics
import Experiments

/// What clients or nodes hold of the training data, where a partition gave it to them.
extension PicturedRuns {
    /// A partition that the strategies of some rows share.
    struct Partition {
        let skew: PartitionSkew
        let holdings: [ShardHolding]
        /// The partition as `--partition` takes it.
        let words: String
        let strategies: [String]
        let seed: UInt64
        /// What those who hold data are called.
        let noun: String

        /// How many counts a client has: one for each class, or one in all where classes are not told apart.
        var classes: Int { holdings.first?.counts.count ?? 1 }
    }

    /// Pictures of so many partitions; whoever compares more finds them in the results' file.
    private static let mostPartitions = 4

    /// The partitions of the first seed, each once. Older files do not say what clients hold.
    var partitionsOfFirstSeed: [Partition] {
        var found: [Partition] = []
        for summary in summaries {
            guard let run = summary.runs.first, let skew = run.partitionSkew,
                let holdings = skew.holdings, !holdings.isEmpty
            else { continue }
            let noun = run.nodes == nil ? "client" : "node"
            if let index = found.firstIndex(where: { $0.skew == skew && $0.noun == noun }) {
                let one = found[index]
                found[index] = Partition(
                    skew: skew, holdings: holdings, words: one.words, strategies: one.strategies + [summary.strategy],
                    seed: one.seed, noun: noun)
            } else {
                found.append(
                    Partition(
                        skew: skew, holdings: holdings,
                        words: summary.plan.options["partition"].map { "\($0)" } ?? "own data",
                        strategies: [summary.strategy], seed: run.seed, noun: noun))
            }
        }
        return Array(found.prefix(Self.mostPartitions))
    }

    /// A picture for every different partition.
    package var partitions: [Picture] { partitionsOfFirstSeed.enumerated().map { Self.picture($1, $0) } }

    private static func picture(_ partition: Partition, _ index: Int) -> Picture {
        let plot = PartitionPlot(partition)
        return Picture(
            name: index == 0 ? "partition" : "partition-\(index + 1)",
            title: VisibleText.line("What each \(partition.noun) holds: \(partition.words)"),
            finding: VisibleText.line(finding(partition)), height: plot.height, plot.elements)
    }

    /// Sizes, and how much of a client is of one class.
    static func finding(_ partition: Partition) -> String {
        let skew = partition.skew
        let sizes =
            skew.smallestShard == skew.largestShard
            ? "Each of \(skew.clients) \(partition.noun)s holds \(skew.smallestShard) samples."
            : "\(skew.clients) \(partition.noun)s hold between \(skew.smallestShard) and \(skew.largestShard) samples, in the median \(Format.significant(skew.medianShard))."
        var words = sizes
        let shares = partition.holdings.filter { $0.samples > 0 }.map {
            Double($0.counts.max() ?? 0) / Double($0.samples)
        }.sorted()
        if partition.classes > 1, !shares.isEmpty {
            words += """
                 In the median one \(Format.percent(shares[shares.count / 2], decimals: 0)) of the samples are of its most \
                frequent class; a \(partition.noun)'s labels have \(Format.fixed(skew.meanLabelEntropyBits, 2)) bit of entropy, \
                all data have \(Format.fixed(skew.totalLabelEntropyBits, 2)) bit.
                """
        }
        if partition.holdings.count < skew.clients {
            words +=
                " \(partition.holdings.count) of the \(skew.clients) are shown, evenly spread over the order of their sizes."
        }
        return words + " Of \(partition.strategies.joined(separator: ", ")), seed \(partition.seed)."
    }

    /// The table of all counts that are drawn.
    static func numbers(_ partition: Partition) -> TextTable {
        let columns =
            partition.classes > 1 ? (0..<partition.classes).map { ("class \($0)", TextTable.Alignment.right) } : []
        var table = TextTable([(partition.noun, .right), ("samples", .right)] + columns)
        for holding in partition.holdings {
            table.append(
                ["\(holding.client)", "\(holding.samples)"]
                    + (partition.classes > 1 ? holding.counts.map { $0 == 0 ? "" : "\($0)" } : []))
        }
        return table
    }
}

/// Rows of clients: a dot for each class, by whose area it says how many samples there are, and a bar for all of them.
private struct PartitionPlot {
    let elements: [SVGElement]
    let height: Double

    private static let left = 82.0
    private static let top = 42.0
    private static let barWidth = 130.0
    private static let numberWidth = 56.0
    /// Dots that have words of their own; the counts of all stand in their row and in the table.
    private static let mostTitles = 240

    init(_ partition: PicturedRuns.Partition) {
        let (holdings, classes) = (partition.holdings, partition.classes)
        let row = holdings.count > 24 ? 16.0 : 22.0
        let isCounted = classes > 1
        let bars = isCounted ? Picture.standardWidth - Self.barWidth - Self.numberWidth : Self.left
        let column = isCounted ? (bars - 16 - Self.left) / Double(classes) : 0
        let most = Double(max(holdings.flatMap(\.counts).max() ?? 1, 1))
        let largest = Double(max(holdings.map(\.samples).max() ?? 1, 1))
        let reach = min(row, isCounted ? column : row) / 2 - 0.5
        var elements: [SVGElement] = [
            .label(partition.noun, Self.left - 8, Self.top - 10, .muted, anchor: .end),
            .label("samples", bars, Self.top - 10, .muted),
        ]
        if isCounted {
            elements.append(.label("class, and as many samples as the dot's area says", Self.left, 14, .muted))
            let every = column >= 15 ? 1 : column >= 8 ? 2 : 5
            for index in stride(from: 0, to: classes, by: every) {
                let x = Self.left + (Double(index) + 0.5) * column
                elements.append(.label("\(index)", x, Self.top - 10, .muted, size: 11, anchor: .middle))
            }
        }
        for (place, holding) in holdings.enumerated() {
            let y = Self.top + (Double(place) + 0.5) * row
            var parts: [SVGElement] = [
                .line(Self.left, y + row / 2, Picture.standardWidth - 8, y + row / 2, .grid, width: 0.5),
                .label("\(holding.client)", Self.left - 8, y + 4, .muted, size: 11, anchor: .end),
            ]
            if isCounted {
                // One colour for all of a row, or the dots of many clients would be most of a page.
                var dots: [SVGElement] = []
                for (index, count) in holding.counts.enumerated() where count > 0 {
                    let words = "\(partition.noun) \(holding.client): \(count) of class \(index)"
                    dots.append(
                        SVGElement(
                            "circle",
                            [
                                ("cx", .pixels(Self.left + (Double(index) + 0.5) * column)), ("cy", .pixels(y)),
                                ("r", .path(Format.fixed(max(0.8, reach * (Double(count) / most).squareRoot()), 1))),
                            ], holdings.count * classes <= Self.mostTitles ? [SVGElement("title", text: words)] : []))
                }
                parts.append(SVGElement("g", [("fill", .ink(.series(1)))], dots))
            }
            let width = Picture.standardWidth - Self.numberWidth - bars
            parts.append(
                .rectangle(
                    bars, y - row * 0.3, width * Double(holding.samples) / largest, row * 0.6, fill: .series(2),
                    title: "\(partition.noun) \(holding.client): \(holding.samples) samples"))
            parts.append(.label("\(holding.samples)", Picture.standardWidth - Self.numberWidth + 6, y + 4, size: 11))
            elements.append(
                .group(
                    [
                        ("data-client", .path("\(holding.client)")),
                        ("data-counts", .path(holding.counts.map(String.init).joined(separator: " "))),
                    ], parts))
        }
        self.elements = elements
        height = Self.top + Double(holdings.count) * row + 12
    }
}
