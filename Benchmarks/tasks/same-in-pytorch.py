#!/usr/bin/env python3
"""Shows that four models are the same here and in PyTorch: trained there they are right about as many test samples here, and
trained here they load there and are right about as many.

    Benchmarks/tasks/same-in-pytorch.py FOLDER BENCH

Needs torch, numpy and safetensors. FOLDER gets the data of make-data.py, task files whose test sets are files of their own, and
the weights. The exit code is 1 where a count differs.
"""
import csv
import os
import re
import subprocess
import sys

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

WINDOW, STEP = 24, 3


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(3, 16), nn.Linear(16, 3)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.fc, self.pool = nn.Linear(144, 4), nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        return self.fc(self.pool(torch.relu(self.conv2(x))).flatten(1))


class LSTM(nn.Module):
    def __init__(self, symbols):
        super().__init__()
        self.embed, self.lstm = nn.Embedding(symbols, 16), nn.LSTM(16, 48, batch_first=True)
        self.out = nn.Linear(48, symbols)

    def forward(self, x):
        return self.out(self.lstm(self.embed(x))[0][:, -1])


class Transformer(nn.Module):
    """One block that normalises first."""

    def __init__(self, symbols, dimension=32):
        super().__init__()
        self.embed, self.position = nn.Embedding(symbols, dimension), nn.Embedding(WINDOW, dimension)
        self.ln1, self.attn = nn.LayerNorm(dimension), nn.MultiheadAttention(dimension, 2, batch_first=True)
        self.ln2, self.up, self.down = nn.LayerNorm(dimension), nn.Linear(dimension, 64), nn.Linear(64, dimension)
        self.ln3, self.out = nn.LayerNorm(dimension), nn.Linear(dimension, symbols)

    def forward(self, x):
        x = self.embed(x) + self.position.weight
        mask = torch.triu(torch.ones(WINDOW, WINDOW, dtype=torch.bool), diagonal=1)
        y = self.ln1(x)
        x = x + self.attn(y, y, y, attn_mask=mask, need_weights=False)[0]
        x = x + self.down(nn.functional.gelu(self.up(self.ln2(x)), approximate="none"))
        return self.out(self.ln3(x)[:, -1])


def images(folder):
    """The last 600 are the test set."""
    data = np.load(f"{folder}/shapes.npz")
    x, y = data["x"], data["y"]
    np.savez(f"{folder}/shapes-split.npz", x=x[:-600], y=y[:-600], tx=x[-600:], ty=y[-600:])
    pixels = torch.tensor(x, dtype=torch.float32)[:, None] / 255
    return (pixels[:-600], torch.tensor(y[:-600])), (pixels[-600:], torch.tensor(y[-600:]))


def table(folder):
    """The last six people are the test set, and the scale is that of the others."""
    with open(f"{folder}/watch.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    people, classes = sorted({row["person"] for row in rows}), ["rest", "run", "walk"]
    parts = []
    for name, chosen in [("train", people[:-6]), ("test", people[-6:])]:
        own = [row for row in rows if row["person"] in chosen]
        with open(f"{folder}/watch-{name}.csv", "w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, rows[0])
            out.writeheader()
            out.writerows(own)
        x = np.array([[float(row[key]) for key in ["pulse", "steps per minute", "warmth"]] for row in own])
        parts.append((x, torch.tensor([classes.index(row["activity"]) for row in own])))
    mean, deviation = parts[0][0].mean(0), parts[0][0].std(0)
    return [(torch.tensor((x - mean) / deviation, dtype=torch.float32), y) for x, y in parts]


def text(folder):
    """The last fifth is the test set; windows of both begin at every third character."""
    with open(f"{folder}/story.txt", encoding="utf-8") as file:
        letters = file.read()
    numbers = {letter: number for number, letter in enumerate(sorted(set(letters)))}
    symbols = torch.tensor([numbers[letter] for letter in letters])
    cut = len(letters) - round(0.2 * len(letters))
    parts = []
    for low, high in [(0, cut), (cut, len(letters))]:
        starts = range(low, high - WINDOW, STEP)
        x = torch.stack([symbols[start : start + WINDOW] for start in starts])
        parts.append((x, torch.tensor([int(symbols[start + WINDOW]) for start in starts])))
    return parts, len(numbers)


BLOCK = """model:
  - embedding: {name: embed, dimension: 32}
  - positions: {name: position}
  - residual: [layernorm: {name: ln1}, attention: {name: attn, heads: 2}]
  - residual:
      - layernorm: {name: ln2}
      - positionwise: {name: up, outputs: 64}
      - gelu
      - positionwise: {name: down, outputs: 32}
  - layernorm: {name: ln3}
  - last
  - dense: {name: out}
"""


def task_file(folder, name, changes):
    """A task of make-data.py with other data, or with another model; judged by its accuracy."""
    source = "story" if name == "block" else name
    with open(f"{folder}/{source}.yaml", encoding="utf-8") as file:
        lines = file.read()
    for pattern, replacement in changes:
        lines, count = re.subn(pattern, replacement, lines, flags=re.S | re.M)
        assert count == 1, f"{name}.yaml has no '{pattern}'"
    path = f"{folder}/{name}-split.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(lines)
    return path


def train(model, x, y, rate, epochs):
    optimizer, draw = torch.optim.SGD(model.parameters(), rate), torch.Generator().manual_seed(1)
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=draw).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()


def right(model, x, y):
    with torch.no_grad():
        return sum(int((model(a).argmax(1) == b).sum()) for a, b in zip(x.split(500), y.split(500)))


def run(bench, *words):
    done = subprocess.run([bench, *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def compare(name, path, make, parts, bench, folder, rate, epochs):
    (x, y), (tx, ty) = parts
    failed = False
    torch.manual_seed(1)
    model = make()
    train(model, x, y, rate, epochs)
    there, weights = right(model, tx, ty), f"{folder}/{name}-pytorch.safetensors"
    save_file(model.state_dict(), weights)
    code, output = run(bench, "task", "check", path, "--init", weights, "--expect", f"{there}/{len(ty)}")
    found = re.search(r"(\d+) of \d+ test samples right|right about (\d+)/", output)
    here = found.group(1) or found.group(2) if found else output.strip().splitlines()[-1]
    print(f"{name:<12} {'PyTorch':<12} {there:>4}/{len(ty):<5} {here:>5}  {'same' if code == 0 else 'DIFFERENT'}")
    failed |= code != 0
    weights = f"{folder}/{name}-bench.safetensors"
    code, output = run(
        bench, "--task", path, "--strategy", "single", "--seeds", "1", "--epochs", "2", "--clock", "simulated",
        "--compute", "reference", "--quiet", "--save", weights, "--output", f"{folder}/{name}-run")
    assert code == 0, output
    model = make()
    model.load_state_dict(load_file(weights))
    there = right(model, tx, ty)
    code, output = run(bench, "task", "check", path, "--init", weights, "--expect", f"{there}/{len(ty)}")
    found = re.search(r"(\d+) of \d+ test samples right|right about (\d+)/", output)
    here = found.group(1) or found.group(2) if found else output.strip().splitlines()[-1]
    print(f"{name:<12} {'bench':<12} {there:>4}/{len(ty):<5} {here:>5}  {'same' if code == 0 else 'DIFFERENT'}")
    return failed or code != 0


def main():
    folder, bench = sys.argv[1], os.path.abspath(sys.argv[2])
    subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), "make-data.py"), folder], check=True)
    torch.set_num_threads(1)
    story, symbols = text(folder)
    accuracy = [(r"^metric: perplexity$", "metric: accuracy"), (r"^target: 1.6$", "target: 80%")]
    tasks = [
        ("watch", MLP, table(folder), 0.5, 5, [
            (r"watch\.csv$", "watch-train.csv"), (r"watch\.csv:activity", "watch-train.csv:activity"),
            (r"watch\.csv:person", "watch-train.csv:person"),
            (r"\{users: 25%\}",
             "{features: watch-test.csv, labels: watch-test.csv:activity, users: watch-test.csv:person}")]),
        ("shapes", CNN, images(folder), 0.1, 3, [
            (r"shapes\.npz:x", "shapes-split.npz:x"), (r"shapes\.npz:y", "shapes-split.npz:y"),
            (r"\{fraction: 20%\}", "{features: shapes-split.npz:tx, labels: shapes-split.npz:ty}")]),
        ("story", lambda: LSTM(symbols), story, 1, 2, accuracy),
        ("block", lambda: Transformer(symbols), story, 0.3, 2, accuracy + [(r"^model:.*?(?=^metric)", BLOCK)]),
    ]
    print(f"{'model':<12} {'trained in':<12} {'PyTorch':>9} {'bench':>6}")
    failed = False
    for name, make, parts, rate, epochs, changes in tasks:
        path = task_file(folder, name, changes)
        failed |= compare(name, path, make, parts, bench, folder, rate, epochs)
    sys.exit(failed)


main()
