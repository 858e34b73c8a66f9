import Testing

@testable import Diagnostics

@Suite struct CSVTextTests {
    private func fields(_ text: String) -> [[String]] { CSVText(text).records.map(\.fields) }

    @Test(arguments: [
        "a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2\r", "\u{FEFF}a,b\n1,2", "\n\na,b\n\n1,2\n\n", " a , b \n 1 , 2 ",
        "a;b\n1;2", "a\tb\n1\t2", "\n\"a\";\"b\"\n1;2\n",
    ])
    func lineEndsMarksSeparatorsEmptyLinesAndBlanksCountForNothing(_ text: String) {
        #expect(fields(text) == [["a", "b"], ["1", "2"]])
    }

    @Test func quotesKeepCommasQuotesBlanksAndLineBreaks() {
        #expect(
            fields("\"a, b\",\" c \"\n\"say \"\"no\"\"\",\"two\nlines\"\n,\"\"") == [
                ["a, b", " c "], ["say \"no\"", "two\nlines"], ["", ""],
            ])
    }

    @Test func aDecimalCommaStaysInItsFieldWhereSemicolonsSeparate() {
        #expect(fields("a;b\n0,5;1") == [["a", "b"], ["0,5", "1"]])
        #expect(fields("\"a;b\",c\n1,2") == [["a;b", "c"], ["1", "2"]])
    }

    @Test func recordsKnowTheLineTheyBeginOn() {
        let csv = CSVText("\na\r\n\r\n\"b\nb\"\nc")
        #expect(csv.records.map(\.line) == [2, 4, 6])
        #expect(csv.problem == nil)
    }

    @Test func wrongQuotesAreNamedWithTheirLine() {
        let open = CSVText("a\n\"b\nc").problem
        #expect(open?.line == 2 && open?.text == "a quote that is not closed")
        let behind = CSVText("a\n\"b\"c\n").problem
        #expect(behind?.line == 2 && behind?.text == "text behind a closing quote")
    }

    // MARK: Tables

    private func failure(_ text: String) -> CSVTable.Failure? {
        do throws(CSVTable.Failure) {
            _ = try CSVTable(text)
            return nil
        } catch { return error }
    }

    @Test func rowsOfAnotherLengthThanTheHeadingAreNamed() {
        #expect(failure("a,b\n1,2\n\n3") == .init(line: 4, "1 fields; allowed are 2, as in the heading"))
        #expect(
            failure("seconds\n0,020")
                == .init(
                    line: 2,
                    "2 fields; allowed are 1, as in the heading (numbers have a decimal point, not a comma)"))
        #expect(failure("") == .init(line: nil, "empty"))
    }

    @Test func columnsThatAreEmptyThroughoutCountForNothingAtTheEnd() throws {
        let table = try CSVTable("a,b,,\n1,2,,\n3,4,,")
        #expect(table.heading.fields == ["a", "b"] && table.rows.map(\.fields) == [["1", "2"], ["3", "4"]])
        #expect(try CSVTable("a,b,\n1,2,3").heading.fields == ["a", "b", ""])
        #expect(try CSVTable(",a\n0,1").heading.fields == ["", "a"])
    }

    @Test func numbersAreDecimalsWithAPoint() {
        for (text, value) in [("0.5", 0.5), ("-1e-3", -1e-3), ("+2", 2), ("1.", 1), (".5", 0.5)] {
            #expect(Quantity.number(text) == value, "\(text)")
        }
        for text in ["0,5", "0x10", "1_000", "inf", "nan", "1e400", "", " 1", "1 ", "1.000,5", "٣", "1e", "--1"] {
            #expect(Quantity.number(text) == nil, "\(text)")
        }
    }
}
