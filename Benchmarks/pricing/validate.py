#!/usr/bin/env python3
"""PyTorch's DistributedDataParallel on hosts of this machine: predicted by `bench price` from a profile of one host, and measured.

    sudo -E validate.py profile|measure|predict|all --bench BENCH --work FOLDER [--results FOLDER]

Hosts are network namespaces with links that the kernel shapes (../validation/hosts.sh). The model is a ResNet-18 for images of 32 x 32
with batch normalisation, which `bench` does not train; 2.8 million parameters, 11 MB of gradient.

profile    A step of one process on an otherwise idle machine (../profile_torch.py), and how much slower the same step is when 2, 3
           and 4 processes compute at once without a network: more hosts than cores share them, and the cluster's `speed` says so.
measure    Ten steps of the job on 2, 3 and 4 hosts at 50 and 200 Mbit/s, with PyTorch's buckets and with buckets of 1 MiB.
predict    The same by `bench price`: the link's rate less the headers of its frames, a ring (what Gloo's all-reduce is where
           nothing else is asked for), nothing fitted to a measured step.

Phases leave files in the working folder; what is there is not made again.
"""

import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HOSTS = HERE.parent / "validation" / "hosts.sh"
COUNTS, RATES, BUCKETS = (2, 3, 4), (50, 200), (None, 1)
BATCH = 4
# A frame of 9000 bytes has 8948 of contents; the shaper counts Ethernet's own header, too.
CONTENTS = 8948 / 9014
LATENCY = "100us"


def rank(arguments, *prefix, **environment):
    return subprocess.Popen([*prefix, sys.executable, str(HERE / "ddp.py"), "--batch", str(BATCH), *arguments],
                            env={**os.environ, **environment})


def finish(processes, what, seconds=240):
    try:
        codes = [process.wait(seconds) for process in processes]
    except subprocess.TimeoutExpired:
        for process in processes:
            process.kill()
        raise SystemExit(f"{what}: not done after {seconds} s")
    if any(codes):
        raise SystemExit(f"{what}: exit codes {codes}")


def profile(work):
    target = work / "profile.json"
    if not target.exists():
        subprocess.run([sys.executable, str(HERE.parent / "profile_torch.py"), "--builtin", "resnet18", "--batch", str(BATCH), "--threads", "1",
                        "--steps", "20", "--output", str(target)], check=True)
    for count in COUNTS:
        target = work / f"together-{count}.json"
        if target.exists():
            continue
        parts = [work / f"part-{index}.json" for index in range(count)]
        finish([rank(["--alone", "--steps", "30", "--output", str(part)]) for part in parts], f"{count} processes at once")
        target.write_text(json.dumps([json.loads(part.read_text())["median"] for part in parts]))
        for part in parts:
            part.unlink()


def cell(count, rate, bucket):
    return f"{count}-{rate}mbit-{'default' if bucket is None else f'{bucket}MiB'}"


def measure(work):
    for rate in RATES:
        for count in COUNTS:
            left = [bucket for bucket in BUCKETS if not (work / f"{cell(count, rate, bucket)}.json").exists()]
            if not left:
                continue
            subprocess.run([str(HOSTS), "up", str(count), f"{rate}mbit"], check=True)
            try:
                for port, bucket in enumerate(left):
                    options = ["--output", str(work / f"{cell(count, rate, bucket)}.json")]
                    if bucket is not None:
                        options += ["--bucket", str(bucket)]
                    finish([rank(options, "ip", "netns", "exec", f"val{index + 1}", RANK=str(index), WORLD_SIZE=str(count),
                                 MASTER_ADDR="10.213.0.1", MASTER_PORT=str(29500 + port), GLOO_SOCKET_IFNAME="eth0")
                            for index in range(count)], cell(count, rate, bucket))
            finally:
                subprocess.run([str(HOSTS), "down"], check=True)


def predict(work, bench, results):
    step = json.loads((work / "profile.json").read_text())["steps"][0]
    alone = step["forward"] + step["backward"] + step["update"]
    rows = []
    results.mkdir(parents=True, exist_ok=True)
    for count in COUNTS:
        together = statistics.mean(json.loads((work / f"together-{count}.json").read_text()))
        for rate in RATES:
            (work / "cluster.yaml").write_text(
                f"name: hosts\nlatency: {LATENCY}\nbandwidth: {rate * CONTENTS:.4f}Mbit\nspeed: {alone / together:.6f}\n")
            for bucket in BUCKETS:
                if not (work / f"{cell(count, rate, bucket)}.json").exists():
                    print(f"{cell(count, rate, bucket)} was not measured", file=sys.stderr)
                    continue
                measured = json.loads((work / f"{cell(count, rate, bucket)}.json").read_text())
                strategy = "sync(overlap=true" + (f",bucket={bucket << 20}B)" if bucket else ")")
                subprocess.run([bench, "price", work / "profile.json", "--cluster", work / "cluster.yaml", "--workers", str(count), "--strategy",
                                strategy, "--json", work / "price.json"], check=True, capture_output=True)
                price = json.loads((work / "price.json").read_text())["rows"][0]
                rows.append({
                    "hosts": count, "mbit": rate, "bucket": "PyTorch's" if bucket is None else f"{bucket} MiB",
                    "measured_seconds": f"{measured['median']:.4f}", "predicted_seconds": f"{price['secondsPerUpdate']:.4f}",
                    "error": f"{price['secondsPerUpdate'] / measured['median'] - 1:+.4f}", "compute_seconds": f"{together:.4f}",
                    "least_measured": f"{min(measured['seconds']):.4f}", "most_measured": f"{max(measured['seconds']):.4f}"})
    with open(results / "ddp.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    errors = [abs(float(row["error"])) for row in rows]
    lines = ["| hosts | link | buckets | step measured (s) | least to most | step predicted (s) | error |", "| ---: | --- | --- | ---: | --- | ---: | ---: |"]
    lines += [f"| {r['hosts']} | {r['mbit']} Mbit/s | {r['bucket']} | {r['measured_seconds']} | {r['least_measured']} to {r['most_measured']} | "
              f"{r['predicted_seconds']} | {float(r['error']):+.1%} |" for r in rows]
    lines += ["", f"Absolute errors of {len(rows)} cells: median {statistics.median(errors):.1%}, largest {max(errors):.1%}. One process alone computes a step "
              f"in {alone:.3f} s."]
    print("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("phase", choices=("profile", "measure", "predict", "all"))
    parser.add_argument("--bench", default=".build/release/bench")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, default=HERE.parent.parent / "Results" / "pricing")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.phase in ("profile", "all"):
        profile(arguments.work)
    if arguments.phase in ("measure", "all"):
        measure(arguments.work)
    if arguments.phase in ("predict", "all"):
        predict(arguments.work, arguments.bench, arguments.results)


if __name__ == "__main__":
    main()
