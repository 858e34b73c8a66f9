import Cluster
import Foundation
import Testing

@testable import Advice
@testable import Experiments
@testable import Reports
@testable import TestSupport

/// The pictures of advice about planted runs.
@Suite struct AdvicePictureTests {
    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")
    private static let planted = PlantedRuns(steps: [100, 110, 120, 130, 140], rounds: [20, 20, 21, 22, 22])

    private static func text() throws -> AdviceText {
        let prices = try planted.prices()
        let cluster = planted.cluster
        var far = ClusterFigure.latency.changed(cluster, to: 10e-3)
        far.name = "far"
        let advice = try ClusterAdvice(
            prices, on: cluster, arguments: ["--cluster", "planted"],
            evidence: Evidence(cluster, compute: "reference", task: "digits"), isSearched: true, hasTornado: true)
        let results = AdviceResults(
            prices, task: "digits", leftOut: [], clusters: [advice], regret: RegretTable(prices, over: [cluster, far]),
            map: try WinnerMap(
                prices, of: cluster, latencies: 1e-6...1e-2, bandwidths: 12.5e6...1.25e9, columns: 8, rows: 8,
                marking: [far]), machines: nil)
        return AdviceText(results, AdviceCommand(folder: "run"), parts: Set(AdvicePart.allCases))
    }

    /// The pictures that were looked at. Where one changes on purpose, BENCH_WRITE_GOLDEN=1 writes it anew, to be looked at again.
    @Test func picturesAreTheSameBytesAsTheOnesThatWereLookedAt() throws {
        let pictures = try Self.text().pictures
        #expect(pictures.map(\.name) == ["first-map", "regret", "tornado-1", "pareto-1"])
        for picture in pictures {
            let file = Self.golden.appendingPathComponent("\(picture.name).svg")
            if ProcessInfo.processInfo.environment["BENCH_WRITE_GOLDEN"] != nil {
                try Data((picture.svg(.light) + "\n").utf8).write(to: file)
            }
            #expect(picture.svg(.light) + "\n" == (try String(contentsOf: file, encoding: .utf8)), "\(picture.name)")
        }
    }

    /// Bars end where halving and doubling put the lead, by the closed forms.
    @Test func theTornadosEndsAreTheClosedForms() throws {
        let picture = try #require(try Self.text().pictures.first { $0.name == "tornado-1" })
        let leads = picture.svg(.light).matches(of: #/data-value="([^"]*)"/#).compactMap { Double($0.output.1) }
        let planted = Self.planted
        for latency in [50e-6, 200e-6] {
            let lead = planted.federatedSeconds(21, latency: latency) / planted.syncSeconds(120, latency: latency)
            #expect(leads.contains { abs($0 / lead - 1) < 1e-6 || abs($0 * lead - 1) < 1e-6 }, "\(latency): \(leads)")
        }
    }

    /// Bytes to the target follow from the messages: of a step's ring all-reduce 2 (n - 1) chunks with their framing of each rank.
    @Test func theParetoPictureHasTheMediansOfEachFigure() throws {
        let picture = try #require(try Self.text().pictures.first { $0.name == "pareto-1" })
        let text = picture.svg(.light)
        let rows = text.matches(of: #/data-row="([^"]*)" data-strategy="([^"]*)" data-value="([^"]*)"/#).map {
            (String($0.output.1), String($0.output.2), Double($0.output.3) ?? .nan)
        }
        let (bytesOfAStep, bytesOfARound) = (4 * 6 * (PlantedRuns.elements + 16), 6 * (4 * PlantedRuns.elements + 16))
        let bytes = rows.filter { $0.0.hasPrefix("bytes") }
        #expect(bytes.map(\.1) == ["sync", "federated"])
        #expect(bytes.map(\.2) == [Double(120 * bytesOfAStep), Double(21 * bytesOfARound)])
        let time = rows.filter { $0.0.hasPrefix("time") }.map(\.2)
        let latency = Self.planted.cluster.worker.link.latencySeconds
        #expect(abs(time[0] / Self.planted.syncSeconds(120, latency: latency) - 1) < 1e-6)
        #expect(abs(time[1] / Self.planted.federatedSeconds(21, latency: latency) - 1) < 1e-6)
    }
}
