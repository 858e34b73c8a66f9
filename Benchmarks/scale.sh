#!/usr/bin/env bash
# How far one computer goes: large clusters through the program itself, release build, with the time and memory of each.
#
#   Benchmarks/scale.sh                needs MNIST (`bench data fetch mnist`) and GNU time
#   Benchmarks/scale.sh --bench FILE   another program than this tree's release build
#
# Rows: what ran, host time of the part that is named, the process's peak memory. What is left out is named in the row.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
    --bench) bench=${2:?scale.sh: --bench needs a file} ;;
    "")
        swift build -c release --product bench
        bench=$(swift build -c release --product bench --show-bin-path)/bench
        ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Seconds of host time of the only run, as in its record: evaluations are part of it.
host_seconds() { sed -n 's/^ *"hostSeconds" *: *\([0-9.e-]*\),\{0,1\}$/\1/p' "$work/out/results.json" | tail -1; }
peak_megabytes() { awk '/Maximum resident/ {printf "%.0f", $6 / 1000}' "$work/time"; }
run() {
    rm -rf "$work/out"
    /usr/bin/time -v "$bench" "$@" --seeds 1 --compute reference --quiet --output "$work/out" > "$work/log" 2> "$work/time" ||
        { cat "$work/log" "$work/time" >&2; exit 1; }
}
row() { printf '| %s | %s | %s MB |\n' "$1" "$2" "$(peak_megabytes)"; }

echo '| what | host time | peak memory |'
echo '| --- | ---: | ---: |'
run --task mnist-softmax --strategy federated --clients 10000 --fraction 1 --local-epochs 1 --limit-updates 1
row 'a federated round of mnist-softmax with 10,000 clients, and two evaluations' "$(host_seconds) s"
run --task mnist-softmax --strategy federated --clients 60000 --fraction 0.001 --local-epochs 1 --epochs 0.01
row 'ten rounds of mnist-softmax, each with 60 of 60,000 clients' "$(host_seconds) s"
# From the difference of eleven steps and one, since a run also evaluates.
run --task mnist-2nn --strategy sync --workers 1024 --batch 8192 --evaluate-every 0.05 --limit-updates 1
first=$(host_seconds)
run --task mnist-2nn --strategy sync --workers 1024 --batch 8192 --evaluate-every 0.05 --limit-updates 11
row 'a step of mnist-2nn on 1,024 nodes, batch 8 each, by ring' \
    "$(echo "$first $(host_seconds)" | awk '{printf "%.2f s", ($2 - $1) / 10}')"
# 22 steps of 64 and one of 29 samples in each of four epochs, and eight more.
run --task digits --strategy sync --workers 8 --batch 64 --epochs 4.356 --evaluate-every 5 --record
# Latencies from 1 to 1,000 microseconds.
latencies=$(seq 1 1000 | sed 's/$/us/' | paste -sd,)
start=$(date +%s.%N)
/usr/bin/time -v "$bench" reprice "$work/out" --latency "$latencies" > "$work/log" 2> "$work/time"
row 'bench reprice: a run of 100 steps on 8 nodes, on 1,000 clusters, the program'"'"'s start included' \
    "$(echo "$start $(date +%s.%N)" | awk '{printf "%.2f s", $2 - $1}')"
