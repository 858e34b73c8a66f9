#!/usr/bin/env python3
"""Writes what PyTorch computes for the layers of sequences: golden values for the tests of Kernel.

    pip install torch==2.13.0
    Benchmarks/golden/sequences.py Tests/KernelTests/Golden

sequence-layers.json has each layer by itself: parameters, inputs, a derivative by the outputs, and what follows from them.
sequence-models.json has a small transformer and a small LSTM as whole models: the loss, its gradient, and ten steps of SGD.
All numbers given are multiples of 1/128, which every float can hold, and PyTorch computes with 64 bits, so that what it finds is
right to the seven digits shown.
"""
import json, sys, torch, torch.nn as nn, torch.nn.functional as F
from pathlib import Path

DOUBLE = torch.float64


def number(value): return float(f"{value:.7g}")
def numbers(tensor): return [number(value) for value in tensor.detach().flatten().tolist()]
def tensors(pairs): return {name: numbers(tensor) for name, tensor in pairs}


def short(tensor): return (tensor.to(DOUBLE) * 128).round() / 128


def draw(module):
    """Parameters that are all different from what a layer begins with."""
    module.to(DOUBLE)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(short(0.4 * torch.randn(parameter.shape)))
    return module


def uniform(*shape): return short(2 * torch.rand(*shape) - 1)


class Attention(nn.Module):
    def __init__(self, dimension, heads):
        super().__init__()
        self.layer = nn.MultiheadAttention(dimension, heads, batch_first=True)

    def forward(self, x):
        later = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), diagonal=1)
        return self.layer(x, x, x, attn_mask=later, need_weights=False)[0]


class First(nn.Module):
    """A module without what it returns beside the output."""
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x): return self.layer(x)[0]


class LearnedPositions(nn.Module):
    def __init__(self, positions, dimension):
        super().__init__()
        self.layer = nn.Embedding(positions, dimension)

    def forward(self, x): return x + self.layer(torch.arange(x.shape[1]))


class Last(nn.Module):
    def forward(self, x): return x[:, -1]


def layer_case(kind, module, batch, shape, options, tokens=None):
    draw(module)
    x = torch.randint(0, tokens, (batch, *shape)) if tokens else uniform(batch, *shape).requires_grad_()
    y = module(x)
    slope = uniform(*y.shape)
    y.backward(slope)
    named = [(name.removeprefix("layer."), parameter) for name, parameter in module.named_parameters()]
    return {"layer": kind, "batch": batch, "input": list(shape), "options": options, "parameters": tensors(named),
            "inputs": numbers(x), "outputs": numbers(y), "outputGradient": numbers(slope),
            "inputGradient": None if tokens else numbers(x.grad),
            "gradients": tensors((name, parameter.grad) for name, parameter in named)}


def layers():
    yield layer_case("embedding", nn.Embedding(9, 5), 3, (4,), {"vocabulary": 9, "dimension": 5}, tokens=9)
    yield layer_case("positions", LearnedPositions(4, 6), 3, (4, 6), {})
    for dimension in (5, 16):
        yield layer_case("layerNorm", nn.LayerNorm(dimension), 2, (3, dimension), {"epsilon": 1e-5})
    yield layer_case("layerNorm", nn.LayerNorm(10, eps=0.1), 3, (10,), {"epsilon": 0.1})
    yield layer_case("positionwise", nn.Linear(6, 8), 2, (5, 6), {"outputs": 8})
    yield layer_case("positionwise", nn.Linear(8, 3), 2, (5, 8), {"outputs": 3})
    for positions, dimension, heads in ((5, 6, 2), (8, 16, 2), (1, 4, 4), (7, 8, 1)):
        yield layer_case("causalSelfAttention", Attention(dimension, heads), 2, (positions, dimension), {"heads": heads})
    for positions, dimension, hidden in ((4, 5, 3), (6, 8, 8), (1, 3, 9)):
        yield layer_case("lstm", First(nn.LSTM(dimension, hidden, batch_first=True)), 2, (positions, dimension), {"hidden": hidden})
    yield layer_case("lastPosition", Last(), 3, (4, 5), {})


class Transformer(nn.Module):
    """Normalises first; the head reads the last position."""
    def __init__(self, vocabulary, positions, dimension, heads, blocks):
        super().__init__()
        self.token = nn.Embedding(vocabulary, dimension)
        self.position = nn.Embedding(positions, dimension)
        for block in range(1, blocks + 1):
            self.add_module(f"ln{block}a", nn.LayerNorm(dimension))
            self.add_module(f"attn{block}", nn.MultiheadAttention(dimension, heads, batch_first=True))
            self.add_module(f"ln{block}b", nn.LayerNorm(dimension))
            self.add_module(f"up{block}", nn.Linear(dimension, 4 * dimension))
            self.add_module(f"down{block}", nn.Linear(4 * dimension, dimension))
        self.ln = nn.LayerNorm(dimension)
        self.head = nn.Linear(dimension, vocabulary)
        self.blocks = blocks

    def forward(self, tokens):
        x = self.token(tokens) + self.position(torch.arange(tokens.shape[1]))
        later = torch.triu(torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool), diagonal=1)
        for block in range(1, self.blocks + 1):
            part = lambda name: getattr(self, name.format(block))
            y = part("ln{}a")(x)
            x = x + part("attn{}")(y, y, y, attn_mask=later, need_weights=False)[0]
            x = x + part("down{}")(F.gelu(part("up{}")(part("ln{}b")(x))))
        return self.head(self.ln(x)[:, -1])


class Recurrent(nn.Module):
    def __init__(self, vocabulary, dimension, hidden):
        super().__init__()
        self.token = nn.Embedding(vocabulary, dimension)
        self.lstm = nn.LSTM(dimension, hidden, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, tokens): return self.head(self.lstm(self.token(tokens))[0][:, -1])


def model_case(name, model, vocabulary, positions, batch, rate, options):
    draw(model)
    tokens, labels = torch.randint(0, vocabulary, (batch, positions)), torch.randint(0, vocabulary, (batch,))
    case = {"model": name, "batch": batch, "vocabulary": vocabulary, "positions": positions, "options": options, "rate": rate,
            "parameters": tensors(model.named_parameters()), "tokens": tokens.flatten().tolist(), "labels": labels.tolist()}
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=rate), []
    for step in range(10):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tokens), labels)
        loss.backward()
        if step == 0: case["gradients"] = tensors((name, parameter.grad) for name, parameter in model.named_parameters())
        losses.append(number(loss.item()))
        optimizer.step()
    return case | {"losses": losses, "trained": tensors(model.named_parameters())}


def main(folder):
    torch.manual_seed(2024)
    models = [model_case("transformer", Transformer(7, 6, 8, 2, 2), 7, 6, 4, 0.1, {"dimension": 8, "heads": 2, "blocks": 2}),
              model_case("lstm", Recurrent(7, 6, 8), 7, 6, 5, 0.5, {"dimension": 6, "hidden": 8})]
    for file, key, cases in (("sequence-layers", "layers", list(layers())), ("sequence-models", "models", models)):
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        (Path(folder) / f"{file}.json").write_text(f'{{"torch":"{torch.__version__.split("+")[0]}","{key}":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    if len(sys.argv) != 2: sys.exit(__doc__)
    main(sys.argv[1])
