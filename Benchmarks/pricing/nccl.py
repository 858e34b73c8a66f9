#!/usr/bin/env python3
"""NCCL's all-reduces on NVLink against the network model of bench: latency + bytes / bandwidth.

    nccl.py VTRAIN [--output FILE.csv]      a clone of https://github.com/VIA-Research/vTrain (MIT)

vTrain comes with all-reduces that were measured at 1,024 sizes from 1 MiB to 1 GiB on 2 to 8 GPUs of a node. The two figures are
fitted to every other size by least squares of relative errors; the errors are those of the sizes between, which the fit has
not seen. A ring on n GPUs is 2 (n - 1) messages in sequence, each with an n-th of the bytes, so that the line's latency is
that many times a message's, and its bandwidth is 2 (n - 1) / n of what NCCL's tests call the bus bandwidth.
"""

import argparse
import csv
import pathlib
import statistics
import sys


def measured(path):
    """(bytes, seconds) of the all-reduce out of place."""
    with open(path) as file:
        rows = list(csv.reader(file))[1:]
    return [(int(row[0]), int(row[3]) * 1e-9) for row in rows if row]


def fit(points):
    """a and b of a + b * bytes with the least sum of squared relative errors."""
    s0 = sum(1 / t**2 for _, t in points)
    s1 = sum(b / t**2 for b, t in points)
    s2 = sum((b / t) ** 2 for b, t in points)
    r0 = sum(1 / t for _, t in points)
    r1 = sum(b / t for b, t in points)
    determinant = s0 * s2 - s1 * s1
    return (r0 * s2 - r1 * s1) / determinant, (s0 * r1 - s1 * r0) / determinant


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vtrain")
    parser.add_argument("--output")
    arguments = parser.parse_args()
    rows = []
    for device in ("v100", "a100"):
        for gpus in range(2, 9):
            points = measured(pathlib.Path(arguments.vtrain) / f"trace/{device}/AR_GPU{gpus}_1M_1024M_LUT")
            latency, slope = fit(points[::2])
            errors = [abs((latency + slope * size) / seconds - 1) for size, seconds in points[1::2]]
            large = [e for e, (size, _) in zip(errors, points[1::2]) if size >= 32 << 20]
            rows.append({
                "device": device, "gpus": gpus, "sizes": len(errors),
                "latency_us": f"{latency * 1e6:.1f}", "message_latency_us": f"{latency * 1e6 / (2 * (gpus - 1)):.2f}",
                "bus_gigabytes_per_second": f"{2 * (gpus - 1) / gpus / slope / 1e9:.1f}",
                "median_error": f"{statistics.median(errors):.4f}", "p95_error": f"{percentile(errors, 0.95):.4f}",
                "largest_error": f"{max(errors):.4f}", "largest_error_from_32_MiB": f"{max(large):.4f}"})
    out = open(arguments.output, "w", newline="") if arguments.output else sys.stdout
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main()
