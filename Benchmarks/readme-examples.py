#!/usr/bin/env python3
"""Runs the commands that README.md and the help texts show, shortened, and names those that fail.

    Benchmarks/readme-examples.py [BENCH]        BENCH: the program, else .build/debug/bench

Commands run in the order in which they stand, each text's in a folder of its own, so that one may use what an earlier one
wrote. Training is cut to a fraction of an epoch and one seed. Left out are those that need several hosts or MPI, a build, a
download, or Benchmarks/ (which has its own checks); they are listed. MNIST is needed where $BENCH_DATA says.
"""
import os
import re
import subprocess
import sys
import tempfile

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
bench = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, ".build/debug/bench"))
subcommands = ["run", "study", "reprice", "compare", "history", "report", "list", "speed", "calibrate", "data"]
left_out = re.compile(r"mpirun|srun|setup\.sh|swift (build|test|package)|Benchmarks/|data (fetch|verify)|--from 2|hosts")


def commands(text):
    """Indented lines that begin with the program's name, without comments and the prompt."""
    for line in text.splitlines():
        match = re.match(r"^\s{2,}\$? ?(?:swift run )?((?:\S*/)?bench(?: .*)?)$", line)
        if match:
            yield re.sub(r"\s+# .*$", "", match.group(1))


def shortened(command):
    words = command.split()
    kind = words[1] if len(words) > 1 and words[1] in subcommands else "run"
    if any(word in ("--help", "--version") for word in words):
        return command
    if kind in ("run", "study"):
        return f"{command} --epochs 0.2 --evaluate-every 0.1 --seeds 1 --quiet" + (
            " --repetitions 2" if "--repetitions" in words else "")
    if kind == "speed":
        return f"{command} --repetitions 1"
    return command


def run(title, text):
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        # What the texts call somebody's own files.
        with open(os.path.join(folder, "my-rack.yaml"), "w") as file:
            file.write("name: my-rack\nlatency: 50us\nbandwidth: 10Gbit\n")
        os.symlink(os.path.join(root, "README.md"), os.path.join(folder, "README.md"))
        environment = dict(os.environ, PATH=os.path.dirname(bench) + ":" + os.environ["PATH"])
        for command in commands(text):
            if left_out.search(command):
                print(f"  left out: {command}")
                continue
            result = subprocess.run(
                ["bash", "-c", shortened(command)], cwd=folder, env=environment, capture_output=True, text=True)
            if result.returncode != 0:
                failures += 1
                print(f"  FAILED with {result.returncode}: {command}\n    {result.stderr.strip()}")
            elif "has no effect" in result.stderr:
                print(f"  note: {command}\n    {result.stderr.strip()}")
    print(f"{title}: {failures} failed")
    return failures


def help_of(*words):
    return subprocess.run([bench, *words, "--help"], env=dict(os.environ, COLUMNS="1000"), capture_output=True, text=True,
                          check=True).stdout


with open(os.path.join(root, "README.md")) as readme:
    failed = run("README.md", readme.read())
for words in [[]] + [[word] for word in subcommands]:
    failed += run(" ".join(["bench", *words, "--help"]), help_of(*words))
sys.exit(1 if failed else 0)
