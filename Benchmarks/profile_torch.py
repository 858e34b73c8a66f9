#!/usr/bin/env python3
"""Profiles a step of a PyTorch model for `bench price`: how long it takes, and when which gradient is there.

    profile_torch.py --builtin resnet18 --batch 8,16 --output resnet18.json
    profile_torch.py --model mine.py --batch 64,128 --device cuda --output mine.json

`mine.py` defines four functions:

    def model():                  the module, with its weights on the CPU
    def batch(samples):           one batch of so many samples: a tensor, or a tuple, list or dict of tensors
    def loss(model, batch):       the loss, a tensor of one number
    def optimizer(parameters):    the optimizer that the training uses

Steps are made twice: plain, for their times, and with a hook on every parameter, for the order in which gradients come (PyTorch's
`register_post_accumulate_grad_hook`, PyTorch 2.1 or later). Hooks cost time, so of the second only shares of the backward
pass are taken, and the profile says how much longer such steps were. On a GPU, times are those of the device (events), not those of
launching kernels. All figures are medians.

The unit of a profile is a worker as it will run. Where workers are GPUs of one node that share its memory and its cores, profile
one of them while the others train, too.
"""

import argparse
import datetime
import importlib.util
import json
import platform
import shlex
import statistics
import sys
import time

import torch
from torch import nn


class Clock:
    """Marks moments of the device's work, and tells how long it was from one to another."""

    def __init__(self, device):
        self.is_cuda = device.type == "cuda"

    def mark(self):
        if not self.is_cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def seconds(self, first, last):
        return first.elapsed_time(last) / 1e3 if self.is_cuda else last - first

    def wait(self):
        if self.is_cuda:
            torch.cuda.synchronize()


def step(model, batch, loss_of, optimizer, clock, named=()):
    """One training step: seconds of its three parts, and for each parameter of `named` the share of the backward pass after which
    its gradient is there."""
    ready = {}

    def hook(name):
        def note(_):
            # A hook that returns something is refused.
            ready[name] = clock.mark()
        return note

    hooks = [parameter.register_post_accumulate_grad_hook(hook(name)) for name, parameter in named]
    start = clock.mark()
    loss = loss_of(model, batch)
    forward = clock.mark()
    loss.backward()
    backward = clock.mark()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    update = clock.mark()
    clock.wait()
    for handle in hooks:
        handle.remove()
    whole = clock.seconds(forward, backward)
    shares = {name: min(1.0, clock.seconds(forward, mark) / whole) for name, mark in ready.items()}
    return (clock.seconds(start, forward), whole, clock.seconds(backward, update)), shares


def profile(model, batches, loss_of, optimizer, name, device, source, steps=30, warmup=5):
    """The profile as a dictionary.

    batches: for each number of samples a batch of so many on the device.
    """
    clock = Clock(device)
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    points, shares = [], {}
    for samples, batch in sorted(batches.items()):
        for _ in range(warmup):
            step(model, batch, loss_of, optimizer, clock)
        # By turns, so that what changes on the machine falls on both.
        plain, hooked = [], []
        for _ in range(steps):
            plain.append(step(model, batch, loss_of, optimizer, clock)[0])
            hooked.append(step(model, batch, loss_of, optimizer, clock, named))
        parts = [statistics.median(column) for column in zip(*plain)]
        totals = sorted(sum(row) for row in plain)
        ratio = statistics.median(sum(row) for row, _ in hooked) / statistics.median(totals)
        points.append({
            "samples": samples, **{key: round(value, 9) for key, value in zip(("forward", "backward", "update"), parts)},
            "p10_p90": [round(totals[int(q * (len(totals) - 1))], 9) for q in (0.1, 0.9)], "hooked_over_plain": round(ratio, 4)})
        # Those of the largest batch stay.
        shares = {n: statistics.median(found[n] for _, found in hooked if n in found) for n in hooked[0][1]}
    silent = [n for n, _ in named if n not in shares]
    if silent:
        raise SystemExit(f"no gradient came for {', '.join(silent[:5])}: leave parameters that the loss does not need out of the model")
    sizes = {p.element_size() for _, p in named}
    if len(sizes) > 1:
        raise SystemExit(f"gradients of {sorted(sizes)} bytes a number; a profile has one size: convert the model, or profile it in one")
    kind = torch.cuda.get_device_name(device) if clock.is_cuda else f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"
    return {
        "format": "bench-profile-1", "name": name, "device": kind, "torch": torch.__version__, "source": source,
        "bytes_per_number": sizes.pop(), "steps": points,
        "tensors": [{"name": n, "numbers": p.numel(), "ready": round(shares[n], 6)} for n, p in named],
    }


# Models that come along: one with batch normalisation and one with attention, which `bench` does not train.


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016, figure 2)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet18(nn.Module):
    """For images of 32 x 32; `width` is the channels of the first stage, 64 in the paper."""

    def __init__(self, width=32, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        widths = [width << stage for stage in range(4)]
        blocks = []
        for stage, outputs in enumerate(widths):
            inputs = widths[max(0, stage - 1)]
            blocks += [Block(inputs, outputs, 1 if stage == 0 else 2), Block(outputs, outputs, 1)]
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x):
        return self.fc(self.blocks(self.stem(x)).mean((2, 3)))


class Transformer(nn.Module):
    """A causal language model of four layers that looks at 64 characters."""

    def __init__(self, width=192, layers=4, vocabulary=256, length=64):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.zeros(length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, vocabulary)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length), persistent=False)

    def forward(self, tokens):
        return self.head(self.encoder(self.embedding(tokens) + self.positions, mask=self.mask, is_causal=True))


class ResNetTask:
    model = staticmethod(ResNet18)

    @staticmethod
    def batch(samples):
        return torch.randn(samples, 3, 32, 32), torch.randint(10, (samples,))

    @staticmethod
    def loss(model, batch):
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    @staticmethod
    def optimizer(parameters):
        return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)


class TransformerTask:
    model = staticmethod(Transformer)

    @staticmethod
    def batch(samples):
        return torch.randint(256, (samples, 65))

    @staticmethod
    def loss(model, batch):
        return nn.functional.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())

    @staticmethod
    def optimizer(parameters):
        return torch.optim.AdamW(parameters, lr=1e-3)


BUILTIN = {"resnet18": ResNetTask, "transformer": TransformerTask}


def task_of(path):
    """The functions of a file of the user's."""
    specification = importlib.util.spec_from_file_location("profiled", path)
    if specification is None:
        raise SystemExit(f"--model {path}: no Python file")
    task = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(task)
    missing = [name for name in ("model", "batch", "loss", "optimizer") if not callable(getattr(task, name, None))]
    if missing:
        raise SystemExit(f"--model {path}: it does not define {', '.join(missing)}; see --help")
    return task


def moved(batch, device):
    if torch.is_tensor(batch):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: moved(value, device) for key, value in batch.items()}
    return type(batch)(moved(value, device) for value in batch)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--builtin", choices=sorted(BUILTIN), help="a model that comes along")
    what.add_argument("--model", metavar="FILE.py", help="a file of yours")
    parser.add_argument("--batch", default="8", help="numbers of samples, with commas (default: 8)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda, cuda:1, ...")
    parser.add_argument("--threads", type=int, help="of the CPU (default: PyTorch's)")
    parser.add_argument("--steps", type=int, default=30, help="measured steps, plain and hooked each (default: 30)")
    parser.add_argument("--warmup", type=int, default=5, help="steps before them (default: 5)")
    parser.add_argument("--name", help="the profile's name (default: the model's)")
    parser.add_argument("--output", metavar="FILE.json", help="default: standard output")
    arguments = parser.parse_args()
    try:
        sizes = sorted({int(word) for word in arguments.batch.split(",")})
    except ValueError:
        sizes = [0]
    if min(sizes) < 1 or arguments.steps < 1 or arguments.warmup < 0:
        parser.error(f"--batch {arguments.batch} --steps {arguments.steps} --warmup {arguments.warmup}: allowed are whole numbers above 0")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    task = BUILTIN[arguments.builtin] if arguments.builtin else task_of(arguments.model)
    device = torch.device(arguments.device)
    model = task.model().to(device).train()
    batches = {samples: moved(task.batch(samples), device) for samples in sizes}
    words = " ".join(shlex.quote(word.rsplit("/", 1)[-1]) for word in sys.argv)
    found = profile(
        model, batches, task.loss, task.optimizer(model.parameters()), arguments.name or arguments.builtin or "model", device,
        f"measured on {datetime.date.today()}: {words}", arguments.steps, arguments.warmup)
    text = json.dumps(found, indent=1)
    if arguments.output:
        with open(arguments.output, "w") as file:
            file.write(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
