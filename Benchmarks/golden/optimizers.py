"""Golden values of PyTorch's Adam and AdamW: ten steps of a small network in float64, written for Tests/KernelTests.

    python3 Benchmarks/golden/optimizers.py > Tests/KernelTests/Golden/optimizers.json

The network is dense 4-5, ReLU, dense 5-3, with softmax cross-entropy over a batch of 12 samples, another one in each step.
"""

import json
import sys

import torch

SHAPES = [("fc1.weight", (5, 4)), ("fc1.bias", (5,)), ("fc2.weight", (3, 5)), ("fc2.bias", (3,))]
STEPS, BATCH, RATE = 10, 12, 0.0625
# A rate and a decay that single precision has exactly; the others are the defaults of PyTorch, and values far from these.
CASES = [
    ("adam", torch.optim.Adam, {}),
    ("adam with weight decay", torch.optim.Adam, {"weight_decay": 0.25}),
    ("adam with other options", torch.optim.Adam, {"betas": (0.5, 0.9), "eps": 0.01, "weight_decay": 0.125}),
    ("adamw", torch.optim.AdamW, {}),
    ("adamw without weight decay", torch.optim.AdamW, {"weight_decay": 0.0}),
    ("adamw with other options", torch.optim.AdamW, {"betas": (0.0, 0.75), "eps": 0.5, "weight_decay": 0.25}),
]


def train(kind, options, initial, inputs, labels):
    parameters = [p.clone().requires_grad_() for p in initial]
    optimizer = kind(parameters, lr=RATE, **options)
    group = optimizer.param_groups[0]
    assert not group["amsgrad"]
    states = []
    for x, y in zip(inputs, labels):
        w1, b1, w2, b2 = parameters
        loss = torch.nn.functional.cross_entropy(torch.relu(x @ w1.T + b1) @ w2.T + b2, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        states.append([float(v) for p in parameters for v in p.detach().flatten()])
    used = {key: group[key] for key in ("betas", "eps", "weight_decay")}
    return used, states


def main():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(15)
    # Multiples of 1/64, so that single precision begins with the same numbers.
    initial = [torch.randint(-48, 49, shape) / 64 for _, shape in SHAPES]
    inputs = torch.randint(-64, 65, (STEPS, BATCH, 4)) / 64
    labels = torch.randint(0, 3, (STEPS, BATCH))
    cases = []
    for name, kind, options in CASES:
        used, states = train(kind, options, initial, inputs, labels)
        cases.append(
            {
                "name": name, "optimizer": kind.__name__, "beta1": used["betas"][0], "beta2": used["betas"][1],
                "epsilon": used["eps"], "weightDecay": used["weight_decay"],
                "parameters": {str(step): states[step - 1] for step in (1, 2, 5, STEPS)},
            })
    json.dump(
        {
            "source": f"Benchmarks/golden/optimizers.py, PyTorch {torch.__version__}", "rate": RATE,
            "initial": [float(v) for p in initial for v in p.flatten()],
            "inputs": inputs.reshape(STEPS, -1).tolist(), "labels": labels.tolist(), "cases": cases,
        }, sys.stdout)
    print()


main()
