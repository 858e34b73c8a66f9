#!/usr/bin/env python3
"""Measures two builds of `bench speed` alternately, so that a change is seen beside the machine's own ups and downs.

    Benchmarks/alternate.py BEFORE AFTER --data DIR [--rounds 15] [--repetitions 1] [--only TEXT] [--csv FILE]

BEFORE and AFTER are programs `bench`, release builds of two commits (`swift build -c release --scratch-path ...`). The
rows are those of `compare-with-peers.py`; what is printed of each is the median of AFTER's rate divided by BEFORE's in
the same round, with the middle half and all of the rounds' ratios, and each program's best rate: above 1, AFTER is
faster. The order changes from round to round. One-thread rows are pinned to core 0. Keep the machine free of other work.
"""
import argparse, csv, importlib.util, os, statistics, subprocess, sys
from pathlib import Path

COLUMNS = ["workload", "batch", "threads", "before_best", "after_best", "ratio_median", "ratio_lower", "ratio_upper",
           "ratio_min", "ratio_max"]


def rows():
    """(workload, batch, threads, arguments) of every row of Results/speed."""
    path = Path(__file__).resolve().parent / "compare-with-peers.py"
    spec = importlib.util.spec_from_file_location("compare_with_peers", path)
    peers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peers)
    for workload, batch, threads, arguments, _ in peers.rows():
        yield workload, batch, threads, [str(argument) for argument in arguments]


def rate(program, threads, arguments, options):
    """Samples a second, by one run of `bench speed`."""
    command = [program, "speed", *arguments, "--threads", str(threads), "--repetitions", str(options.repetitions),
               "--format", "csv", "--data", options.data]
    if threads == 1:
        command = ["taskset", "-c", "0", *command]
    run = subprocess.run(command, capture_output=True, text=True)
    lines = list(csv.DictReader(run.stdout.splitlines()))
    if run.returncode != 0 or len(lines) != 1:
        sys.exit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return float(lines[0].get("samples_per_second") or lines[0]["samples_per_second_median"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--only", default="", help="rows whose workload, batch and threads contain this text")
    parser.add_argument("--csv", help="also write the rows to this file")
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error(f"--rounds is {options.rounds}; allowed is 2 and more")
    for program in (options.before, options.after):
        if not os.access(program, os.X_OK):
            parser.error(f"{program} is no program")
    lines = []
    print(f"{'workload':<50} {'batch':>5} {'threads':>7} {'before':>10} {'after':>10}  ratio (middle half; all)")
    for workload, batch, threads, arguments in rows():
        if options.only not in f"{workload} {batch} {threads}":
            continue
        programs, best, ratios = (options.before, options.after), [0.0, 0.0], []
        for index in range(options.rounds):
            rates = [0.0, 0.0]
            for which in (0, 1) if index % 2 == 0 else (1, 0):
                rates[which] = rate(programs[which], threads, arguments, options)
            ratios.append(rates[1] / rates[0])
            best = [max(pair) for pair in zip(best, rates)]
        lower, middle, upper = statistics.quantiles(ratios, n=4, method="inclusive")
        lines.append([workload, batch, threads, round(best[0]), round(best[1]),
                      *(f"{value:.4f}" for value in (middle, lower, upper, min(ratios), max(ratios)))])
        print(f"{workload:<50} {batch:>5} {threads:>7} {best[0]:>10,.0f} {best[1]:>10,.0f}  "
              f"{middle:.3f} ({lower:.3f} to {upper:.3f}; {min(ratios):.3f} to {max(ratios):.3f})", flush=True)
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *lines])


main()
