/// Layers of sequences, `[T, D]`: T positions with D numbers each (``FeatureShape/init(positions:dimension:)``).
///
/// A block of a transformer that normalises first, of four times the width, is
///
///     .residual([.layerNorm("ln1"), .causalSelfAttention("attn", heads: 4)]),
///     .residual([.layerNorm("ln2"), .positionwise("fc1", outputs: 4 * d), .gelu, .positionwise("fc2", outputs: d)]),
extension Network.Description {
    /// A vector of a table for each token: PyTorch's `nn.Embedding`, with the tensor `name.weight` `[V, D]`.
    ///
    /// Samples are rows of T numbers of tokens, as floats, each a whole one in 0..<V; the output is `[T, D]`. For an
    /// ``Initialization`` a token is one input of 1 among zeros, so that the fan-in is 1; PyTorch begins with normal numbers
    /// of variance 1.
    ///
    /// - Parameters:
    ///   - vocabulary: V, at most 2^24.
    ///   - dimension: D
    public static func embedding(_ name: String, vocabulary: Int, dimension: Int) -> Self {
        Self("embedding", named: name) { input throws(NetworkError) in
            try Embedding(name: name, input: input, vocabulary: vocabulary, dimension: dimension)
        }
    }

    /// Adds a learned vector to each position: the tensor `name.weight` `[T, D]`, as of an `nn.Embedding(T, D)` of the numbers
    /// of the positions. Initialised as those of ``embedding(_:vocabulary:dimension:)``.
    public static func positions(_ name: String) -> Self {
        Self("positions", named: name) { input throws(NetworkError) in
            try Positions(name: name, input: input)
        }
    }

    /// The numbers of each position less their mean and divided by their deviation, times `name.weight` `[D]`, plus
    /// `name.bias` `[D]`: PyTorch's `nn.LayerNorm(D)`; over all features where they lie on no grid. Begins with weights of 1
    /// and biases of 0.
    ///
    /// - Parameter epsilon: is added to the variance; above 0.
    public static func layerNorm(_ name: String, epsilon: Float = 1e-5) -> Self {
        Self("layerNorm", named: name) { input throws(NetworkError) in
            try LayerNorm(name: name, input: input, epsilon: epsilon)
        }
    }

    /// y = W x + b at every position: PyTorch's `nn.Linear` on `[B, T, D]`, with `name.weight` `[outputs, D]` and `name.bias`.
    public static func positionwise(_ name: String, outputs: Int) -> Self {
        Self("positionwise", named: name) { input throws(NetworkError) in
            try Positionwise(name: name, input: input, outputs: outputs)
        }
    }

    /// Every position looks at itself and those before: PyTorch's `nn.MultiheadAttention(D, heads, batch_first=True)` of x, x
    /// and x with a causal mask, with `name.in_proj_weight` `[3 D, D]`, `name.in_proj_bias`, `name.out_proj.weight` `[D, D]`
    /// and `name.out_proj.bias`.
    ///
    /// - Parameter heads: a divisor of D.
    public static func causalSelfAttention(_ name: String, heads: Int) -> Self {
        Self("causalSelfAttention", named: name) { input throws(NetworkError) in
            try CausalSelfAttention(name: name, input: input, heads: heads)
        }
    }

    /// PyTorch's `nn.LSTM(D, hidden, batch_first=True)` from a state of zeros, whose output is the hidden state of every
    /// position, `[T, H]`: `name.weight_ih_l0` `[4 H, D]`, `name.weight_hh_l0` `[4 H, H]`, `name.bias_ih_l0` and
    /// `name.bias_hh_l0`, with the gates i, f, g and o one behind the other.
    ///
    /// All four are initialised by the fan-in H.
    public static func lstm(_ name: String, hidden: Int) -> Self {
        Self("lstm", named: name) { input throws(NetworkError) in
            try LSTM(name: name, input: input, hidden: hidden)
        }
    }

    /// The last position's numbers as D features: `x[:, -1]`.
    public static var lastPosition: Self {
        Self("lastPosition") { input throws(NetworkError) in
            try LastPosition(input: input)
        }
    }
}
