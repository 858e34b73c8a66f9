#!/usr/bin/env bash
# How long it takes to write all reports of a recorded run: the median of eleven times of 'bench report', in seconds, with the
# least and the greatest. What it takes to start the program and to read results.json is in it.
#
#     swift build -c release --product bench
#     Benchmarks/report-time.sh Results/mnist-2nn .build/release/bench
set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: Benchmarks/report-time.sh RESULTS BENCH" >&2
    exit 64
fi
results=$1 bench=$2
[ -f "$results/results.json" ] || { echo "'$results' has no results.json" >&2; exit 1; }
[ -x "$bench" ] || { echo "'$bench' is no program; build it with 'swift build -c release --product bench'" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$results/results.json" "$folder/"
"$bench" report "$folder" > "$folder/first.txt"
TIMEFORMAT='%R %U'
for _ in $(seq 11); do
    { time "$bench" report "$folder" > "$folder/out.txt"; } 2>&1
done | sort -n > "$folder/times.txt"
LC_ALL=C awk -v files="$(ls "$folder" | grep -cvE '^(first|out|times)\.txt$')" '
    { seconds[NR] = $1; user[NR] = $2 }
    END {
        printf "%s s in the median of %d [%s, %s]; of the median %s s on the processor; %d files and folders\n",
            seconds[int((NR + 1) / 2)], NR, seconds[1], seconds[NR], user[int((NR + 1) / 2)], files
    }' "$folder/times.txt"
