/// The shape of one sample between two layers: `[channels, height, width]`, rows last, as PyTorch lays images out
/// (NCHW). A flat feature vector of n numbers is `[n, 1, 1]`.
public struct FeatureShape: Hashable, Sendable, CustomStringConvertible {
    /// Numbers at each place: 1 for grey pixels.
    public let channels: Int
    /// Rows; 1 for features that lie on no grid.
    public let height: Int
    /// Columns; 1 for features that lie on no grid.
    public let width: Int

    /// - Precondition: all three are above 0.
    public init(channels: Int, height: Int, width: Int) {
        precondition(channels > 0 && height > 0 && width > 0, "shape \(channels)x\(height)x\(width) must be positive")
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// - Precondition: all three are above 0.
    public init(features: Int) { self.init(channels: features, height: 1, width: 1) }

    /// Whether the order of channels matters: more than one channel, more than one pixel.
    var hasChannelOrder: Bool { channels > 1 && height * width > 1 }

    /// Numbers in one sample.
    public var count: Int { channels * height * width }

    /// The shape in short, such as `1x8x8`, or `64` for features that lie on no grid.
    public var description: String { height * width == 1 ? "\(channels)" : "\(channels)x\(height)x\(width)" }
}
