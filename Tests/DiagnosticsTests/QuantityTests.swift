import Diagnostics
import Testing

@Suite struct QuantityTests {
    /// The relative error that one scaling by a power of ten, and one by `Duration`'s attoseconds, may leave: a few
    /// units in the last place.
    static let rounding = 1e-14

    private func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    /// The message of the failure, "" if there is none.
    private func message<Value>(_ parse: () throws(Quantity.Failure) -> Value) -> String {
        do throws(Quantity.Failure) {
            _ = try parse()
            return ""
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("5ms", 5e-3), ("1.5 ms", 1.5e-3), ("100us", 1e-4), ("100µs", 1e-4), ("250ns", 2.5e-7), ("2s", 2), ("0", 0),
        ("0s", 0), ("2min", 120), ("1h", 3600), ("  7 ms ", 7e-3), ("1e3ms", 1), ("5e-3s", 5e-3), (".5s", 0.5),
        ("1e9s", 1e9), ("0.0", 0),
    ])
    func durationsAreAccepted(text: String, expected: Double) throws {
        let value = seconds(try Quantity.duration(text))
        #expect(abs(value - expected) <= Self.rounding * expected, "\(text): \(value)")
    }

    @Test(arguments: [
        ("5", "no unit"), ("-5ms", "negative"), ("-0.1s", "negative"), ("5 parsecs", "unknown unit 'parsecs'"),
        ("5MS", "unknown unit 'MS'"), ("nan", "is not a time"), ("inf", "is not a time"), ("-inf", "is not a time"),
        ("", "is not a time"), ("ms", "is not a time"), ("2e9s", "longer than 1e9 s"), ("5 ms ms", "unknown unit"),
        ("0x10s", "unknown unit"), ("1,5ms", "unknown unit"), (" ", "is not a time"),
    ])
    func otherDurationsAreRefusedByNameAndReason(text: String, reason: String) {
        let message = message { () throws(Quantity.Failure) in try Quantity.duration(text) }
        #expect(message.contains("'\(text)'"), "\(text): \(message)")
        #expect(message.contains(reason), "\(text): \(message)")
        // What is allowed, with examples; the upper limit is its own explanation.
        #expect(message.contains("such as 250us, 5ms or 2s") || reason.contains("1e9"), "\(text): \(message)")
    }

    @Test(arguments: [
        ("1Gbit", 125e6), ("100Mbit/s", 12.5e6), ("10Gbps", 1.25e9), ("10 Gb/s", 1.25e9), ("25.6GB/s", 25.6e9),
        ("5MB", 5e6), ("8bit", 1), ("8kbit/s", 1e3), ("1Tbit", 125e9), ("1 TB/s", 1e12), ("16bps", 2), ("3B/s", 3),
        ("200 Mbits/s", 25e6), ("5MBps", 5e6), ("1e3kB", 1e6),
    ])
    func bandwidthsAreAccepted(text: String, expected: Double) throws {
        let value = try Quantity.bandwidth(text)
        #expect(abs(value - expected) <= Self.rounding * expected, "\(text): \(value)")
    }

    @Test(arguments: [
        ("1", "no unit"), ("0", "no unit"), ("5 parsecs", "unknown unit"), ("1 gbit", "unknown unit"),
        ("-1Gbit", "not above zero"), ("0Mbit", "not above zero"), ("nan", "is not a rate"), ("inf", "is not a rate"),
        ("", "is not a rate"), ("Gbit", "is not a rate"), ("1e308TB", "not above zero"), ("1Gbit/h", "unknown unit"),
    ])
    func otherBandwidthsAreRefusedByNameAndReason(text: String, reason: String) {
        let message = message { () throws(Quantity.Failure) in try Quantity.bandwidth(text) }
        #expect(message.contains("'\(text)'"), "\(text): \(message)")
        #expect(message.contains(reason), "\(text): \(message)")
        #expect(message.contains("such as 100Mbit, 1Gbit or 25.6GB/s"), "\(text): \(message)")
    }

    @Test(arguments: [
        ("97%", 0.97), ("0.97", 0.97), ("97.5 %", 0.975), ("1", 1), ("100%", 1), ("0", 0),
        ("0%", 0), ("0.5%", 0.005), ("1%", 0.01),
    ])
    func fractionsAreAccepted(text: String, expected: Double) throws {
        let value = try Quantity.fraction(text)
        #expect(abs(value - expected) <= Self.rounding, "\(text): \(value)")
    }

    @Test(arguments: [
        ("120%", "outside 0 % to 100 %"), ("-1%", "outside 0 % to 100 %"), ("-0.1", "outside 0 % to 100 %"),
        ("101", "outside 0 % to 100 %"), ("1.1", "outside 0 to 1, and has no %"),
        ("97", "outside 0 to 1, and has no %"),
        ("97 percent", "unknown unit 'percent'"), ("nan", "is not a share"),
        ("inf", "is not a share"), ("", "is not a share"), ("%", "is not a share"), ("5%%", "unknown unit"),
    ])
    func otherFractionsAreRefusedByNameAndReason(text: String, reason: String) {
        let message = message { () throws(Quantity.Failure) in try Quantity.fraction(text) }
        #expect(message.contains("'\(text)'"), "\(text): \(message)")
        #expect(message.contains(reason), "\(text): \(message)")
        #expect(message.contains("such as 97% or 0.97"), "\(text): \(message)")
    }

    @Test(arguments: [
        (0, "0s"), (1, "1s"), (0.04, "40ms"), (1.5e-3, "1.5ms"), (250e-6, "250us"), (1e-9, "1ns"), (0.25e-9, "0.25ns"),
        (3600, "3600s"), (0.1 + 0.2, "300ms"),
    ])
    func aTimeIsWrittenAsItIsRead(seconds: Double, text: String) throws {
        #expect(Quantity.text(seconds: seconds) == text)
        #expect(abs(self.seconds(try Quantity.duration(text)) - seconds) <= Self.rounding * seconds)
    }

    @Test(arguments: [
        ("100MB", 100_000_000), ("1.5 GB", 1_500_000_000), ("64kB", 64_000), ("7", 7), ("3B", 3),
        ("1TB", 1_000_000_000_000),
        ("1000TB", 1_000_000_000_000_000),
    ])
    func sizesAreAccepted(text: String, expected: Int) throws {
        #expect(try Quantity.bytes(text) == expected)
    }

    @Test(arguments: [
        ("0", "not above 0 up to 1 PB"), ("-1MB", "not above 0"), ("1001TB", "up to 1 PB"),
        ("5MiB", "unknown unit 'MiB'"),
        ("5mb", "unknown unit 'mb'"), ("much", "is not a size"), ("", "is not a size"), ("nan", "is not a size"),
    ])
    func otherSizesAreRefusedByNameAndReason(text: String, reason: String) {
        let message = message { () throws(Quantity.Failure) in try Quantity.bytes(text) }
        #expect(message.contains("'\(text)'"), "\(text): \(message)")
        #expect(message.contains(reason), "\(text): \(message)")
        #expect(message.contains("such as 64kB, 100MB or 1.5GB"), "\(text): \(message)")
    }

    /// A target is compared exactly, so that a per cent and the fraction that it stands for have to be one number.
    @Test func aPercentageIsTheNumberNearestToWhatIsWritten() throws {
        for thousandths in 0...1000 {
            let fraction = try #require(Double("\(thousandths)e-3"))
            let percent = "\(thousandths / 10).\(thousandths % 10)"
            for text in ["\(percent)%", "\(percent) %", "\(percent)e0%", "\(thousandths)e-1%"] {
                #expect(try Quantity.fraction(text) == fraction, "\(text)")
            }
        }
        #expect(try Quantity.fraction("97.3 %") == 0.973)
        #expect(try Quantity.fraction("0.973") == 0.973)
        #expect(try Quantity.fraction("+33.3333%") == 0.333333)
        for exponent in ["-9223372036854775808", "-99999999999999999999", "-400"] {
            #expect(try Quantity.fraction("1e\(exponent)%") == 0, "\(exponent)")
        }
    }

    /// Trying every prefix of such a number took half a minute and more.
    @Test func aNumberOfManyDigitsIsReadInOnePass() throws {
        let digits = String(repeating: "3", count: 100_000)
        #expect(try Quantity.fraction("0.\(digits)") == 1 / 3.0)
        #expect(try seconds(Quantity.duration("0.\(digits)s")) > 0.3)
        let message = message { () throws(Quantity.Failure) in try Quantity.bytes(digits + "MB") }
        #expect(message.contains("is not a size with its unit"), "\(message.suffix(80))")
    }
}
