#!/usr/bin/env python3
"""Compares emulated with virtual time over all collectives and 2 to 8 ranks, and writes the table.

    Benchmarks/emulation.py [--output Results/emulation] [--limit 5]

Threads that act out a cluster (--clock emulate) and the virtual clock (--clock simulated) follow one model, so that their times
must agree, but for what this machine is late. First come jobs of three rounds of computing and one collective, by the program
emulation-times (links of 20 ms and 1 MB/s); then whole runs of `bench` with 10 ms and 20 Mbit/s. Keep the machine free of
other work: it takes about five minutes, most of them asleep. Ends with 1 where the median or any row is farther apart than
the limit, in per cent.
"""
import argparse, csv, json, os, platform, statistics, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = ["kind", "name", "ranks", "emulated_seconds", "virtual_seconds", "ratio"]


def build(product):
    subprocess.run(["swift", "build", "-c", "release", "--product", product], cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.run(["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.strip()
    return Path(folder) / product


def collectives(program):
    process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    for row in csv.DictReader(process.stdout):
        yield "collective", row["collective"], int(row["ranks"]), float(row["emulated_seconds"]), float(row["virtual_seconds"])
    if process.wait():
        sys.exit(f"{program} ended with {process.returncode}")


def run(bench, arguments, clock):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([bench, "--clock", clock, "--compute", "reference", "--seeds", "1", "--quiet", "--output", folder,
                        "--latency", "10ms", "--bandwidth", "20Mbit"] + arguments, check=True, stdout=subprocess.DEVNULL)
        return json.loads((Path(folder) / "results.json").read_text())["runs"][0]["clusterSeconds"]


def runs(bench):
    algorithms = ["ring", "recursive-doubling", "rabenseifner", "tree", "double-tree", "hierarchical", "parameter-server",
                  "parameter-server:2"]
    settings = [(f"sync, {name}", ranks, ["--strategy", "sync", "--epochs", "0.5", "--workers", str(ranks), "--allreduce", name])
                for name in algorithms for ranks in (2, 4, 6, 8)]
    settings += [("sync, ring, overlapped", ranks, ["--strategy", "sync", "--epochs", "0.5", "--workers", str(ranks),
                                                    "--overlap", "--bucket", "4kB"]) for ranks in (2, 4, 6, 8)]
    settings += [("federated", clients + 1, ["--strategy", "federated", "--epochs", "10", "--clients", str(clients),
                                             "--fraction", "100%"]) for clients in (1, 3, 5, 7)]
    for name, ranks, arguments in settings:
        yield "run", name, ranks, run(bench, arguments, "emulate"), run(bench, arguments, "simulated")


def markdown(rows, summary):
    lines = ["# Emulated against virtual time", "", summary, "",
             "| | ranks | emulated, s | virtual, s | ratio |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [f"| {r['name']} | {r['ranks']} | {r['emulated_seconds']:.3f} | {r['virtual_seconds']:.3f} | {r['ratio']:.3f} |"
              for r in rows]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default=ROOT / "Results/emulation", type=Path)
    parser.add_argument("--limit", default=5.0, type=float, help="per cent that a row may be apart")
    parser.add_argument("--program", type=Path, help="emulation-times, built already")
    parser.add_argument("--bench", type=Path, help="bench, built already")
    options = parser.parse_args()
    program = options.program or build("emulation-times")
    bench = options.bench or build("bench")
    rows = []
    for source in (collectives(program), runs(bench)):
        for kind, name, ranks, emulated, virtual in source:
            rows.append(dict(zip(COLUMNS, [kind, name, ranks, emulated, virtual, emulated / virtual])))
            print(f"{name:28} {ranks} ranks: {emulated:.3f} s emulated, {virtual:.3f} s virtual, {emulated / virtual:.3f}",
                  flush=True)
    apart = [abs(row["ratio"] - 1) for row in rows]
    worst = rows[apart.index(max(apart))]
    beyond = sum(value > options.limit / 100 for value in apart)
    summary = (f"{len(rows)} settings on {os.cpu_count()} cores ({platform.machine()}): the median ratio is "
               f"{statistics.median(row['ratio'] for row in rows):.4f}, the worst {worst['ratio']:.4f} ({worst['name']}, "
               f"{worst['ranks']} ranks); {beyond} are more than {options.limit:g} % apart.")
    print(summary)
    options.output.mkdir(parents=True, exist_ok=True)
    with open(options.output / "emulation.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (options.output / "README.md").write_text(markdown(rows, summary))
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
