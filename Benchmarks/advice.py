#!/usr/bin/env python3
"""Makes Results/advice from Results/presets, and confirms its crossovers by full runs on both sides.

    Benchmarks/advice.py [--bench PROGRAM] [--confirm COUNT]

Advice is priced from recorded schedules. For every crossover of the strategy that is first on a cluster, this makes two full
runs of seed 1, in which the two strategies are trained again: with the figure 3 % below the crossover of that seed, and 3 %
above. The first must be the one that advice says. A run takes a minute or two; --confirm 0 makes none, --confirm 5 the first
five crossovers, and without it all are confirmed. MNIST is needed where $BENCH_DATA says.

Writes Results/advice/confirmed.csv: a row for each run, with both times.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PRESETS = ["workstation", "infiniband", "ethernet-10g", "ethernet-1g", "three-sites", "phones-4g"]
# Of the twenty epochs of Results/presets as many as it takes: with seed 1 the last one is at the target after thirteen, and
# the curve of a shorter run is the beginning of that of a longer one.
EPOCHS = "14"
RUN = ["--task", "mnist-2nn", "--target", "97%", "--fabric", "simulated", "--compute", "reference", "--seeds", "1",
       "--epochs", EPOCHS]
SERVER = {"latency": 250e-6, "bandwidth": 1.25e9, "speed": 1.0}
LINE = {"latency": 75e-3, "bandwidth": 125e6 / 15}

# The figures of the presets, in seconds and bytes per second.
LINKS = {
    "workstation": {"latency": 100e-9, "bandwidth": 25.6e9, "speed": 1.0},
    "infiniband": {"latency": 1e-6, "bandwidth": 25e9, "speed": 1.0},
    "ethernet-10g": {"latency": 250e-6, "bandwidth": 1.25e9, "speed": 1.0},
    "ethernet-1g": {"latency": 250e-6, "bandwidth": 125e6, "speed": 1.0},
    "three-sites": {"latency": 250e-6, "bandwidth": 125e6, "speed": 1.0},
    "phones-4g": {"latency": 26.55e-3, "uplink": 1.7e6, "downlink": 1.8375e6, "speed": 0.25},
}


def node(figures, indent=""):
    """The lines of a node in a cluster file."""
    lines = []
    for key, value in figures.items():
        if key == "speed":
            lines.append(f"{indent}speed: {value!r}")
        elif key == "latency":
            lines.append(f"{indent}latency: {value * 1e9:.6f}ns")
        else:
            lines.append(f"{indent}{key}: {value * 8:.3f}bit")
    return lines


def cluster_file(preset, figure, value):
    """The preset as a cluster file, with one figure changed."""
    own, server, line = dict(LINKS[preset]), dict(SERVER), dict(LINE)
    if figure.startswith("server-"):
        server[figure[len("server-"):]] = value
    elif figure.startswith("line-"):
        line[figure[len("line-"):]] = value
    else:
        own[figure] = value
    text = [f"name: {preset}"] + node(own)
    if preset == "phones-4g":
        text += ["server:"] + node(server, "  ")
    if preset == "three-sites":
        text += ["topology:", "  sites:"]
        for first, second in [("america", "europe"), ("europe", "asia"), ("asia", "america")]:
            latency, rate = f"{line['latency'] * 1e9:.6f}ns", f"{line['bandwidth'] * 8:.3f}bit"
            text.append(f"    - {{between: [{first}, {second}], latency: {latency}, bandwidth: {rate}}}")
    return "\n".join(text) + "\n"


def times(bench, strategies, cluster):
    """Seconds to the target of each strategy in a full run on a cluster file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cluster.yaml")
        with open(path, "w") as file:
            file.write(cluster)
        subprocess.run(
            [bench, *RUN, "--strategy", ",".join(strategies), "--cluster", path, "--output", folder + "/out", "--quiet"],
            check=True, stdout=subprocess.DEVNULL)
        with open(folder + "/out/summary.csv", newline="") as file:
            rows = list(csv.DictReader(file))
    return {row["strategy"]: float(row["time_to_target_seconds_median"] or "inf") for row in rows}


def confirm(bench, advice, most):
    """Full runs on both sides of each crossover of seed 1."""
    rows, wrong = [], 0
    for place in advice["clusters"]:
        for crossing in place["crossovers"]:
            value = crossing["bySeed"][0]
            if crossing["strategy"] != place["first"] or value is None or not crossing.get("other"):
                continue
            if len(rows) // 2 == most:
                return rows, wrong
            for factor in [0.97, 1.03]:
                text = cluster_file(place["cluster"], crossing["figure"], value * factor)
                found = times(bench, [crossing["strategy"], crossing["other"]], text)
                own, other = found[crossing["strategy"]], found[crossing["other"]]
                expected = (factor > 1) == crossing["isFirstAbove"]
                agrees = (own < other) == expected
                wrong += not agrees
                rows.append([
                    place["cluster"], crossing["figure"], repr(value), repr(value * factor), crossing["strategy"], own,
                    crossing["other"], other, "yes" if agrees else "NO"])
                print(*rows[-1], flush=True)
    return rows, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=os.path.join(ROOT, ".build/release/bench"))
    parser.add_argument("--confirm", type=int, default=-1)
    arguments = parser.parse_args()
    output = os.path.join(ROOT, "Results/advice")
    command = [arguments.bench, "advise", "Results/presets", "--cluster", ",".join(PRESETS), "--output", "Results/advice"]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    with open(os.path.join(output, "advice.json")) as file:
        advice = json.load(file)
    rows, wrong = confirm(arguments.bench, advice, arguments.confirm)
    if rows:
        with open(os.path.join(output, "confirmed.csv"), "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([
                "cluster", "figure", "crossover_of_seed_1", "value", "strategy", "seconds", "other", "other_seconds",
                "agrees"])
            writer.writerows(rows)
    print(f"{len(rows) // 2} crossovers, {wrong} runs that disagree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
