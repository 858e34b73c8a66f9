"""The models of the tasks sotu-lstm and sotu-transformer (27,998 and 15,486 parameters) in PyTorch and JAX, and samples of their shape."""
import numpy as np
VOCABULARY, POSITIONS, DIMENSION, HIDDEN, HEADS = 30, 24, 32, 64, 2


def samples(count=22272):
    """Random tokens [N, T] and labels [N]: what a step costs does not depend on the text."""
    random = np.random.default_rng(0)
    return random.integers(0, VOCABULARY, (count, POSITIONS)), random.integers(0, VOCABULARY, count)


def torch_model(name):
    import torch, torch.nn as nn, torch.nn.functional as F

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.lstm = nn.Embedding(VOCABULARY, DIMENSION), nn.LSTM(DIMENSION, HIDDEN, batch_first=True)
            self.head = nn.Linear(HIDDEN, VOCABULARY)

        def forward(self, tokens): return self.head(self.lstm(self.token(tokens))[0][:, -1])

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.position = nn.Embedding(VOCABULARY, DIMENSION), nn.Embedding(POSITIONS, DIMENSION)
            self.ln1, self.ln2, self.ln3 = (nn.LayerNorm(DIMENSION) for _ in range(3))
            self.attn = nn.MultiheadAttention(DIMENSION, HEADS, batch_first=True)
            self.up, self.down, self.head = nn.Linear(DIMENSION, 4 * DIMENSION), nn.Linear(4 * DIMENSION, DIMENSION), nn.Linear(DIMENSION, VOCABULARY)
            self.register_buffer("later", torch.triu(torch.ones(POSITIONS, POSITIONS, dtype=torch.bool), diagonal=1))
            self.register_buffer("places", torch.arange(POSITIONS))

        def forward(self, tokens):
            x = self.token(tokens) + self.position(self.places)
            y = self.ln1(x)
            x = x + self.attn(y, y, y, attn_mask=self.later, is_causal=True, need_weights=False)[0]
            x = x + self.down(F.gelu(self.up(self.ln2(x))))
            return self.head(self.ln3(x)[:, -1])

    return Recurrent() if name == "lstm" else Transformer()


def jax_model(name):
    """Parameters, and the logits of tokens [B, T]."""
    import jax, jax.numpy as jnp
    random = np.random.default_rng(1)
    weight = lambda *shape: jnp.asarray(random.normal(0, shape[-1] ** -0.5, shape), jnp.float32)
    zeros, ones = lambda *shape: jnp.zeros(shape, jnp.float32), lambda *shape: jnp.ones(shape, jnp.float32)
    linear = lambda outputs, inputs: (weight(outputs, inputs), zeros(outputs))
    apply = lambda p, x: x @ p[0].T + p[1]

    if name == "lstm":
        parameters = {"token": weight(VOCABULARY, DIMENSION), "input": linear(4 * HIDDEN, DIMENSION), "state": linear(4 * HIDDEN, HIDDEN),
                      "head": linear(VOCABULARY, HIDDEN)}

        def logits(p, tokens):
            # One product for the inputs of all positions, as cuDNN and this project do.
            inputs = jnp.swapaxes(apply(p["input"], p["token"][tokens]), 0, 1)

            def step(carry, x):
                h, c = carry
                i, f, g, o = jnp.split(x + apply(p["state"], h), 4, axis=-1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
                return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

            start = jnp.zeros((tokens.shape[0], HIDDEN), jnp.float32)
            # Unrolled, which is faster here than a loop.
            (h, _), _ = jax.lax.scan(step, (start, start), inputs, unroll=True)
            return apply(p["head"], h)

        return parameters, logits

    parameters = {"token": weight(VOCABULARY, DIMENSION), "position": weight(POSITIONS, DIMENSION),
                  **{f"ln{number}": (ones(DIMENSION), zeros(DIMENSION)) for number in (1, 2, 3)},
                  "in": linear(3 * DIMENSION, DIMENSION), "out": linear(DIMENSION, DIMENSION), "up": linear(4 * DIMENSION, DIMENSION),
                  "down": linear(DIMENSION, 4 * DIMENSION), "head": linear(VOCABULARY, DIMENSION)}

    def norm(p, x):
        mean = x.mean(-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5) * p[0] + p[1]

    def logits(p, tokens):
        batch = tokens.shape[0]
        x = p["token"][tokens] + p["position"]
        heads = apply(p["in"], norm(p["ln1"], x)).reshape(batch, POSITIONS, 3, HEADS, DIMENSION // HEADS)
        joined = jax.nn.dot_product_attention(heads[:, :, 0], heads[:, :, 1], heads[:, :, 2], is_causal=True)
        x = x + apply(p["out"], joined.reshape(batch, POSITIONS, DIMENSION))
        x = x + apply(p["down"], jax.nn.gelu(apply(p["up"], norm(p["ln2"], x)), approximate=False))
        return apply(p["head"], norm(p["ln3"], x)[:, -1])

    return parameters, logits
