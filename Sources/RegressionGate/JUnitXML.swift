/// JUnit's XML, which CI systems show as test results: a test case for each figure.
package enum JUnitXML {
    package static func render(_ comparison: Comparison) -> String {
        let figures = comparison.figures
        var text = header(
            tests: figures.count, failures: comparison.regressions.count, errors: 0,
            skipped: comparison.notCompared.count)
        for figure in figures {
            let open = "    <testcase classname=\"bench.\(escaped(figure.strategy))\" name=\"\(escaped(figure.name))\""
            switch figure.status {
            case .regression:
                text += """
                    \(open)>
                          <failure message="\(escaped(figure.words))" type="regression">\(escaped(figure.test))</failure>
                        </testcase>

                    """
            case .notCompared:
                text += """
                    \(open)>
                          <skipped message="\(escaped(figure.test))"/>
                        </testcase>

                    """
            case .same, .withinTolerance, .improvement:
                text += "\(open)>\n      <system-out>\(escaped(figure.words))</system-out>\n    </testcase>\n"
            }
        }
        return text + footer
    }

    package static func render(notComparable reasons: [String]) -> String {
        let message = escaped(reasons.joined(separator: "; "))
        return header(tests: 1, failures: 0, errors: 1, skipped: 0) + """
                <testcase classname="bench" name="compare">
                  <error message="\(message)" type="could not compare"/>
                </testcase>

            """ + footer
    }

    private static func header(tests: Int, failures: Int, errors: Int, skipped: Int) -> String {
        let counts = "tests=\"\(tests)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\""
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="bench compare" \(counts)>
              <testsuite name="bench compare" \(counts)>

            """
    }

    private static let footer = "  </testsuite>\n</testsuites>\n"

    /// The text with escapes for characters that are special in XML, and without those that XML cannot hold.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\r", "\t": result += "&#\(scalar.value);"
            // XML 1.0 has no way to write these.
            case _ where scalar.value < 32 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
