#!/usr/bin/env bash
# Finds the default learning rates of a task: trains with every rate of the grid, for `single` (whose steps threads and
# sync share) and for `federated`, on seeds that no report uses, and prints a CSV of accuracies at the end.
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

echo "task,strategy,learning_rate,epochs,seeds,final_accuracy_median,final_accuracy_low,final_accuracy_high,seeds_reached"
for rate in $rates; do
    for strategy in single federated; do
        "$bench" --task "$task" --strategy "$strategy" --learning-rate "$rate" --seeds "$seeds" --first-seed 101 \
            --epochs "$epochs" --clock simulated --compute reference --quiet --output "$output" > /dev/null
        tail -n 1 "$output/summary.csv" | cut -d, -f 9-11,13 | sed "s/^/$task,$strategy,$rate,$epochs,$seeds,/"
    done
done
