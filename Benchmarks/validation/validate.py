#!/usr/bin/env python3
"""Holds the simulation against real sockets: predicted and measured times of the same MPI jobs on hosts of hosts.sh.

    validate.py calibrate | measure | predict | table | all   [--bench PROGRAM] [--output FOLDER] [--minutes M]

calibrate   raw all-reduces and messages on 5 and 6 hosts, to which the network's figures are fitted; and training steps
            on all cores at once, without a network; and a few jobs on 5 and 6 hosts, for what sharing a core costs
measure     the judged jobs, on 2, 3 and 4 hosts
predict     the same jobs, simulated on a cluster with the fitted figures
table       predicted against measured: table.csv, report.md; exit code 1 if the errors are too large

Every phase keeps what it has after each job and goes on from there when it is started again. See README.md.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import platform
import sys
import tempfile
import time

import numpy
from scipy.optimize import nnls

from rig import Rig, State, write

RATES = {"50mbit": 50e6 / 8, "200mbit": 200e6 / 8, "unshaped": None}
HOSTS = [2, 3, 4]
CALIBRATION_HOSTS = [5, 6]
CALIBRATION_BYTES = [131072, 262144, 524288, 1048576, 2097152, 4194304]
REPETITIONS = 3
CALIBRATION_ROUNDS = 2

# Judged jobs: batch, steps between two evaluations (of which there are three; the first interval is for warming up).
TASKS = {"mnist-2nn": (4096, 10), "mnist-cnn": (256, 6)}
# Jobs on other numbers of hosts, with other batches: what it costs hosts to share a core.
CALIBRATION_JOBS = {"mnist-2nn": (6000, 8), "mnist-cnn": (360, 6)}
GRADIENT_BYTES = {"mnist-2nn": 796840, "mnist-cnn": 6653480}
# Time to target: hosts, rate, task, batch, target, steps between two evaluations, epochs.
TARGET_CELLS = [
    (3, "200mbit", "mnist-2nn", 512, "90%", 12, 1.6),
    (4, "50mbit", "mnist-2nn", 512, "90%", 12, 1.6),
]
SAMPLES = 60000
CORES = os.cpu_count()
MEDIAN_LIMIT, LARGEST_LIMIT = 0.10, 0.25


def computing_jobs():
    jobs = list(TASKS.items()) + [(task, (batch, steps)) for _, _, task, batch, _, steps, _ in TARGET_CELLS]
    return dict.fromkeys((task, batch) for task, (batch, _) in jobs)


def job_options(task, batch, steps):
    share = steps * batch / SAMPLES
    return ["--task", task, "--batch", str(batch), "--seeds", "1", "--epochs", f"{3 * share:.6f}",
            "--evaluate-every", f"{share:.6f}"]


def target_options(task, batch, target, steps, epochs):
    return ["--task", task, "--batch", str(batch), "--seeds", "1", "--epochs", str(epochs),
            "--evaluate-every", f"{steps * batch / SAMPLES:.6f}", "--target", target]


def seconds_per_step(evaluations):
    """After the first interval, in which connections are made and memory is touched."""
    (begin, first, _), (end, last, _) = evaluations[2 if len(evaluations) > 3 else 1], evaluations[-1]
    return (end - begin) / (last - first)


def seconds_to_target(evaluations, target):
    """As bench defines it: an evaluation at the target, and the mean of the last three, too."""
    goal = float(target.rstrip("%")) / 100
    # Three times 0.95 is below 2.85 in floating point; counts of right answers differ by far more than this.
    slack = 2 ** -49
    for index in range(2, len(evaluations)):
        last = [accuracy for _, _, accuracy in evaluations[index - 2:index + 1]]
        if last[-1] + slack >= goal and sum(last) + slack >= 3 * goal:
            return evaluations[index][0]
    return None


# MARK: Calibration


def calibrate(rig, state, deadline):
    for repetition in range(CALIBRATION_ROUNDS):
        for rate in RATES:
            for hosts in CALIBRATION_HOSTS:
                sizes = CALIBRATION_BYTES if rate != "50mbit" else CALIBRATION_BYTES[:-1]
                kinds = ["allreduce"] if rate == "unshaped" else ["allreduce", "pingpong"]
                for kind in kinds:
                    key = f"{kind} {rate} {hosts} {repetition}"
                    if key in state.values:
                        continue
                    check(deadline)
                    rig.up(hosts, rate)
                    state.keep(key, rig.raw(hosts, kind, sizes))
        for hosts in HOSTS:
            for task, batch in computing_jobs():
                compute(rig, state, deadline, task, batch, hosts, repetition)
        for hosts in CALIBRATION_HOSTS:
            for task, (batch, steps) in CALIBRATION_JOBS.items():
                compute(rig, state, deadline, task, batch, hosts, repetition)
                key = f"job {task} {batch} {hosts} {repetition}"
                if key in state.values:
                    continue
                check(deadline)
                rig.up(hosts, "unshaped")
                state.keep(key, seconds_per_step(rig.job(hosts, job_options(task, batch, steps))))


def compute(rig, state, deadline, task, batch, hosts, repetition):
    key = f"computing {task} {batch} {hosts} {repetition}"
    if key in state.values:
        return
    check(deadline)
    state.keep(key, rig.computing(min(hosts, CORES), task, round(batch / hosts)))
    reference = f"reference {task} {batch} {hosts}"
    if reference not in state.values:
        simulated = rig.simulation(hosts, job_options(task, batch, 2), cluster_text("none", 0, 1e12, 1))
        state.keep(reference, seconds_per_step(simulated))


def fit(state):
    """The network's figures, by least squares of relative errors on raw messages and all-reduces alone.

    A message of m bytes takes a + m / B, a ring all-reduce of m bytes on n hosts 2 (n - 1) messages of m / n in sequence.
    A link that was idle has collected its burst of tokens and sends c bytes at once: taken off every message of a ping-pong
    and once off an all-reduce. Of shaped links a and B are figures of a host. Unshaped, hosts share this machine's
    cores: a message takes n (a + m / B), of all hosts' traffic together.
    """
    return {rate: fit_rate(state, rate) for rate in RATES}


def fit_rate(state, rate):
    rows, times = [], []
    for key, seconds in state.values.items():
        kind, its_rate, hosts = (key.split() + [""] * 3)[:3]
        if kind not in ("allreduce", "pingpong") or its_rate != rate:
            continue
        hosts = int(hosts)
        for size, samples in seconds.items():
            messages, each, starts = (2 * (hosts - 1), int(size) / hosts, 1) if kind == "allreduce" else (2, int(size), 2)
            share = hosts if rate == "unshaped" else 1
            rows.append([messages * share, messages * share * each] + ([-starts] if RATES[rate] else []))
            times.append(numpy.median(samples))
    scale = numpy.array([1e-6, 1e-9] + ([1e-3] if RATES[rate] else []))
    times = numpy.array(times)
    weighted = numpy.array(rows) * scale / times[:, None]
    solution, _ = nnls(weighted, numpy.ones(len(times)))
    residuals = weighted @ solution - 1
    variance = residuals @ residuals / (len(times) - len(scale))
    errors = numpy.sqrt(variance * numpy.diag(numpy.linalg.inv(weighted.T @ weighted))) * scale
    solution = solution * scale
    figure = {
        "latencySeconds": solution[0], "latencyError": errors[0],
        "bytesPerSecond": 1 / solution[1], "bytesPerSecondError": errors[1] / solution[1] ** 2,
        "residual": float(numpy.sqrt(variance)), "points": len(times),
    }
    if RATES[rate]:
        figure["efficiency"] = figure["bytesPerSecond"] / RATES[rate]
        figure["burstBytes"] = solution[2] / solution[1]
    return figure


def speed(state, task, batch, hosts):
    """Of a host, beside the reference device that the simulation computes with (--compute reference)."""
    return state.values[f"reference {task} {batch} {hosts}"] / computing_seconds(state, task, batch, hosts)


def computing_seconds(state, task, batch, hosts):
    """Until the last of the hosts has computed its share.

    Whoever is done waits for the others, and MPI waits by asking again and again: its core is not idle, so that the kernel
    has no reason to move a process there from a core that has two. So hosts compute in rounds of as many as there are cores,
    and each round beyond the first costs some more, for switching between processes and for cold caches.
    """
    return one_round(state, task, batch, hosts) * rounds(hosts) * (1 + sharing(state)[0] * (rounds(hosts) - 1))


def rounds(hosts):
    return math.ceil(hosts / CORES)


def one_round(state, task, batch, hosts):
    times = [v for k, v in state.values.items() if k.startswith(f"computing {task} {batch} {hosts} ")]
    return float(numpy.median(times))


def sharing(state):
    """What a round beyond the first adds to each, from jobs on 5 and 6 hosts: the median, and all."""
    figure = fit_rate(state, "unshaped")
    values = []
    for key, measured in state.values.items():
        if not key.startswith("job "):
            continue
        _, task, batch, hosts, _ = key.split()
        hosts = int(hosts)
        message = figure["latencySeconds"] + GRADIENT_BYTES[task] / hosts / figure["bytesPerSecond"]
        computing = one_round(state, task, batch, hosts) * rounds(hosts)
        values.append(((measured - 2 * (hosts - 1) * hosts * message) / computing - 1) / (rounds(hosts) - 1))
    return max(0, float(numpy.median(values))), values


def cluster_text(name, latency, bytes_per_second, speed):
    return (f"name: {name}\nsource: Benchmarks/validation/validate.py calibrate\nlatency: {latency * 1e6:.4f}us\n"
            f"bandwidth: {bytes_per_second * 8 / 1e6:.4f}Mbit\nspeed: {speed:.5f}\n")


def cluster(state, rate, hosts, task, batch):
    figure = fit_rate(state, rate)
    share = hosts if rate == "unshaped" else 1
    return cluster_text(
        f"{hosts}-hosts-{rate}", figure["latencySeconds"] * share, figure["bytesPerSecond"] / share,
        speed(state, task, batch, hosts))


# MARK: Judged cells


def cells():
    for rate in RATES:
        for hosts in HOSTS:
            for task, (batch, steps) in TASKS.items():
                yield f"step {rate} {hosts} {task}", rate, hosts, job_options(task, batch, steps)
    for hosts, rate, task, batch, target, steps, epochs in TARGET_CELLS:
        yield f"target {rate} {hosts} {task} {target}", rate, hosts, target_options(task, batch, target, steps, epochs)


def measure(rig, state, deadline):
    for repetition in range(REPETITIONS):
        for key, rate, hosts, options in cells():
            key = f"{key} {repetition}"
            if key in state.values:
                continue
            check(deadline)
            rig.up(hosts, rate)
            state.keep(key, rig.job(hosts, options))
            state.keep("machine", rig.machine)
            print(f"{key}: {seconds_per_step(state.values[key]) * 1e3:.3f} ms a step", flush=True)


def predict(rig, state, deadline, calibration):
    """Once: the virtual times are the same every time."""
    for key, rate, hosts, options in cells():
        text = cluster(calibration, rate, hosts, options[1], int(options[3]))
        if state.values.get(key, {}).get("cluster") == text:
            continue
        check(deadline)
        state.keep(key, {"cluster": text, "evaluations": rig.simulation(hosts, options, text)})


def check(deadline):
    if time.monotonic() > deadline:
        sys.exit(75)  # as sysexits.h: try again


def table(measured, predicted, calibration, output):
    rows = []
    for key, rate, hosts, options in cells():
        value = seconds_per_step
        if key.startswith("target"):
            goal = options[options.index("--target") + 1]
            value = lambda evaluations: seconds_to_target(evaluations, goal)
        runs = [value(measured.values[f"{key} {r}"]) for r in range(REPETITIONS)]
        p = value(predicted.values[key]["evaluations"])
        if None in runs + [p]:
            sys.exit(f"{key}: the target was not reached in every run")
        m = float(numpy.median(runs))
        step = seconds_per_step(predicted.values[key]["evaluations"])
        computing = computing_seconds(calibration, options[1], int(options[3]), hosts)
        rows.append({
            "what": "time to " + goal if key.startswith("target") else "time per step", "rate": rate, "hosts": hosts,
            "task": options[1], "batch": options[3], "measured_seconds": m, "predicted_seconds": p, "error": p / m - 1,
            "measured_spread": (max(runs) - min(runs)) / m, "predicted_network_share": max(0, 1 - computing / step),
            "measured_runs": " ".join(f"{x:.6g}" for x in runs),
        })
    path = output / "table.csv"
    with open(path.with_name("table.csv.part"), "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    os.replace(path.with_name("table.csv.part"), path)
    text, passed = report(rows, measured.values["machine"], calibration)
    write(output / "report.md", text)
    print(text)
    return passed


def report(rows, machine, calibration):
    figures = fit(calibration)
    lines = ["# Predicted against measured", "",
             f"{machine['cores']} cores of {machine['processor']} with {platform.release()} play all hosts; {machine['mpi']['library']}; "
             f"bench {machine['commit']} ({machine['buildMode']}); {machine['date'][:10]}.",
             "", "    Benchmarks/validation/validate.py all", "",
             f"Medians of {REPETITIONS} runs; spread: largest less smallest, of the median. How: Benchmarks/validation/README.md.", ""]
    passed = True
    for what in dict.fromkeys(row["what"].split(" 9")[0] for row in rows):
        chosen = [row for row in rows if row["what"].startswith(what)]
        errors = [abs(row["error"]) for row in chosen]
        middle, largest = float(numpy.median(errors)), max(errors)
        passed = passed and middle <= MEDIAN_LIMIT and largest <= LARGEST_LIMIT
        title = what if what == "time per step" else "time to target"
        lines += [f"**{title}**, {len(chosen)} cells: median absolute error **{middle:.1%}**, largest {largest:.1%} "
                  f"(allowed: {MEDIAN_LIMIT:.0%} and {LARGEST_LIMIT:.0%}).", "",
                  "| link | hosts | task, batch | measured | spread | predicted | of it network | error |",
                  "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |"]
        for row in chosen:
            suffix = "" if what == "time per step" else ", to " + row["what"].split()[-1]
            lines.append(f"| {row['rate'].replace('mbit', ' Mbit/s')} | {row['hosts']} | {row['task']}, {row['batch']}{suffix} | "
                         f"{duration(row['measured_seconds'])} | {row['measured_spread']:.1%} | "
                         f"{duration(row['predicted_seconds'])} | {row['predicted_network_share']:.0%} | {row['error']:+.1%} |")
        lines.append("")
    lines += ["**Fitted** to raw all-reduces and messages on 5 and 6 hosts (with standard errors):", "",
              "| link | latency | bandwidth | of the rate | burst | residual |",
              "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for rate in RATES:
        f = figures[rate]
        share = f"{f['efficiency']:.1%} | {f['burstBytes'] / 1e3:.1f} kB" if "efficiency" in f else "shared by all hosts | -"
        lines.append(f"| {rate.replace('mbit', ' Mbit/s')} | {f['latencySeconds'] * 1e6:.1f} ± {f['latencyError'] * 1e6:.1f} µs | "
                     f"{f['bytesPerSecond'] * 8 / 1e6:.1f} ± {f['bytesPerSecondError'] * 8 / 1e6:.1f} Mbit/s | {share} | {f['residual']:.1%} |")
    lines += ["", "**Measured** without a network: computing of a step, in rounds of as many hosts as there are cores:", "",
              "| task, batch | " + " | ".join(f"{hosts} hosts" for hosts in HOSTS) + " |",
              "| --- |" + " ---: |" * len(HOSTS)]
    for task, batch in computing_jobs():
        times = [duration(computing_seconds(calibration, task, batch, hosts)) for hosts in HOSTS]
        lines.append(f"| {task}, {batch} | " + " | ".join(times) + " |")
    cost, all_costs = sharing(calibration)
    lines += ["", f"A round beyond the first adds {cost:.1%} to each, from {len(all_costs)} jobs on 5 and 6 hosts with other batches "
              f"({min(all_costs):.1%} to {max(all_costs):.1%}).", ""]
    return "\n".join(lines), passed


def duration(seconds):
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("phase", choices=["calibrate", "measure", "predict", "table", "all"])
    parser.add_argument("--bench", default=".build-mpi/release/bench", help="built with the trait MPI")
    parser.add_argument("--output", default="Results/validation", type=pathlib.Path)
    parser.add_argument("--minutes", default=1e6, type=float, help="end with code 75 after so long; start again to go on")
    arguments = parser.parse_args()
    bench = os.path.abspath(arguments.bench)
    if arguments.phase != "table" and not os.access(bench, os.X_OK):
        sys.exit(f"no program {bench}: swift build -c release --traits MPI --scratch-path .build-mpi --product bench")
    output, deadline = arguments.output, time.monotonic() + arguments.minutes * 60
    calibration, measured, predicted = (State(output / f"{name}.json") for name in ("calibration", "measured", "predicted"))
    phases = ["calibrate", "measure", "predict", "table"] if arguments.phase == "all" else [arguments.phase]
    with tempfile.TemporaryDirectory() as scratch:
        rig = Rig(bench, pathlib.Path(scratch))
        if "calibrate" in phases or "measure" in phases:
            rig.build()
        try:
            if "calibrate" in phases:
                calibrate(rig, calibration, deadline)
                print(json.dumps(fit(calibration), indent=1))
            if "measure" in phases:
                measure(rig, measured, deadline)
        finally:
            if rig.state:
                rig.down()
        if "predict" in phases:
            predict(rig, predicted, deadline, calibration)
        if "table" in phases and not table(measured, predicted, calibration, output):
            sys.exit("errors are larger than allowed")


if __name__ == "__main__":
    main()
