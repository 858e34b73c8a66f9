import Diagnostics
import Foundation
import Testing

@testable import Cluster

/// What pandas, spreadsheets and editors make of a list of latencies: it is understood, or refused with its line.
@Suite struct LatencyFileTests {
    private func read(_ text: String) throws -> [Double] {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: UUID().uuidString, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(text.utf8).write(to: folder.appending(path: "ping.csv"))
        return try LatencyFile.read("ping.csv", in: folder)
    }

    @Test(arguments: [
        "seconds\r\n0.001\r\n0.0005\r\n", "\u{FEFF}0.001\n0.0005\n", "0.001\n\n5e-4\n",
        "\"seconds\"\n\"0.001\"\n0.0005",
        "seconds,when\n0.001,now\n0.0005,later\n", ",seconds\n0,0.001\n1,0.0005\n", "when;seconds\nnow;0.001\n;0.0005",
        "seconds,\n0.001,\n0.0005,\n", "when\tseconds\nnow\t0.001\nlater\t0.0005\n", "seconds\r0.001\r0.0005\r",
    ])
    func latenciesAreReadHoweverTheyAreWritten(_ text: String) throws {
        #expect(try read(text) == [0.001, 0.0005])
    }

    @Test(arguments: [
        ("seconds\n0,020\n0,020\n", "line 2: 2 fields; allowed are 1"),
        ("0,020\n0,020\n", "line 1: 2 fields; allowed are 1"), ("seconds\n0.02,\n", "line 2: 2 fields"),
        ("when;seconds\nnow;0,020\n", "line 2: '0,020' is not a latency"),
        ("latency_ms\n20\n", "line 1: columns 'latency_ms'; allowed is one column 'seconds'"),
        ("20ms\n20ms\n", "line 1: columns '20ms'; allowed is one column 'seconds'"),
        ("seconds\n0.02\n20ms\n", "line 3: '20ms' is not a latency"),
        (",0\n0,0.001\n1,0.002\n", "line 1: 2 fields; allowed are 1"),
        ("a,b\n1,2\n", "line 1: columns 'a', 'b'"), ("seconds,seconds\n1,2\n", "line 1: columns"),
        ("seconds\n-1\n", "line 2: '-1' is not a latency"), ("seconds\n3601\n", "line 2: '3601'"),
        ("seconds\n0x10\n", "line 2: '0x10'"), ("seconds\nnan\n", "line 2: 'nan'"), ("seconds\n1_000\n", "line 2:"),
        ("seconds\n", ": 0 values; allowed are 1 to 100000"), ("", ": empty"),
        ("seconds\n\"0.1\n", "line 2: a quote that is not closed"),
    ])
    func whatIsNoListOfLatenciesIsRefusedWithItsLine(_ text: String, _ part: String) {
        let error = #expect(throws: Quantity.Failure.self) { try read(text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [[], [-1.0], [1e4], [.nan], [.infinity]])
    func latenciesOfAResultsFileAreCheckedAlike(_ seconds: [Double]) {
        var spec = ClusterPresets.ethernet1G
        spec.jitter = .empirical(file: "f.csv", seconds: seconds)
        let error = #expect(throws: ClusterFileError.self) { try spec.validate() }
        #expect(error?.description.contains("jitter of 'f.csv'") == true, "\(error?.description ?? "")")
    }
}
