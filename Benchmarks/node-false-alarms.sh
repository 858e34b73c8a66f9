#!/usr/bin/env bash
# Measures how often the verdict on nodes errs where all nodes are alike. An experiment is a community of 12 nodes that have
# the same distribution, with seeds of its own; N experiments are made. Two rows are put to the comparison with `alone`:
# `noise`, the same training alone with batches of another size, which is neither better nor worse but ends with another
# model, so that every verdict is a false alarm; and `dpsgd` on a ring, of which nobody loses anything, so that every
# "loses" is one. Prints a CSV with a row an experiment and row of its table, and on standard error the counts.
#
#   Benchmarks/node-false-alarms.sh N SEEDS [BENCH] > FILE
#
# Results/false-alarms/nodes.csv has 200 experiments with one seed each and 200 with three, behind one heading.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64; }
count=$1 seeds=$2
cd "$(dirname "$0")/.."
bench=${3:-$(swift build --product bench --show-bin-path)/bench}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "experiment,first_seed,seeds,row,nodes,gains,loses,no_difference_shown"
for index in $(seq 1 "$count"); do
    first=$((1000 + seeds * index))
    "$bench" --task digits --objectives iid --workers 12 --epochs 20 --strategy 'alone,alone(local-batch=11,label=noise),dpsgd' \
        --overlay ring --seeds "$seeds" --first-seed "$first" --compute reference --quiet --output "$folder" > /dev/null
    # Verdicts are over all seeds: those of the first one's rows.
    awk -F, -v number="$index" -v first="$first" -v seeds="$seeds" '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        $column["seed"] == first && $column["verdict"] != "" {
            row = $column["label"]; nodes[row]++; verdicts[row, $column["verdict"]]++
        }
        END {
            for (row in nodes)
                printf "%d,%d,%d,%s,%d,%d,%d,%d\n", number, first, seeds, row, nodes[row], verdicts[row, "gains"],
                    verdicts[row, "loses"], verdicts[row, "no difference shown"]
        }' "$folder/nodes.csv" | sort -t, -k 4
done | tee "$folder/rows.csv"
awk -F, '
    { rows[$4]++; if ($7 > 0) losing[$4]++; if ($6 + $7 > 0) any[$4]++; gain[$4] += $6; lose[$4] += $7; nodes[$4] += $5 }
    END {
        for (row in rows)
            printf "%s: of %d experiments %d have a node that loses, %d any verdict; of %d nodes %d gain and %d lose\n", row,
                rows[row], losing[row], any[row], nodes[row], gain[row], lose[row]
    }' "$folder/rows.csv" >&2
