import Testing

@testable import Reports

/// Tables in lines that a terminal has room for.
@Suite struct FittedTableTests {
    private func terminal(_ table: TextTable, _ columns: Int, isASCII: Bool = false) -> String {
        table.terminal(TextLayout(columns: columns, isASCII: isASCII))
    }

    private var times: TextTable {
        var table = TextTable([
            ("strategy", .left), ("time to 95 %", .right), ("accuracy at the end", .right), ("cluster time", .right),
        ])
        table.append(["single", "33.2 ms [3.49 ms, 220 ms]", "98.19 % [85.84, 100.00]", "1.14 s"])
        table.append(["threads", "408 ms [78 µs, 23 min]", "98.19 %", "5.59 s"])
        return table
    }

    @Test func aTableThatFitsStaysAsItIs() {
        #expect(terminal(times, 76) == times.terminal)
        #expect(terminal(times, 400) == times.terminal)
    }

    @Test func titlesGoOnInFurtherLinesFirst() {
        #expect(
            terminal(times, 69) == """
                                                                              cluster
                strategy               time to 95 %      accuracy at the end     time
                --------  -------------------------  -----------------------  -------
                single    33.2 ms [3.49 ms, 220 ms]  98.19 % [85.84, 100.00]   1.14 s
                threads      408 ms [78 µs, 23 min]                  98.19 %   5.59 s

                """)
    }

    @Test func whatHasNoRoomGoesIntoABlockBelowThatNamesItsRows() {
        #expect(
            terminal(times, 59) == """
                strategy               time to 95 %
                --------  -------------------------
                single    33.2 ms [3.49 ms, 220 ms]
                threads      408 ms [78 µs, 23 min]

                                                   cluster
                strategy      accuracy at the end     time
                --------  -----------------------  -------
                single    98.19 % [85.84, 100.00]   1.14 s
                threads                   98.19 %   5.59 s

                """)
    }

    @Test func wordsGoOnInFurtherLinesAndNumbersDoNot() {
        var table = TextTable([("figure", .left), ("n", .right), ("test", .left)])
        table.append([
            "time", "12 345 678", "a paired test over five seeds shows no difference at the level of five per cent",
        ])
        table.append(["a figure of many words", "1", "none"])
        #expect(
            terminal(table, 60) == """
                figure                         n  test
                --------------------  ----------  --------------------------
                time                  12 345 678  a paired test over five
                                                  seeds shows no difference
                                                  at the level of five per
                                                  cent
                a figure of many               1  none
                words

                """)
    }

    @Test func wordsOnTheRightAreWordsToo() {
        var table = TextTable([("strategy", .left)] + (0..<4).map { ("cluster-\($0)", .right) })
        table.append(["sync"] + (0..<4).map { "1.\($0)" })
        table.append(["first", "federated or community", "sync", "none", "sync"])
        #expect(
            terminal(table, 52) == """
                strategy  cluster-0  cluster-1  cluster-2  cluster-3
                --------  ---------  ---------  ---------  ---------
                sync            1.0        1.1        1.2        1.3
                first     federated       sync       none       sync
                                 or
                          community

                """)
    }

    @Test func sectionsStandAboveTheirRowsInEveryBlockAndInNoFile() {
        var table = TextTable([("strategy", .left), ("time", .right)])
        table.begin(section: "Measured on this machine")
        table.append(["single", "1 s"])
        table.begin(section: "Simulated on µ-cluster")
        table.append(["sync", "2 s"])
        #expect(
            terminal(table, 40, isASCII: true) == """
                strategy  time
                --------  ----
                Measured on this machine
                single     1 s

                Simulated on u-cluster
                sync       2 s

                """)
        #expect(!table.markdown.contains("Measured"))
    }

    /// Whatever is in it and however narrow the terminal: no line is longer, and no number is cut.
    @Test(arguments: [40, 60, 80, 100, 120])
    func noLineIsTooLongAndNoNumberIsCut(_ columns: Int) {
        for count in 1...14 {
            for keys in [[0], [0, 1]] where keys.count <= count {
                var table = TextTable(
                    (0..<count).map { ("a title of column \($0)", $0 % 3 == 0 ? .left : .right) }, keys: keys)
                let cells = (0..<count).map { column in
                    column % 3 == 0 ? String(repeating: "name-\(column)", count: 9) : "1\(column).25 ms [0.5, 9.5]"
                }
                table.append(cells)
                let text = terminal(table, columns)
                #expect(text.split(separator: "\n").allSatisfy { $0.count <= columns }, "\(count) columns\n\(text)")
                for column in 0..<count where column % 3 > 0 { #expect(text.contains(cells[column]), "\(text)") }
            }
        }
    }

    @Test func aLayoutsParagraphIsBrokenBetweenWords() {
        let layout = TextLayout(columns: 40)
        #expect(layout.paragraph("one line") == "one line")
        #expect(
            layout.paragraph("The quick brown fox jumps over the lazy dog and runs away.")
                == "The quick brown fox jumps over the lazy\ndog and runs away.")
        #expect(
            layout.hanging("  term  ", "The quick brown fox jumps over the lazy dog")
                == "  term  The quick brown fox jumps over\n        the lazy dog")
        #expect(TextLayout.unlimited.hanging("  term  ", "word") == "  term  word")
        #expect(TextLayout(columns: 7).columns == TextLayout.leastColumns)
    }
}
