#!/usr/bin/env bash
# Finds the default learning rates of a task: trains with every rate of the grid, for `single` (whose steps threads and
# sync share) and for `federated`, on seeds that no report uses, and prints a CSV of what the task is judged by (accuracy, where it
# does not say otherwise) at the end.
#
#   Benchmarks/tune-learning-rates.sh TASK "RATES" SEEDS EPOCHS [BENCH] > Results/tuning/TASK.csv
#   Benchmarks/tune-learning-rates.sh digits "0.1 0.2 0.3 0.5 0.8 1.2" 10 60
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64; }
task=$1 rates=$2 seeds=$3 epochs=$4
cd "$(dirname "$0")/.."
bench=${5:-$(swift build --product bench --show-bin-path)/bench}
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

# The columns of a summary by name, of its last line.
columns() {
    awk -F, -v names="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        { count = split(names, wanted, " "); line = ""; for (i = 1; i <= count; i++) line = line "," (wanted[i] in column ? $column[wanted[i]] : "") }
        END { print substr(line, 2) }' "$1"
}

header=
for rate in $rates; do
    for strategy in single federated; do
        "$bench" --task "$task" --strategy "$strategy" --learning-rate "$rate" --seeds "$seeds" --first-seed 101 \
            --epochs "$epochs" --clock simulated --compute reference --quiet --output "$output" > /dev/null
        # A task that is judged by its accuracy has no column that says so.
        metric=$(columns "$output/summary.csv" metric)
        [ -n "$metric" ] && judged=value || { metric=accuracy judged=accuracy; }
        if [ -z "$header" ]; then
            header="task,strategy,learning_rate,epochs,seeds,final_${metric}_median,final_${metric}_low,final_${metric}_high,seeds_reached"
            echo "$header"
        fi
        echo "$task,$strategy,$rate,$epochs,$seeds,$(columns "$output/summary.csv" \
            "final_${judged}_median final_${judged}_low final_${judged}_high seeds_reached")"
    done
done
