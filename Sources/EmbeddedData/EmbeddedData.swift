internal import CEmbeddedData

/// Data that travels inside the binary, so that the first run needs no download.
public enum EmbeddedData {
    /// `digits.csv`, gzipped: 1,797 lines of 64 pixel values (0...16, rows first) and the label (0...9).
    ///
    /// The test half of *Optical Recognition of Handwritten Digits*, E. Alpaydin and C. Kaynak, UCI Machine Learning
    /// Repository, 1998, doi:10.24432/C50P49, licensed CC BY 4.0.
    public static var digitsCSVGzipped: [UInt8] {
        Array(UnsafeBufferPointer(start: embedded_digits(), count: embedded_digits_count()))
    }
}
