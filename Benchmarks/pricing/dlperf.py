#!/usr/bin/env python3
"""DLPerf's throughput on 16 and 32 V100, predicted by `bench price` from its throughput on 8, and what was measured.

    dlperf.py BENCH RESULTS      the program, and the folder for dlperf.csv; the table is printed

Each row of `dlperf.csv` beside this file has what was known beforehand: images or sentences a second on 8 GPUs, and whether the
framework sends gradients during the backward pass, by what its code or its documentation says (column `why`). A profile is the
published one of the model (`../profiles`) with the row's step time; the cluster is `../profiles/v100-nodes.yaml`. Nothing is
fitted to what is predicted.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROFILES = HERE.parent / "profiles"


def predicted(bench, row, gpus):
    """Samples a second and the share of communication that is hidden, for each number of GPUs."""
    profile = json.loads((PROFILES / f"{row['model']}-v100.json").read_text())
    step = profile["steps"][0]
    seconds = 8 * int(row["batch"]) / float(row["8"])
    scale = seconds / (step["forward"] + step["backward"] + step["update"])
    profile["steps"] = [{"samples": int(row["batch"]), **{key: step[key] * scale for key in ("forward", "backward", "update")}}]
    profile["bytes_per_number"] = int(row["bytes_per_number"])
    strategy = "sync"
    if row["overlap"] == "yes":
        strategy = "sync(overlap=true" + (f",bucket={row['bucket']}" if row["bucket"] else "") + ")"
    with tempfile.TemporaryDirectory() as folder:
        files = pathlib.Path(folder)
        (files / "profile.json").write_text(json.dumps(profile))
        subprocess.run(
            [bench, "price", files / "profile.json", "--cluster", PROFILES / "v100-nodes.yaml", "--strategy", strategy,
             "--workers", ",".join(map(str, gpus)), "--json", files / "prices.json"], check=True, capture_output=True)
        prices = json.loads((files / "prices.json").read_text())
    return {price["workers"]: (price["samplesPerUpdate"] / price["secondsPerUpdate"], price["hiddenShare"]) for price in prices["rows"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("results", type=pathlib.Path)
    arguments = parser.parse_args()
    rows = []
    for row in csv.DictReader(open(HERE / "dlperf.csv")):
        prices = predicted(arguments.bench, row, [16, 32])
        for gpus in (16, 32):
            throughput, hidden = prices[gpus]
            measured = float(row[str(gpus)])
            ideal = gpus / 8 * float(row["8"])
            rows.append({
                "workload": row["workload"], "framework": row["framework"], "gpus": gpus, "overlap": row["overlap"],
                "from_8": row["8"], "measured": f"{measured:.2f}", "predicted": f"{throughput:.2f}",
                "step_measured_ms": f"{gpus * int(row['batch']) / measured * 1e3:.1f}",
                "step_predicted_ms": f"{gpus * int(row['batch']) / throughput * 1e3:.1f}",
                "step_error": f"{measured / throughput - 1:+.4f}",
                "step_error_if_the_network_were_free": f"{measured / ideal - 1:+.4f}",
                "hidden_share": f"{hidden:.3f}"})
    with open(arguments.results / "dlperf.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    errors = [abs(float(row["step_error"])) for row in rows]
    free = [abs(float(row["step_error_if_the_network_were_free"])) for row in rows]
    lines = ["| workload | framework | GPUs | overlap | step measured (ms) | step predicted (ms) | error | error with a free network |",
             "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        lines.append(
            f"| {row['workload']} | {row['framework']} | {row['gpus']} | {row['overlap']} | {row['step_measured_ms']} | "
            f"{row['step_predicted_ms']} | {float(row['step_error']):+.1%} | {float(row['step_error_if_the_network_were_free']):+.1%} |")
    lines += ["", f"Absolute errors of {len(rows)} rows: median {statistics.median(errors):.1%}, largest {max(errors):.1%}; "
              f"with a network that takes no time, median {statistics.median(free):.1%}, largest {max(free):.1%}."]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
