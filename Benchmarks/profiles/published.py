#!/usr/bin/env python3
"""Makes the profiles of public models in this folder from figures that others have published.

    published.py PIPEDREAM      a clone of https://github.com/msr-fiddle/pipedream, for the times of ResNet-50's layers

resnet50-v100.json
    Step: DLPerf's eight-GPU throughput. When gradients are there: the backward times of PipeDream's profile, layer by layer,
    measured at batch 128 on one V100. Only the shares are taken from it: layers timed one by one take longer than a step.
bert-base-v100.json
    Step: DLPerf's eight-GPU throughput. Nobody has published when its gradients are there: the shares are those of
    multiplications, which is an assumption, and says so in the file.
"""

import argparse
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
DLPERF = "OneFlow DLPerf report v1.0 (Oct 2020, Apache-2.0), https://github.com/Oneflow-Inc/DLPerf"


def resnet50_names():
    """The tensors and their sizes in the order of PyTorch's named_parameters: He et al. 2016, table 1."""
    tensors = []

    def convolution(name, normalisation, inputs, outputs, side):
        tensors.append((f"{name}.weight", outputs * inputs * side * side))
        tensors.append((f"{normalisation}.weight", outputs))
        tensors.append((f"{normalisation}.bias", outputs))

    convolution("conv1", "bn1", 3, 64, 7)
    channels = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}"
            convolution(f"{name}.conv1", f"{name}.bn1", channels, width, 1)
            convolution(f"{name}.conv2", f"{name}.bn2", width, width, 3)
            convolution(f"{name}.conv3", f"{name}.bn3", width, 4 * width, 1)
            if block == 0:
                convolution(f"{name}.downsample.0", f"{name}.downsample.1", channels, 4 * width, 1)
            channels = 4 * width
    return tensors + [("fc.weight", 1000 * 2048), ("fc.bias", 1000)]


def pipedream_layers(clone):
    """(layer, forward ms, backward ms, parameters) in the order of the forward pass."""
    text = (pathlib.Path(clone) / "profiler/image_classification/profiles/resnet50/graph.txt").read_text()
    pattern = r"\s*node(\d+) -- (.*) -- forward_compute_time=([\d.]+), backward_compute_time=([\d.]+), .*parameter_size=([\d.]+)"
    found = [re.match(pattern, line) for line in text.splitlines()]
    rows = sorted((int(m[1]), m[2], float(m[3]), float(m[4]), int(float(m[5])) // 4) for m in found if m)
    # The first node is the reading of the data.
    return [row[1:] for row in rows if row[1] != "Input"]


def resnet50(clone):
    layers = pipedream_layers(clone)
    backward = sum(layer[2] for layer in layers)
    names = iter(resnet50_names())
    tensors, before = [], 0.0
    for layer, _, milliseconds, parameters in layers:
        # A layer's gradients are there when its own backward pass and those of all later layers are over.
        ready, before = round((backward - before) / backward, 6), before + milliseconds
        while parameters > 0:
            name, numbers = next(names)
            tensors.append({"name": name, "numbers": numbers, "ready": ready})
            parameters -= numbers
        assert parameters == 0, layer
    assert sum(tensor["numbers"] for tensor in tensors) == 25_557_032
    return tensors, sum(layer[1] for layer in layers) / (sum(layer[1] for layer in layers) + backward)


def bert_base(vocabulary=30528, hidden=768, layers=12, positions=512, length=128, predicted=20):
    """Devlin et al. 2019, with the vocabulary rounded up to a multiple of 8 as NVIDIA's code does; the output layer of the
    masked words shares the embedding's weights. Work is in multiplications a token of the forward pass."""
    tensors, works = [], []

    def add(name, numbers, work=0.0):
        tensors.append({"name": name, "numbers": numbers})
        works.append(work)

    def dense(name, inputs, outputs, share=1.0):
        add(f"{name}.weight", inputs * outputs, inputs * outputs * share)
        add(f"{name}.bias", outputs)

    def norm(name):
        add(f"{name}.weight", hidden)
        add(f"{name}.bias", hidden)

    embeddings = "bert.embeddings"
    add(f"{embeddings}.word_embeddings.weight", vocabulary * hidden)
    add(f"{embeddings}.position_embeddings.weight", positions * hidden)
    add(f"{embeddings}.token_type_embeddings.weight", 2 * hidden)
    norm(f"{embeddings}.LayerNorm")
    for layer in range(layers):
        name = f"bert.encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            dense(f"{name}.attention.self.{part}", hidden, hidden)
        # The scores and the weighted sum of values.
        works[-1] += 2 * length * hidden
        dense(f"{name}.attention.output.dense", hidden, hidden)
        norm(f"{name}.attention.output.LayerNorm")
        dense(f"{name}.intermediate.dense", hidden, 4 * hidden)
        dense(f"{name}.output.dense", 4 * hidden, hidden)
        norm(f"{name}.output.LayerNorm")
    masked = predicted / length
    dense("bert.pooler.dense", hidden, hidden, 1 / length)
    add("cls.predictions.bias", vocabulary, vocabulary * hidden * masked)
    dense("cls.predictions.transform.dense", hidden, hidden, masked)
    norm("cls.predictions.transform.LayerNorm")
    dense("cls.seq_relationship", hidden, 2, 1 / length)
    done = 0.0
    for tensor, work in zip(reversed(tensors), reversed(works)):
        done += work
        tensor["ready"] = round(done / sum(works), 6)
    return tensors


def profile(name, samples, seconds, tensors, forward_share, source, more):
    return {
        "format": "bench-profile-1", "name": name, "device": "Tesla V100-SXM2-16GB, one of eight in a node",
        "source": source, "bytes_per_number": 4, **more,
        "steps": [{"samples": samples, "forward": round(seconds * forward_share, 6),
                   "backward": round(seconds * (1 - forward_share), 6), "update": 0}],
        "tensors": tensors,
    }


def text(profile):
    """JSON with a line for each step and each tensor."""
    def rows(entries):
        return "[\n  " + ",\n  ".join(json.dumps(entry) for entry in entries) + "\n ]"
    fields = [f' "{key}": {rows(value) if isinstance(value, list) else json.dumps(value)}' for key, value in profile.items()]
    return "{\n" + ",\n".join(fields) + "\n}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipedream", help="a clone of github.com/msr-fiddle/pipedream")
    arguments = parser.parse_args()
    tensors, forward = resnet50(arguments.pipedream)
    (HERE / "resnet50-v100.json").write_text(text(profile(
        "resnet50-v100", 128, 8 * 128 / 2632.93, tensors, forward,
        f"step: {DLPERF}, ResNet-50 v1.5 fp32, PyTorch 1.6 DDP, batch 128 a GPU, 8 GPUs: 2632.93 images/s; the update is not told apart. "
        "ready and the forward pass's share: PipeDream's profile of a V100 at batch 128 (MIT), https://github.com/msr-fiddle/pipedream",
        {"training_samples": 1281167})))
    (HERE / "bert-base-v100.json").write_text(text(profile(
        "bert-base-v100", 48, 8 * 48 / 928.01, bert_base(), 1 / 3,
        f"step: {DLPERF}, BERT-base pretraining fp32, NGC PyTorch, batch 48 a GPU, sequences of 128, 8 GPUs: 928.01 sentences/s; "
        "the update is not told apart. ready: assumed, shares of multiplications; the forward pass: assumed, a third", {})))


if __name__ == "__main__":
    main()
