#!/usr/bin/env python3
"""Kills bench at random moments (SIGKILL) and resumes it until it is done; says whether the results are those of a run
that nobody killed.

    Benchmarks/random-kills.py [KILLS] [--seed N] [--bench PATH]

KILLS (30) are spread over the cases below. Compared is all of results.json but host times and, of strategies measured on
threads, cluster times; and, where a case writes them, models, losses, traces and schedules byte by byte. Ends with 1 if
anything differs. PATH is a built bench (.build/release/bench, else .build/debug/bench).
"""
import argparse, json, os, random, signal, subprocess, sys, tempfile, time

QUICK = "--task digits --compute reference --quiet "
CASES = [
    ("all strategies, momentum, two seeds", QUICK +
     "--strategy all --clock simulated --momentum 0.5 --epochs 150 --seeds 2 --every 20"),
    ("steps, clients and nodes with Adam", QUICK +
     "--strategy single,sync,local-sgd,federated,dpsgd,gossip,community --workers 5 --optimizer adam --learning-rate 0.01 "
     "--clock simulated --epochs 60 --seeds 2 --every 20"),
    ("sync, jitter, ranks leave, overlap, models and losses", QUICK +
     "--strategy sync --workers 6 --cluster ethernet-10g --jitter lognormal:0.4 --dropout 0@700ms --dropout 4@9s "
     "--on-dropout continue --overlap --bucket 100B --epochs 150 --seeds 2 --momentum 0.9 --every 50 --save model "
     "--trace-loss losses.csv"),
    ("federated, devices that differ, lifetimes, trace", QUICK +
     "--strategy federated --cluster phones-mixed --lifetime exponential:400s --partition dirichlet:0.3 --epochs 800 "
     "--seeds 2 --every 20 --save model --trace trace.json"),
    ("sync and federated, repetitions, schedules, a limit", QUICK +
     "--strategy sync,federated --limit-updates 3000 --epochs 200 --seeds 1 --repetitions 3 --every 100 --record"),
    ("single and threads, measured", QUICK +
     "--strategy single,threads --workers 2 --epochs 1000 --momentum 0.5 --seeds 2 --every 500 --trace-loss losses.csv"),
    ("nodes without a server, objectives, jitter, stragglers, a node leaves", QUICK +
     "--strategy alone,dpsgd,push-sum,choco,epidemic,clustered,gossip,community --workers 6 --cluster ethernet-1g --jitter lognormal:0.4 "
     "--stragglers 0.2:3 --dropout 2@600ms --on-dropout continue --objectives rotations:3 --epochs 60 --seeds 2 "
     "--momentum 0.5 --every 40"),
    ("sync and federated, emulated in real time", QUICK +
     "--strategy sync,federated --workers 3 --clients 6 --clock emulate --cluster infiniband --epochs 150 --seeds 2 "
     "--every 40 --save model"),
]
TIMES = ["clusterSeconds", "computeSeconds", "communicationSeconds", "idleSeconds", "waitingSeconds",
         "hiddenCommunicationSeconds", "serverComputeSeconds", "leastIdleSeconds"]


def results(folder):
    """results.json without what a clock of this computer has measured."""
    with open(os.path.join(folder, "results/results.json")) as file:
        data = json.load(file)
    del data["checksum"]
    for key in ["date", "command", "commit"]:
        del data["machine"][key]
    fabrics = {plan["name"]: plan["fabric"] for plan in data["plan"]["strategies"]}
    for run in data["runs"]:
        del run["hostSeconds"]
        run["timings"] = len(run["timings"])
        if fabrics[run["strategy"]] != "simulated":
            for key in TIMES:
                run.pop(key, None)
            for point in run["evaluations"]:
                del point["clusterSeconds"]
    return data


def written(folder):
    """The other files that a case writes, by name."""
    files = {}
    for name in sorted(os.listdir(folder)):
        if name not in ("checkpoints", "results", "log"):
            files[name] = os.path.join(folder, name)
    for name in sorted(os.listdir(os.path.join(folder, "results"))):
        if name.startswith("schedule-"):
            files[name] = os.path.join(folder, "results", name)
    return {name: open(path, "rb").read() for name, path in files.items()}


def start(bench, options, folder):
    return subprocess.Popen([bench] + options.split(), cwd=folder, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def progress(folder):
    """What the folder of checkpoints says of where the process was killed."""
    try:
        names = os.listdir(os.path.join(folder, "checkpoints"))
    except FileNotFoundError:
        return "before the folder was made"
    finished = max([int(n[11:-5]) for n in names if n.startswith("experiment-")], default=None)
    if finished is None:
        return "before the first file"
    updates = max([int(n.split("-update")[1].split(".")[0]) for n in names
                   if n.startswith(f"run{finished + 1}-update")], default=None)
    half = ", a file half written" if any(n.startswith(".tmp-") for n in names) else ""
    return f"run {finished + 1} " + (f"after {updates}" if updates else "without a checkpoint") + half


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kills", nargs="?", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bench")
    arguments = parser.parse_args()
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    built = [os.path.join(root, ".build", mode, "bench") for mode in ("release", "debug")]
    bench = arguments.bench or next((path for path in built if os.path.exists(path)), None)
    if bench is None:
        sys.exit("no bench is built; run 'swift build -c release' first, or name one with --bench")
    bench, moments, failures, total = os.path.abspath(bench), random.Random(arguments.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        if start(bench, QUICK + "--strategy single --epochs 1 --seeds 1 --output results", folder).wait() != 0:
            sys.exit(f"{bench} does not run")
        startup = time.monotonic() - began
    for index, (name, options) in enumerate(CASES):
        kills = arguments.kills // len(CASES) + (index < arguments.kills % len(CASES))
        if kills == 0:
            continue
        with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as killed:
            options += " --output results"
            began = time.monotonic()
            process = start(bench, options.replace("--every", "--checkpoint unused --every"), whole)
            if process.wait() != 0:
                sys.exit(f"{name}: the run that nobody kills fails: {process.stderr.read()}")
            seconds = time.monotonic() - began
            subprocess.run(["rm", "-r", os.path.join(whole, "unused")], check=True)
            options += " --checkpoint checkpoints"
            places, done = [], False
            while not done:
                process = start(bench, options + (" --resume" if places else ""), killed)
                if len(places) < kills:
                    # Now and then while it starts; else so early that the last of them still finds something to kill.
                    begins = 0.2 if moments.random() < 0.2 else startup
                    try:
                        process.wait(moments.uniform(0.5 * startup, begins + 1.2 * (seconds - startup) / kills))
                    except subprocess.TimeoutExpired:
                        process.send_signal(signal.SIGKILL)
                errors = process.communicate()[1]
                if process.returncode == -signal.SIGKILL:
                    places.append(progress(killed))
                elif process.returncode == 0:
                    done = True
                else:
                    sys.exit(f"{name}: resuming after '{places[-1:]}' fails: {errors}")
            same = results(whole) == results(killed) and written(whole) == written(killed)
            total, failures = total + len(places), failures + (not same)
            print(f"{name} ({seconds:.1f} s): {len(places)} kills, then {'the same' if same else 'DIFFERENT'}", flush=True)
            for place in places:
                print(f"    killed in {place}" if place.startswith("run") else f"    killed {place}", flush=True)
    print(f"{total} kills, {failures} of {len(CASES)} cases with other results")
    sys.exit(1 if failures else 0)


main()
