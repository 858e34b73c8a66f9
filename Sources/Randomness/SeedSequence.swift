/// The root of all randomness of a run: every stream is a function of (seed, purpose, and up to two indices such as
/// rank and round), so that no stream depends on who drew before it, and a strategy that draws more does not
/// disturb another's numbers.
public struct SeedSequence: Hashable, Sendable {
    /// What a stream is for. Raw values are part of the results' reproducibility: never renumber them.
    public enum Purpose: UInt64, Sendable {
        case initialization = 1
        case split = 2
        case shuffle = 3
        case partition = 4
        case clientSampling = 5
        case localShuffle = 6
        case jitter = 7
        case validation = 8
        case search = 9
        case loss = 10
        case lifetime = 11
        case device = 21
        case straggler = 22
        case slowdown = 23
        case overlay = 31
        case peerChoice = 32
        case coding = 33
        case timer = 36
        case publicSamples = 37
        case clusterModel = 41
        case test = 99
    }

    /// The seed that the sequence was made with.
    public let seed: UInt64

    /// - Parameter seed: as `--seeds` takes it.
    public init(_ seed: UInt64) { self.seed = seed }

    /// The stream for a purpose, and for a rank (or layer) and a round (or epoch) within it.
    public func stream(_ purpose: Purpose, _ first: Int = 0, _ second: Int = 0) -> RandomStream {
        var mixer = SplitMix64(state: seed)
        // Absorb one word at a time: addition before each mixing step keeps (a, b) and (b, a) apart.
        for word in [purpose.rawValue, UInt64(bitPattern: Int64(first)), UInt64(bitPattern: Int64(second))] {
            mixer.state = mixer.next() &+ word
        }
        return RandomStream(seed: mixer.next())
    }
}
