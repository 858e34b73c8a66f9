import Foundation
import Testing

@testable import Datasets

/// Tables of comma-separated values, and the columns of labels and users.
@Suite struct TableTests {
    private func withFile<Result>(_ text: String, _ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tables-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(text.utf8).write(to: folder.appendingPathComponent("t.csv"))
        return try body(folder)
    }

    private let flowers =
        "length,width,\"kind, in words\",who\n5.1,3.5,\"setosa\",ann\n6,2e0,\"blue, flag\",bob\n-1,.5,setosa,ann\n"

    @Test func columnsAreFoundByNameAndByNumber() throws {
        try withFile(flowers) { folder in
            let table = try FeatureTable(
                DataReference("t.csv"), in: folder, columns: .allBut(["kind, in words", "who"]))
            guard case .floats(let values) = table.values else { throw DataError("bytes") }
            #expect(values == [5.1, 3.5, 6, 2, -1, 0.5] && table.columns == ["length", "width"] && table.count == 3)
            let second = try FeatureTable(DataReference("t.csv"), in: folder, columns: .named(["2"]))
            guard case .floats(let widths) = second.values else { throw DataError("bytes") }
            #expect(widths == [3.5, 2, 0.5])
            let labels = try LabelColumn(DataReference("t.csv:kind, in words"), in: folder)
            let classes = try LabelColumn.classes([labels])
            #expect(classes.names == ["blue, flag", "setosa"] && classes.labels == [[1, 0, 1]])
            let users = try LabelColumn.users([LabelColumn(DataReference("t.csv:4"), in: folder)])
            #expect(users.names == ["ann", "bob"] && users.users == [[0, 1, 0]])
        }
    }

    @Test func aFirstRowWithANumberIsNoHeading() throws {
        try withFile("5.1,a\n6,b\n") { folder in
            let (all, below) = (
                try LabelColumn(DataReference("t.csv:2"), in: folder),
                try LabelColumn(DataReference("t.csv:2"), in: folder, hasHeading: true)
            )
            #expect(all.values == .texts(["a", "b"]) && below.values == .texts(["b"]))
        }
    }

    @Test func usersThatAreNumbersAreInTheirOrder() throws {
        let columns = [
            LabelColumn(name: "u", values: .numbers([10, 9, -1])), LabelColumn(name: "v", values: .numbers([9])),
        ]
        let users = try LabelColumn.users(columns)
        #expect(users.names == ["-1", "9", "10"] && users.users == [[2, 1, 0], [1]])
    }

    @Test(arguments: [
        ("a,b\n1,2\n3\n", "t.csv:3: 1 fields; allowed are 2, as in the first row"),
        ("a,b\n1,x\n", "t.csv:2: 'x' in column 'b' is no number; allowed are numbers with a decimal point"),
        ("a,b\n1,\"2\n", "t.csv:2: a quote that is not closed"),
        ("a,a\n1,2\n", "t.csv:1: two columns are named 'a'; allowed are names of their own"),
        ("", "t.csv: empty; allowed is a table with a row for each sample"),
        ("a,b\n", "t.csv: 0 samples of shape [2]; allowed are one at least of one number"),
        ("1;2,5\n", "t.csv:1: '2,5' in column 2 is no number"),
        ("1,nan\n", "t.csv:1: 'nan' in column 2 is no number"),
        ("1,1e999\n", "t.csv:1: '1e999' in column 2 is no number"),
        ("1,1e99\n", "t.csv:1: 1e99 in column 2 is beyond what 32 bits hold; allowed are numbers up to 3.40"),
        (
            String(repeating: ",", count: 400_000) + "\n",
            "t.csv:1: more than 100000 fields; allowed are as many"
        ),
        ("1,2\n" + String(repeating: ",", count: 400_000) + "\n", "t.csv:2: more than 100000 fields"),
        (
            "1\n\"" + String(repeating: "2", count: 2 << 20) + "\n",
            "t.csv:2: a quote that is not closed within 1048576 characters; allowed are as many"
        ),
    ]) func whatIsNoTableOfNumbersIsOneError(_ text: String, _ message: String) throws {
        try withFile(text) { folder in
            let found = dataError { _ = try FeatureTable(DataReference("t.csv"), in: folder) }
            #expect(found.hasPrefix(message), "\(found)")
        }
    }

    /// A test table has the training table's features under the same names, in whatever order.
    @Test func columnsOfATestTableAreFoundByTheirNames() throws {
        try withFile("b,kind,a\n1,x,2\n3,y,4\n") { folder in
            let reference = DataReference("t.csv")
            let table = try FeatureTable(reference, in: folder, columns: .same(["a", "b"], others: ["kind"]))
            #expect(table.floats == [2, 1, 4, 3] && table.columns == ["a", "b"])
            // Whoever names features leaves others out.
            let one = try FeatureTable(reference, in: folder, columns: .same(["b"], others: nil))
            #expect(one.floats == [1, 3])
            for (columns, others, message) in [
                (
                    ["a", "c"], ["kind"],
                    "t.csv: there is no column 'c', which is a feature of the training table; found are b, kind, a; allowed are the same names in any order"
                ),
                (
                    ["a"], ["kind"],
                    "t.csv: column 'b' is none of the training table's features; allowed are the same ones, or say with columns: which are features"
                ),
            ] {
                let found = dataError {
                    _ = try FeatureTable(reference, in: folder, columns: .same(columns, others: others))
                }
                #expect(found == message)
            }
        }
    }

    /// As data frames are written with the rows' numbers before them.
    @Test func aColumnWithoutANameIsCalledByItsNumber() throws {
        try withFile(",a\n0,5\n1,6\n") { folder in
            let table = try FeatureTable(DataReference("t.csv"), in: folder, hasHeading: true)
            #expect(table.columns == ["1", "a"])
            let again = try FeatureTable(
                DataReference("t.csv"), in: folder, columns: .same(table.columns, others: []))
            #expect(again.floats == table.floats)
        }
    }

    /// A heading of many names is read in a moment: each is looked up, and not compared with all before it.
    @Test(.timeLimit(.minutes(60))) func everyNameOfALongHeadingIsFound() throws {
        let count = 100_000
        let names = (0..<count).map { "column\($0)" }.joined(separator: ",")
        let zeros = [String](repeating: "0", count: count).joined(separator: ",")
        try withFile(names + "\n" + zeros + "\n") { folder in
            let table = try FeatureTable(DataReference("t.csv"), in: folder)
            #expect(table.columns.count == count)
            let again = try FeatureTable(
                DataReference("t.csv"), in: folder, columns: .same(table.columns, others: []))
            #expect(again.columns == table.columns)
        }
    }

    @Test func labelsAreWholeAndFromZero() throws {
        #expect(
            dataError { _ = try LabelColumn.classes([LabelColumn(name: "y", values: .numbers([0, -1]))]) }
                == "y: sample 2 has the label -1; allowed are 0 to 255, up to 256 classes")
        #expect(
            dataError { _ = try LabelColumn.classes([LabelColumn(name: "y", values: .numbers([256]))]) }
                == "y: sample 1 has the label 256; allowed are 0 to 255, up to 256 classes")
        let two = try LabelColumn.classes([
            LabelColumn(name: "y", values: .numbers([0, 3])), LabelColumn(name: "z", values: .numbers([5])),
        ])
        #expect(two.count == 6 && two.names == nil && two.labels == [[0, 3], [5]])
    }
}
