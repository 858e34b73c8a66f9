"""The hosts of hosts.sh, on which jobs and messages are measured, and the simulation of the same jobs."""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CALIBRATION_REPETITIONS = 5


class State:
    """A JSON file that is whole at any time."""

    def __init__(self, path):
        self.path = path
        self.values = json.loads(path.read_text()) if path.exists() else {}

    def keep(self, key, value):
        self.values[key] = value
        write(self.path, json.dumps(self.values, indent=1) + "\n")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text)
    os.replace(temporary, path)


class Rig:
    def __init__(self, bench, scratch):
        self.bench, self.scratch = bench, scratch
        self.messages = scratch / "messages"
        self.state = None

    def build(self):
        run(["mpicc", "-O2", "-Wall", str(HERE / "messages.c"), "-o", str(self.messages)])

    def up(self, hosts, rate):
        if self.state != (hosts, rate):
            run([str(HERE / "hosts.sh"), "up", str(hosts), rate])
            self.state = (hosts, rate)

    def down(self):
        run([str(HERE / "hosts.sh"), "down"])
        self.state = None

    def raw(self, hosts, kind, sizes):
        """Seconds of raw messages, by bytes."""
        command = [self.messages, kind, CALIBRATION_REPETITIONS] + sizes
        text = run([str(HERE / "on-hosts.sh"), str(hosts)] + [str(word) for word in command])
        seconds = {}
        for line in text.splitlines():
            fields = line.split(",")
            if fields[0] == kind:
                seconds.setdefault(fields[2], []).append(float(fields[3]))
        return seconds

    def job(self, hosts, options):
        prefix = [str(HERE / "on-hosts.sh"), str(hosts), self.bench, "--fabric", "mpi"]
        return self.results(prefix + ["--patience", "60s"], hosts, options)

    def simulation(self, hosts, options, cluster):
        file = self.scratch / "cluster.yaml"
        file.write_text(cluster)
        prefix = [self.bench, "--cluster", str(file), "--compute", "reference", "--allreduce", "ring"]
        return self.results(prefix, hosts, options)

    def computing(self, processes, task, batch):
        """Seconds of a training step of `batch` samples, while all processes compute: the mean over them."""
        command = [self.bench, "speed", "--task", task, "--batch", str(batch), "--format", "csv"]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
        texts = [process.communicate()[0] for process in running]
        if any(process.returncode for process in running):
            sys.exit(f"{' '.join(command)} failed")
        rows = [next(csv.DictReader(text.splitlines())) for text in texts]
        return sum(batch / float(row["samples_per_second_median"]) for row in rows) / processes

    def results(self, prefix, hosts, options):
        """(cluster seconds, steps, accuracy) of every evaluation."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            run(prefix + ["--strategy", "sync", "--workers", str(hosts), "--quiet", "--output", folder] + options)
            record = json.loads((pathlib.Path(folder) / "results.json").read_text())
        self.machine = {name: value for name, value in record["machine"].items() if name != "command"}
        return [[e["clusterSeconds"], e["round"], e["testAccuracy"]] for e in record["runs"][0]["evaluations"]]


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\nfailed with {result.returncode}:\n{result.stdout[-2000:]}{result.stderr[-4000:]}")
    return result.stdout
