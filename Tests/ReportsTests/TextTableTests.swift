import Testing

@testable import Reports

@Suite struct TextTableTests {
    private var table: TextTable {
        var table = TextTable([("name", .left), ("count", .right), ("x", .right)])
        table.append(["µs", "7", "1"])
        table.append(["longer name", "1234567", "22"])
        return table
    }

    @Test func aTerminalsColumnsAreAlignedAndAsWideAsTheirWidestCell() {
        #expect(
            table.terminal == """
                name           count   x
                -----------  -------  --
                µs                 7   1
                longer name  1234567  22

                """)
    }

    @Test func linesOfATerminalEndWithoutSpaces() {
        var table = TextTable([("a", .left), ("b", .left)])
        table.append(["1", ""])
        table.append(["2", "long"])
        #expect(table.terminal == "a  b\n-  ----\n1\n2  long\n")
    }

    @Test func markdownMarksRightAlignedColumns() {
        #expect(
            table.markdown == """
                | name        |   count |  x |
                | ----------- | ------: | --: |
                | µs          |       7 |  1 |
                | longer name | 1234567 | 22 |

                """)
    }

    @Test func aTableWithoutRowsIsItsHeader() {
        #expect(TextTable([("a", .left)]).terminal == "a\n-\n")
    }
}
