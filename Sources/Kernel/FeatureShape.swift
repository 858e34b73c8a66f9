/// The shape of one sample between two layers: `[channels, height, width]`, rows last, as PyTorch lays images out
/// (NCHW). A flat feature vector of n numbers is `[n, 1, 1]`.
public struct FeatureShape: Hashable, Sendable, CustomStringConvertible {
    public let channels: Int
    public let height: Int
    public let width: Int

    public init(channels: Int, height: Int, width: Int) {
        precondition(channels > 0 && height > 0 && width > 0, "shape \(channels)x\(height)x\(width) must be positive")
        self.channels = channels
        self.height = height
        self.width = width
    }

    public init(features: Int) { self.init(channels: features, height: 1, width: 1) }

    /// Whether the order of channels matters: more than one channel, more than one pixel.
    var hasChannelOrder: Bool { channels > 1 && height * width > 1 }

    /// Numbers in one sample.
    public var count: Int { channels * height * width }

    public var description: String { height * width == 1 ? "\(channels)" : "\(channels)x\(height)x\(width)" }
}
