#!/usr/bin/env python3
"""Writes what PyTorch computes for small networks: Tests/KernelTests/Golden/layers.json.

Outputs, losses of each sample and the gradient of their mean, in float64 from numbers that float32 holds exactly, so that the
differences that a test finds are the kernel's. Needs PyTorch (2.13.0 wrote the file):

    python3 Benchmarks/golden/layers.py
"""

import json
import pathlib

import torch
from torch import nn

TARGET = pathlib.Path(__file__).parents[2] / "Tests/KernelTests/Golden/layers.json"


class Residual(nn.Module):
    """x + body(x)"""

    def __init__(self, *body):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x):
        return x + self.body(x)


CASES = {
    "activations": (
        (5,), 11, "softmaxCrossEntropy",
        [nn.Linear(5, 9), nn.Tanh(), nn.Linear(9, 6), nn.Sigmoid(), nn.Linear(6, 7), nn.GELU(), nn.Linear(7, 3)],
    ),
    "averagePoolAndGroupNorm": (
        (3, 7, 6), 3, "softmaxCrossEntropy",
        [nn.Conv2d(3, 6, 3, padding=1), nn.GroupNorm(3, 6), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(54, 3)],
    ),
    "residualOfConvolutions": (
        (1, 6, 6), 2, "softmaxCrossEntropy",
        [
            nn.Conv2d(1, 8, 3, padding=1),
            Residual(nn.Conv2d(8, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.ReLU(), nn.Conv2d(8, 8, 1)),
            nn.ReLU(), nn.AvgPool2d(3), nn.Flatten(), nn.Linear(32, 4),
        ],
    ),
    "residualsInResiduals": (
        (4,), 5, "softmaxCrossEntropy",
        [
            nn.Linear(4, 6),
            Residual(nn.Tanh(), Residual(nn.Linear(6, 6), nn.GELU()), nn.Linear(6, 6)),
            nn.ReLU(), nn.Linear(6, 3),
        ],
    ),
    "groupNormOfFeatures": (
        (4,), 9, "softmaxCrossEntropy", [nn.Linear(4, 12), nn.GroupNorm(4, 12), nn.Sigmoid(), nn.Linear(12, 2)],
    ),
    "binaryCrossEntropy": ((5,), 9, "binaryCrossEntropy", [nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1)]),
    "squaredError": ((5,), 5, "squaredError", [nn.Linear(5, 7), nn.GELU(), nn.Linear(7, 11)]),
    "oneNumber": ((3,), 10, "squaredError", [nn.Linear(3, 6), nn.Sigmoid(), nn.Linear(6, 1)]),
}


def numbers(generator, *shape, spread=1.0):
    """Multiples of 1/64."""
    return (torch.randn(*shape, generator=generator, dtype=torch.float64) * spread * 64).round() / 64


def losses(kind, outputs, labels, targets):
    if kind == "softmaxCrossEntropy":
        return nn.functional.cross_entropy(outputs, labels, reduction="none")
    if kind == "binaryCrossEntropy":
        return nn.functional.binary_cross_entropy_with_logits(outputs[:, 0], labels.double(), reduction="none")
    return nn.functional.mse_loss(outputs, targets, reduction="none").mean(dim=1)


def case(index, shape, batch, kind, layers):
    generator = torch.Generator().manual_seed(index)
    model = nn.Sequential(*layers).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(numbers(generator, *parameter.shape, spread=0.7))
    inputs = numbers(generator, batch, *shape)
    outputs = model(inputs)
    width = outputs.shape[1]
    labels = torch.randint(0, 2 if kind == "binaryCrossEntropy" else width, (batch,), generator=generator)
    targets = numbers(generator, batch, width)
    each = losses(kind, outputs, labels, targets)
    each.mean().backward()
    flat = lambda tensor: [float(number) for number in tensor.detach().flatten()]
    return {
        "batch": batch,
        "inputs": flat(inputs),
        "labels": [0] * batch if kind == "squaredError" else labels.tolist(),
        "targets": flat(targets) if kind == "squaredError" else [],
        "outputs": flat(outputs),
        "losses": flat(each),
        "parameters": [
            {"shape": list(parameter.shape), "values": flat(parameter), "gradient": flat(parameter.grad)}
            for parameter in model.parameters()
        ],
    }


def rounded(value):
    """Ten digits, more than float32 has."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list) else value


def main():
    result = {name: case(index, *description) for index, (name, description) in enumerate(CASES.items())}
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps({"torch": torch.__version__.split("+")[0], "cases": rounded(result)}) + "\n")
    print(f"{TARGET.stat().st_size} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
