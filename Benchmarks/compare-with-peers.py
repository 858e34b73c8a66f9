#!/usr/bin/env python3
"""Measures `bench speed` beside the programs in Benchmarks/peers, alternately, and writes the comparison.

    python3 -m venv V && V/bin/pip install torch==2.13.0 jax==0.10.2 numpy
    swift build -c release
    Benchmarks/compare-with-peers.py --python V/bin/python --data DIR [--rounds 7] [--only TEXT] [--output Results/speed]

DIR is the folder with `mnist/`, as for `bench --data`. Each round runs the peer, then ours, for every row; what is compared
are the medians over rounds, and the median of each round's ratio. One-thread programs are pinned to core 0. Keep the machine
free of other work. `ref_2nn.c` is built with gcc and OpenBLAS when both are there.
"""
import argparse, csv, gzip, os, platform, shutil, statistics, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
COLUMNS = ["workload", "batch", "threads", "peer", "peer_median", "ours_median", "ratio_median", "ratio_min", "ratio_max", "least"]


def rows():
    """(workload, batch, threads, our arguments, [(peer, its command, factor wanted or None)])"""
    steps = {10: 3.2, 32: 2.1, 64: 2.3, 128: 1.7, 512: 1.2}
    for batch, bar in steps.items():
        yield ("mnist-2nn", batch, 1, ["--task", "mnist-2nn", "--batch", batch],
               [("PyTorch, eager", ["single_torch.py", "2nn", batch, 1, "eager", 20000, 1], bar),
                ("C on OpenBLAS", ["ref_2nn", "single", batch, 1, 30000 // batch], None)])
    for batch in (10, 64, 128):
        yield ("mnist-cnn", batch, 1, ["--task", "mnist-cnn", "--batch", batch],
               [("PyTorch, eager", ["single_torch.py", "cnn", batch, 1, "eager", 1280, 1], 1.3)])
    for model in ("lstm", "transformer"):
        yield (f"sotu-{model}", 64, 1, ["--task", f"sotu-{model}", "--batch", 64],
               [("PyTorch, eager", ["sequence_peer.py", "torch", model, 64, 1, 22272, 1], 1),
                ("JAX, compiled", ["sequence_peer.py", "jax", model, 64, 1, 22272, 1], 1)])
    for batch, bar in ((64, 8), (128, 6)):
        yield ("mnist-2nn, data parallel", batch, 2, ["--task", "mnist-2nn", "--batch", batch],
               [("PyTorch DDP, 2 processes", ["ddp_torch.py", "2nn", batch, 2, 12800, 1], bar)])
    yield ("mnist-2nn, data parallel", 512, 2, ["--task", "mnist-2nn", "--batch", 512],
           [("PyTorch, eager, 2 threads", ["single_torch.py", "2nn", 512, 2, "eager", 40960, 1], 1.4)])
    for batch in (64, 128):
        yield ("mnist-cnn, data parallel", batch, 2, ["--task", "mnist-cnn", "--batch", batch],
               [("PyTorch, eager, 2 threads", ["single_torch.py", "cnn", batch, 2, "eager", 2560, 1], 1.25),
                ("PyTorch DDP, 2 processes", ["ddp_torch.py", "cnn", batch, 2, 2560, 1], None)])
    yield ("FedAvg mnist-2nn, 10 of 100 clients, E = 5", 10, 2,
           ["--federated", "--task", "mnist-2nn", "--clients", 100, "--fraction", 0.1, "--local-epochs", 5, "--local-batch", 10],
           [("PyTorch, update fused, 2 processes", ["fed_torch.py", "2nn", 5, 10, 100, 2, 10, "mproc2"], 2.3),
            ("C on OpenBLAS", ["ref_2nn", "fed", 5, 10, 100, 2, 3], None)])
    yield ("FedAvg mnist-cnn, 10 of 100 clients, E = 1", 10, 2,
           ["--federated", "--task", "mnist-cnn", "--clients", 100, "--fraction", 0.1, "--local-epochs", 1, "--local-batch", 10],
           [("PyTorch, 2 processes", ["fed_torch.py", "cnn", 1, 10, 100, 1, 10, "proc2"], 1.6)])
    yield ("FedAvg mnist-2nn, 10,000 clients, one step of 10", 10, 2,
           ["--federated", "--task", "mnist-2nn", "--clients", 10000, "--fraction", 1, "--local-epochs", 1, "--local-batch", 10,
            "--samples-per-client", 10],
           [("PyTorch, update fused, 2 processes", ["fed_torch.py", "2nn", 1, 10000, 10000, 1, 10, "mproc2"], 2.3),
            ("C on OpenBLAS", ["ref_2nn", "fed", 1, 10000, 10000, 2, 1], None)])


class Runner:
    def __init__(self, options, scratch):
        self.options = options
        self.data = Path(options.data).resolve()
        self.scratch = Path(scratch)
        self.reference = self.build_reference()

    def build_reference(self):
        """The C program, and the uncompressed files that it reads; None where it cannot be built."""
        program = self.scratch / "ref_2nn"
        command = ["gcc", "-O3", "-march=native", "-ffast-math", "-w", "-pthread", PEERS / "ref_2nn.c", "-lm", "-lopenblas", "-o", program]
        if not shutil.which("gcc") or subprocess.run(command, capture_output=True).returncode != 0:
            print("ref_2nn.c is left out: gcc or OpenBLAS is missing", file=sys.stderr)
            return None
        for file in (self.data / "mnist").iterdir():
            # train-images-idx3-ubyte.gz, as published, becomes train-images.idx3-ubyte.
            name = file.name.removesuffix(".gz").replace("-idx", ".idx")
            opened = gzip.open(file, "rb") if file.suffix == ".gz" else open(file, "rb")
            with opened as source: (self.scratch / name).write_bytes(source.read())
        return program

    def run(self, command, threads, environment, attempts=1):
        pinned = ["taskset", "-c", "0"] if threads == 1 and shutil.which("taskset") else []
        command = pinned + [str(part) for part in command]
        for attempt in range(attempts):
            result = subprocess.run(command, capture_output=True, text=True, cwd=PEERS, env={**os.environ, **environment})
            if result.returncode == 0: return result.stdout.strip().splitlines()[-1]
            print(f"{' '.join(command)} failed, attempt {attempt + 1} of {attempts}", file=sys.stderr, flush=True)
        sys.exit(result.stderr)

    def ours(self, arguments, threads):
        arguments = [self.options.bench, "speed", *arguments, "--threads", threads, "--repetitions", 1, "--format", "csv", "--data", self.data]
        fields = self.run(arguments, threads, {}).split(",")
        return float(fields[10] if "--federated" in arguments else fields[3])

    def peer(self, command, threads):
        program, *arguments = command
        if program == "ref_2nn":
            line = self.run([self.reference, *arguments], threads, {"MNIST_DIR": str(self.scratch), "OPENBLAS_NUM_THREADS": "1"})
        else:
            # Processes of PyTorch's DDP now and then abort when they start or end.
            line = self.run([self.options.python, program, *arguments], threads, {"MNIST_DIR": str(self.data / "mnist")}, attempts=5)
        # The federated programs print seconds a round first and the samples per second at the end.
        return float(line.split("samples/s;")[0].split()[-1]) if line.startswith("fed-") else float(line.split(",")[3])


def version(command):
    try: return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError): return "unknown"


def processor():
    """Name, family and model: virtual machines often tell no more by name than the maker."""
    try: lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError: return platform.processor()
    values = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    return f"{values.get('model name', 'unknown')} (family {values.get('cpu family', '?')}, model {values.get('model', '?')})"


def report(results, options, rounds):
    lines = ["# Throughput beside PyTorch, JAX and C", "",
             "Samples per second, medians over rounds in which the peer and `bench speed` ran one after the other; ratios are medians of",
             "each round's. *asked* is what the project wants at least.", "",
             "| workload | batch | threads | peer | peer's | ours | ratio | from ... to | asked |",
             "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- | ---: |"]
    for row in results:
        lines.append("| {} | {} | {} | {} | {:,.0f} | {:,.0f} | **{:.2f}** | {:.2f} ... {:.2f} | {} |".format(
            *row[:4], *(float(value) for value in row[4:9]), row[9] or "-"))
    # A peer's row that was not asked for can stand for the one thread's: ours against ours.
    single = {(row[0], row[1]): float(row[5]) for row in results if row[2] == 1}
    doubled = []
    for workload, batch, threads, ours in dict.fromkeys((row[0], row[1], row[2], row[5]) for row in results):
        one = single.get((workload.removesuffix(", data parallel"), batch))
        if threads == 2 and one and workload.endswith("parallel"):
            doubled.append(f"| {workload} | {batch} | {one:,.0f} | {float(ours):,.0f} | **{float(ours) / one:.2f}** |")
    if doubled:
        lines += ["", "Two threads against one of our own:", "",
                  "| workload | batch | one thread | two threads | ratio |", "| --- | ---: | ---: | ---: | ---: |", *doubled]
    only = f" --only {options.only}" if options.only else ""
    torch, jax = (version([options.python, "-c", f"import {name}; print({name}.__version__)"]) for name in ("torch", "jax"))
    lines += ["", f"- command: `Benchmarks/compare-with-peers.py --rounds {rounds}{only}`",
              f"- machine: {processor()}, {os.cpu_count()} cores, {platform.system()}"
              + (f"; OPENBLAS_CORETYPE={core}" if (core := os.environ.get("OPENBLAS_CORETYPE")) else ""),
              f"- versions: PyTorch {torch}; JAX {jax}; {version(['swift', '--version'])}; commit {version(['git', '-C', str(HERE), 'rev-parse', '--short=12', 'HEAD'])}",
              "- numbers: [peers.csv](peers.csv)", ""]
    return "\n".join(lines)


def write(measured, options, rounds):
    results = []
    for (workload, batch, threads, peer, bar), pairs in measured.items():
        ratios = [ours / theirs for theirs, ours in pairs]
        # Ours ran once for each peer of the row; all those runs count.
        ours = [pair[1] for key, list_ in measured.items() if key[:3] == (workload, batch, threads) for pair in list_]
        results.append([workload, batch, threads, peer, f"{statistics.median(pair[0] for pair in pairs):.0f}", f"{statistics.median(ours):.0f}",
                        f"{statistics.median(ratios):.3f}", f"{min(ratios):.3f}", f"{max(ratios):.3f}", "" if bar is None else bar])
    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    with open(output / "peers.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(results)
    (output / "report.md").write_text(report(results, options, rounds))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="a Python with torch, jax and numpy")
    parser.add_argument("--data", required=True, help="the folder with mnist/")
    parser.add_argument("--bench", default=str(HERE.parent / ".build/release/bench"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="only workloads whose name holds this text")
    parser.add_argument("--output", default=str(HERE.parent / "Results/speed"))
    options = parser.parse_args()
    options.bench, options.python = (os.path.abspath(path) for path in (options.bench, options.python))
    measured = {}
    with tempfile.TemporaryDirectory() as scratch:
        runner = Runner(options, scratch)
        # All rows in every round: a slow minute of the machine is spread over rows and not over one of them.
        for number in range(options.rounds):
            for workload, batch, threads, arguments, peers in rows():
                if options.only not in workload: continue
                for peer, command, bar in peers:
                    if command[0] == "ref_2nn" and not runner.reference: continue
                    theirs, ours = runner.peer(command, threads), runner.ours(arguments, threads)
                    measured.setdefault((workload, batch, threads, peer, bar), []).append((theirs, ours))
                    print(f"round {number + 1}: {workload}, batch {batch}, {threads} thread(s): {peer} {theirs:,.0f}, ours {ours:,.0f}",
                          file=sys.stderr, flush=True)
            # After every round, so that one that is stopped has left what it had.
            write(measured, options, number + 1)
    print((Path(options.output) / "report.md").read_text())


if __name__ == "__main__":
    main()
