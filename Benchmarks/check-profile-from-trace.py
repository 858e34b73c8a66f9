#!/usr/bin/env python3
"""Checks `profile_from_trace.py` with a small trace whose profile follows by hand. Needs neither PyTorch nor a GPU.

    Benchmarks/check-profile-from-trace.py [--bench PROGRAM]

With --bench the profile is priced, too: what the script writes, the program reads.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(HERE, "profile_from_trace.py")


def span(name, begin, length, kind="cpu_op", **arguments):
    return {"ph": "X", "name": name, "cat": kind, "ts": begin, "dur": length, "args": arguments}


def launched(correlation, at, kernel, begin, length, **arguments):
    """A kernel and the call on the host that launched it; all times in microseconds."""
    return [
        span("cudaLaunchKernel", at, 1, "cuda_runtime", correlation=correlation),
        span(kernel, begin, length, "kernel", correlation=correlation, **arguments),
    ]


def bucket(correlation, at, begin, numbers):
    return launched(
        correlation, at, "ncclDevKernel_AllReduce_Sum_f32_RING_LL", begin, 40,
        **{"Collective name": "allreduce", "In msg nelems": numbers, "dtype": "Float", "Group size": 4})


def trace(first=100, second=(320, 200)):
    """One step: forward from 20 to 220, backward to 520 in two kernels, an update of 30.

    The first bucket is launched behind the first kernel of the backward pass, which ends at 220 + `first`, and the other one
    behind both.
    """
    return [
        {"ph": "M", "name": "process_name"},
        span("ProfilerStep#12", 0, 1000, "user_annotation"),
        *launched(1, 10, "gemm", 20, 100),
        span("autograd::engine::evaluate_function: AddmmBackward0", 200, 300),
        *launched(2, 210, "gemm", 220, first),
        *bucket(5, 250, 330, 3000),
        *launched(3, 300, "gemm", *second),
        *bucket(4, 350, 530, 1000),
        span("Optimizer.step#SGD.step", 600, 50),
        *launched(6, 610, "update", 620, 30),
    ]


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


def expect(is_right, *what):
    if not is_right:
        raise SystemExit("check-profile-from-trace: " + " ".join(str(word) for word in what))


def check_profile(path):
    found = run(path, "--samples", "8", "--name", "small", "--device", "a GPU")
    expect(found.returncode == 0, found.stderr)
    profile = json.loads(found.stdout)
    step = profile["steps"][0]
    expect(step == {"samples": 8, "forward": 0.0002, "backward": 0.0003, "update": 0.00003}, "the step is", step)
    buckets = [(part["numbers"], part["ready"]) for part in profile["buckets"]]
    expect(buckets == [(3000, 0.333333), (1000, 1.0)], "the buckets are", buckets)
    expect(profile["busy_in_backward"] == 1 and profile["bytes_per_number"] == 4, profile)
    return found.stdout


def check_error(part, *arguments):
    found = run(*arguments)
    expect(found.returncode == 1 and part in found.stderr, arguments, "ends with", found.returncode, found.stderr)
    expect("Traceback" not in found.stderr and found.stdout == "", arguments, "ends with", found.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", metavar="PROGRAM", help="prices the profile with this program")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        def write(name, text, opener=open):
            path = os.path.join(folder, name)
            with opener(path, "wt") as file:
                file.write(text)
            return path

        whole = json.dumps({"schemaVersion": 1, "traceEvents": trace()})
        profile = write("profile.json", check_profile(write("trace.json", whole)))
        zipped = write("trace.json.gz", whole, gzip.open)
        check_profile(zipped)
        samples = ("--samples", "8")
        check_error("cannot be read: No such file or directory", os.path.join(folder, "none.json"), *samples)
        check_error("cannot be read: Is a directory", folder, *samples)
        check_error("cannot be read", write("text.json.gz", "no gzip"), *samples)
        with open(zipped, "rb") as file:
            short = file.read()[:-40]
        with open(zipped, "wb") as file:
            file.write(short)
        check_error("cannot be read", zipped, *samples)
        check_error("no 'traceEvents'", write("other.json", "{}"), *samples)
        check_error("no list behind", write("ends.json", '{"traceEvents": '), *samples)
        check_error("it ends within an event", write("short.json", whole[:len(whole) // 2]), *samples)
        check_error("steps found: ProfilerStep#12", os.path.join(folder, "trace.json"), *samples, "--step", "13")
        check_error("cannot be written", os.path.join(folder, "trace.json"), *samples, "--output", os.path.join(folder, "none", "p.json"))
        # Two kernels of 20 and 40 in a backward pass of 300.
        idle = write("idle.json", json.dumps({"traceEvents": trace(20, (480, 40))}))
        check_error("busy for 20%", idle, *samples)
        allowed = run(idle, *samples, "--allow-idle")
        expect(allowed.returncode == 0 and json.loads(allowed.stdout)["busy_in_backward"] == 0.2, allowed.stderr)
        if arguments.bench:
            priced = subprocess.run(
                [os.path.abspath(arguments.bench), "price", profile, "--cluster", "infiniband", "--workers", "4", "--strategy", "sync(overlap=true)"],
                capture_output=True, text=True)
            expect(priced.returncode == 0 and "4000 numbers" in priced.stdout, priced.stdout, priced.stderr)
    print("check-profile-from-trace: a trace becomes the profile that follows by hand, and each broken one is answered in one line")


if __name__ == "__main__":
    main()
