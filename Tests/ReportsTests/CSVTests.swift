import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport

@Suite struct CSVTests {
    @Test func fieldsWithCommasQuotesAndLineBreaksAreQuoted() {
        var csv = CSV(columns: ["name", "value"])
        csv.append(["plain", "1.5"])
        csv.append(["a,b", "say \"hi\""])
        csv.append(["two\nlines", "return\r"])
        csv.append(["", " "])
        #expect(csv.text == "name,value\nplain,1.5\n\"a,b\",\"say \"\"hi\"\"\"\n\"two\nlines\",\"return\r\"\n,\" \"\n")
    }

    @Test func numbersHaveAPointAndSixDecimals() {
        #expect(CSV.number(0) == "0.000000")
        #expect(CSV.number(1234567.5) == "1234567.500000")
        #expect(CSV.number(0.0000005) == "0.000001" || CSV.number(0.0000005) == "0.000000")
        #expect(CSV.number(-2.25) == "-2.250000")
    }

    @Test func whatThereIsNotIsEmpty() {
        let values: [Double?] = [nil, .infinity, -.infinity, .nan]
        for value in values { #expect(CSV.number(value) == "", "\(String(describing: value))") }
        #expect(CSV.count(nil) == "")
        #expect(CSV.count(-3) == "-3")
    }

    @Test func aSummaryHasEmptyTimesWhereTheTargetWasNotReached() {
        let runs = [record(seed: 1, [0.1, 0.2]), record(seed: 2, [0.1, 0.2])]
        let row = fields(SummaryCSV.render(results(runs, seeds: [1, 2])), line: 1)
        for column in ["median", "low", "high"] { #expect(row["time_to_target_seconds_\(column)"] == "", "\(column)") }
        #expect(row["first_crossing_seconds_median"] == "")
        #expect(row["seeds_reached"] == "0")
        #expect(row["bytes_uplink"] == "" && row["bytes_downlink"] == "")
    }

    @Test func aSummaryHoldsTheMediansOfItsRuns() {
        let runs = [record("federated", seed: 1, uplink: 300), record("federated", seed: 2, uplink: 300)]
        let row = fields(SummaryCSV.render(results(runs, seeds: [1, 2])), line: 1)
        let expected = [
            "task": "digits", "strategy": "federated", "fabric": "simulated", "clock": "simulated", "workers": "20",
            "seeds": "2", "samples": "2560", "rounds": "40", "final_accuracy_median": "0.970000",
            "target_accuracy": "0.950000", "seeds_reached": "2", "time_to_target_seconds_median": "4.000000",
            "cluster_seconds_median": "4.000000", "compute_seconds_median": "1.000000",
            "communication_seconds_median": "2.000000", "idle_seconds_median": "1.000000",
            "host_seconds_median": "0.250000", "bytes_sent_total": "4000", "bytes_sent_per_worker_max": "1000",
            "bytes_uplink": "300", "bytes_downlink": "300", "messages_total": "40",
            "first_crossing_seconds_median": "2.000000",
            "seeds_diverged": "0",
        ]
        for (column, value) in expected { #expect(row[column] == value, "\(column)") }
    }

    @Test func curvesHaveARowForEveryEvaluation() {
        let runs = [record(seed: 2, [0.25, 0.5]), record(seed: 1, [0.125]), record("single", [0.75])]
        let text = CurvesCSV.render(results(runs, seeds: [1, 2]))
        #expect(
            text == """
                strategy,seed,round,samples,cluster_seconds,bytes_sent,train_loss,test_accuracy,label,\
                batch,bucket,overlap,workers
                single,1,0,0,0.000000,0,,0.750000,single,64,,,
                sync,1,0,0,0.000000,0,,0.125000,sync,64,26214400,false,4
                sync,2,0,0,0.000000,0,,0.250000,sync,64,26214400,false,4
                sync,2,10,640,1.000000,1000,0.500000,0.500000,sync,64,26214400,false,4

                """)
    }

    @Test func aLossTraceTellsAnyTwoNumbersApart() {
        var trace = LossTraceCSV()
        trace.append(strategy: "sync", label: "two", seed: 7, losses: [0.1, 0.1.nextUp, .nan])
        #expect(
            trace.text == """
                strategy,seed,step,loss,label
                sync,7,0,0.1,two
                sync,7,1,0.10000000000000002,two
                sync,7,2,nan,two

                """)
    }

    /// A return with the new line behind it is one character to Swift.
    @Test func whatEndsAFieldOrALineIsQuoted() {
        var csv = CSV(columns: ["a", "b"])
        for field in ["x,y", "x\"y", "x\ny", "x\ry", "x\r\ny"] { csv.append([field, "plain"]) }
        #expect(
            csv.text == "a,b\n\"x,y\",plain\n\"x\"\"y\",plain\n\"x\ny\",plain\n\"x\ry\",plain\n\"x\r\ny\",plain\n")
    }

    @Test func noRunsAreAHeaderAlone() {
        let empty = results([], seeds: [1])
        #expect(SummaryCSV.render(empty).split(separator: "\n").count == 1)
        #expect(CurvesCSV.render(empty).split(separator: "\n").count == 1)
    }

    /// Digits are the same as by `String(format:)`, which rounds the exact binary value.
    @Test func numbersAreRoundedAsFormatDoes() {
        var values: [Double] = [
            0, -0.0, 0.5e-6, 1.5e-6, 2.5e-6, 1e15, -1e300, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1 / 3,
        ]
        values += (0..<2000).map { Double($0) * 1.000_000_5e-4 - 0.05 }
        for value in values {
            #expect(CSV.number(value) == String(format: "%.6f", value), "\(value)")
            #expect(CSV.amount(value) == String(format: "%.9f", value), "\(value)")
        }
    }

    @Test(arguments: ["a", "", " a", "a ", "a b", "a,b", "a\"b", "a\nb", "\ta", "é", "\u{A0}a", "a\r"])
    func fieldsAreQuotedWhereAReaderWouldEndOrTrimThem(_ field: String) {
        var csv = CSV(columns: ["x", "y"])
        csv.append([field, "1"])
        let isQuoted =
            field.contains { ",\"\n\r".contains($0) } || field.first?.isWhitespace == true
            || field.last?.isWhitespace == true
        let shown = isQuoted ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
        #expect(csv.text == "x,y\n" + shown + ",1\n")
    }
}
