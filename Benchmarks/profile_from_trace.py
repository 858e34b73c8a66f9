#!/usr/bin/env python3
"""Makes a profile for `bench price` from a trace that PyTorch's profiler recorded (Kineto, Chrome's format, also with .gz).

    profile_from_trace.py TRACE.json --samples 128 --output profile.json [--step 12] [--allow-idle]

For people who have only a trace: `profile_torch.py` gives more. What a trace of a DistributedDataParallel job gives, and what not:

- The times of one step: the device's, from its kernels. `--samples`, the samples of a step on one GPU, no trace says.
- The buckets of the job that was recorded, with their numbers, from its NCCL all-reduces, and when each was there; not the
  tensors, so that no other size of bucket can be priced.
- Only steps that the recording did not slow down are of use. Recording makes launches dear: where the GPU waits for them, its
  steps are too long and hide too much. A trace whose GPU is busy for less than 80 % of the backward pass is refused
  (`--allow-idle` makes a profile all the same, which says so).

Forward, backward and update are told apart by what launched a kernel: the autograd engine and `Optimizer.step` are annotated in the
trace. Traces of hundreds of megabytes are read event by event.
"""

import argparse
import gzip
import json
import statistics
import sys
import zlib

LEAST_BUSY = 0.8
BYTES = {"Float": 4, "Half": 2, "BFloat16": 2, "Double": 8, "float32": 4, "float16": 2, "bfloat16": 2}


def events(path):
    """The entries of `traceEvents`, one by one; never the whole file."""
    opener = gzip.open if path.endswith(".gz") else open
    decoder = json.JSONDecoder()
    with opener(path, "rt", encoding="utf-8", errors="replace") as file:
        text = ""
        while '"traceEvents"' not in text:
            chunk = file.read(1 << 20)
            if not chunk:
                raise SystemExit(f"{path}: no 'traceEvents'; allowed is a trace of PyTorch's profiler (export_chrome_trace)")
            text = text[-16:] + chunk
        text = text[text.index('"traceEvents"') + len('"traceEvents"'):]
        while "[" not in text:
            chunk = file.read(1 << 20)
            if not chunk:
                raise SystemExit(f"{path}: no list behind 'traceEvents'; allowed is a whole trace")
            text += chunk
        text = text[text.index("[") + 1:]
        while True:
            text = text.lstrip(" \t\r\n,")
            if text.startswith("]"):
                return
            try:
                event, end = decoder.raw_decode(text)
            except ValueError:
                chunk = file.read(1 << 20)
                if not chunk:
                    raise SystemExit(f"{path}: it ends within an event; allowed is a whole trace")
                text += chunk
                continue
            yield event
            text = text[end:]
            if len(text) < 1 << 16:
                text += file.read(1 << 20)


def collect(path):
    """Kernels with the time of their launch, and the annotated spans of the host."""
    kernels, launches, spans = [], {}, {"step": [], "backward": [], "update": []}
    for event in events(path):
        if not isinstance(event, dict) or event.get("ph") != "X" or "dur" not in event or "ts" not in event:
            continue
        name, kind, arguments = str(event.get("name", "")), str(event.get("cat", "")).lower(), event.get("args") or {}
        begin, end = float(event["ts"]), float(event["ts"]) + float(event["dur"])
        if kind == "kernel" or kind in ("gpu_memcpy", "gpu_memset"):
            kernels.append((begin, end, name, arguments))
        elif kind in ("cuda_runtime", "cuda_driver", "runtime") and "correlation" in arguments:
            launches[arguments["correlation"]] = begin
        elif name.startswith("ProfilerStep"):
            if kind != "gpu_user_annotation":
                spans["step"].append((begin, end, name))
        elif name.startswith("autograd::engine::evaluate_function"):
            spans["backward"].append((begin, end, name))
        elif name.startswith("Optimizer.step"):
            spans["update"].append((begin, end, name))
    launched = [(launches.get(arguments.get("correlation"), begin), begin, end, name, arguments) for begin, end, name, arguments in kernels]
    return sorted(launched, key=lambda kernel: kernel[:3]), {key: sorted(found) for key, found in spans.items()}


def busy(intervals, low, high):
    """The part of a span in which something runs."""
    total, until = 0.0, low
    for begin, end in sorted(intervals):
        begin, end = max(begin, until), min(end, high)
        if end > begin:
            total, until = total + end - begin, end
    return total / (high - low)


def is_collective(kernel):
    return kernel[3].lower().startswith("nccl")


def step_profile(kernels, spans, step):
    """Seconds of forward, backward and update of one step, its buckets, and how busy the device was in the backward pass."""
    begin, end, _ = step
    backward = [span for span in spans["backward"] if begin <= span[0] < end]
    if not backward:
        raise SystemExit(f"{step[2]}: no backward pass (autograd::engine::evaluate_function); allowed are traces of training with record_function events")
    first, last = backward[0][0], max(span[1] for span in backward)
    update = [span[0] for span in spans["update"] if begin <= span[0] < end]
    own = [kernel for kernel in kernels if begin <= kernel[0] < end and not is_collective(kernel)]
    ahead = [kernel for kernel in own if kernel[0] < first]
    passes = [kernel for kernel in own if first <= kernel[0] < last]
    behind = [kernel for kernel in own if kernel[0] >= (update[0] if update else last)]
    if not ahead or not passes:
        raise SystemExit(f"{step[2]}: no kernels of a forward and a backward pass; allowed are traces with CUDA activities")
    start = min(kernel[1] for kernel in ahead)
    middle = max(max(kernel[2] for kernel in ahead), min(kernel[1] for kernel in passes))
    stop = max(kernel[2] for kernel in passes)
    buckets = []
    for kernel in kernels:
        if not (begin <= kernel[0] < end and is_collective(kernel)):
            continue
        arguments = kernel[4]
        if "allreduce" not in (str(arguments.get("Collective name", "")) + kernel[3]).lower().replace("_", "") or "In msg nelems" not in arguments:
            continue
        # Its numbers are there when what was launched before it is done.
        done = max((other[2] for other in passes if other[0] <= kernel[0]), default=middle)
        ready = min(1.0, max(0.0, (done - middle) / (stop - middle)))
        buckets.append((int(arguments["In msg nelems"]), ready, str(arguments.get("dtype", "")), arguments.get("Group size")))
    own_update = max((kernel[2] for kernel in behind), default=stop) - min((kernel[1] for kernel in behind), default=stop)
    share = busy([(kernel[1], kernel[2]) for kernel in passes], middle, stop)
    return ((middle - start) * 1e-6, (stop - middle) * 1e-6, max(0.0, own_update) * 1e-6), buckets, share


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace")
    parser.add_argument("--samples", type=int, required=True, help="samples of a step on one GPU")
    parser.add_argument("--step", type=int, help="the number of a ProfilerStep (default: that of the median length)")
    parser.add_argument("--name", default="trace", help="the profile's name")
    parser.add_argument("--device", default="a GPU", help="what it was recorded on, for the profile")
    parser.add_argument("--allow-idle", action="store_true", help="also where the GPU waited for its host")
    parser.add_argument("--output", metavar="FILE.json", help="default: standard output")
    arguments = parser.parse_args()
    if arguments.samples < 1:
        parser.error(f"--samples {arguments.samples}: allowed is 1 or more")
    try:
        kernels, spans = collect(arguments.trace)
    except (OSError, EOFError, zlib.error) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise SystemExit(f"{arguments.trace}: cannot be read: {reason}; allowed is a trace that PyTorch's profiler exported, also gzipped")
    steps = spans["step"]
    if arguments.step is not None:
        steps = [step for step in steps if step[2] == f"ProfilerStep#{arguments.step}"]
    if not steps:
        found = ", ".join(step[2] for step in spans["step"][:10]) or "none"
        raise SystemExit(f"{arguments.trace}: steps found: {found}; allowed is a trace with ProfilerStep#N (profiler.step())")
    middle = statistics.median_low([step[1] - step[0] for step in steps])
    step = next(step for step in steps if step[1] - step[0] == middle)
    (forward, backward, update), buckets, share = step_profile(kernels, spans, step)
    print(f"{step[2]}: forward {forward * 1e3:.1f} ms, backward {backward * 1e3:.1f} ms, of which the GPU was busy for {share:.0%}, "
          f"update {update * 1e3:.1f} ms; all-reduces of {', '.join(str(bucket[0]) for bucket in buckets) or 'nothing'} numbers", file=sys.stderr)
    if not buckets:
        raise SystemExit(f"{step[2]}: no NCCL all-reduce that says how many numbers it has ('In msg nelems'); allowed are traces of a "
                         "DistributedDataParallel job, PyTorch 2.1 or later")
    if share < LEAST_BUSY and not arguments.allow_idle:
        raise SystemExit(f"{step[2]}: the GPU was busy for {share:.0%} of the backward pass; allowed are {LEAST_BUSY:.0%} or more. It waited for its "
                         "host, since recording makes launches slow: such times are too long and hide too much communication. Record fewer "
                         "activities, or use profile_torch.py; --allow-idle makes a profile that says so")
    sizes = {BYTES.get(bucket[2]) for bucket in buckets}
    if len(sizes) != 1 or None in sizes:
        raise SystemExit(f"{step[2]}: all-reduces of {sorted({bucket[2] for bucket in buckets})}; allowed is one of {', '.join(sorted(BYTES))}")
    profile = {
        "format": "bench-profile-1", "name": arguments.name, "device": arguments.device,
        "source": f"profile_from_trace.py, {step[2]} of a trace of {buckets[0][3]} GPUs", "bytes_per_number": sizes.pop(),
        "busy_in_backward": round(share, 4),
        "steps": [{"samples": arguments.samples, "forward": round(forward, 9), "backward": round(backward, 9), "update": round(update, 9)}],
        "buckets": [{"name": f"bucket {index + 1}", "numbers": bucket[0], "ready": round(bucket[1], 6)} for index, bucket in enumerate(buckets)],
    }
    text = json.dumps(profile, indent=1)
    if arguments.output:
        try:
            with open(arguments.output, "w") as file:
                file.write(text + "\n")
        except OSError as problem:
            raise SystemExit(f"--output {arguments.output}: cannot be written: {problem.strerror}; allowed is a file in a folder that exists")
    else:
        print(text)


if __name__ == "__main__":
    main()
