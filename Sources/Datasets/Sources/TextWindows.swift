public import Kernel

/// Windows of T symbols of a text, which models see as the symbols' numbers: what comes before the symbol that is to be
/// predicted.
///
/// All windows share one text, from which batches are gathered. A window knows where it begins and no more.
public struct TextWindows: SampleSource {
    public let shape: FeatureShape
    /// The text's symbols by number.
    let text: [UInt8]
    /// `[N]`, where in the text each window begins.
    let starts: [Int32]
    private let symbolCount: Int

    /// - Parameters:
    ///   - text: numbers of symbols, each below `symbolCount`.
    ///   - symbolCount: how many symbols there are.
    ///   - length: T
    ///   - starts: `[N]`, where each window begins.
    /// - Precondition: all windows lie in the text, and so does the symbol behind each.
    public init(text: [UInt8], symbolCount: Int, length: Int, starts: [Int32]) {
        precondition(text.allSatisfy { Int($0) < symbolCount }, "a symbol is not below \(symbolCount)")
        precondition(
            length > 0 && starts.allSatisfy { $0 >= 0 && Int($0) + length < text.count },
            "a window of \(length) symbols does not lie in the text of \(text.count), or ends with it")
        shape = FeatureShape(features: length)
        self.text = text
        self.starts = starts
        self.symbolCount = symbolCount
    }

    public var count: Int { starts.count }
    public var form: String { "symbols of \(symbolCount)" }

    /// The symbol behind each window, `[N]`: what is to be predicted.
    public var nextSymbols: [UInt8] { starts.map { text[Int($0) + shape.count] } }

    public func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?) {
        precondition(places == nil, "symbols of a text are not turned")
        let length = shape.count
        text.withUnsafeBufferPointer { text in
            starts.withUnsafeBufferPointer { starts in
                guard let symbols = text.baseAddress else { return }
                samples.forEachRow { row, index in
                    precondition(index >= 0 && index < starts.count, "sample \(index) of \(starts.count)")
                    let (source, target) = (symbols + Int(starts[index]), inputs + row * length)
                    for place in 0..<length { target[place] = Float(source[place]) }
                }
            }
        }
    }

    public func selecting(_ indices: [Int]) -> Self { Self(self, starts: indices.map { starts[$0] }) }

    public func appending(_ other: any SampleSource) -> Self {
        guard let other = other as? Self, other.shape == shape, other.text == text else {
            preconditionFailure("windows of a text and other samples")
        }
        return Self(self, starts: starts + other.starts)
    }

    /// Windows of the same text as another source's that begin at other places.
    private init(_ other: Self, starts: [Int32]) {
        (shape, text, symbolCount) = (other.shape, other.text, other.symbolCount)
        self.starts = starts
    }

    /// The windows themselves: nothing of a text is estimated.
    public func scaled(by training: any SampleSource) -> Self { self }

    public func withBytes(_ body: ([UInt8]) -> Void) {
        for start in starts { body(Array(text[Int(start)..<Int(start) + shape.count])) }
    }
}
