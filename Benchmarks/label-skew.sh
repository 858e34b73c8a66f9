#!/usr/bin/env bash
# Shows that nodes whose labels are skewed can be better off alone: ten nodes of digits with two classes each, each judged by
# its own classes, alone and in federated averaging, with as many samples. Users of benchmarks of federated learning have found
# so ("benchmark lacks metrics for evaluating local mode", TsingZ0/PFLlib, number 243). Prints the table, the verdicts on nodes
# and what was found.
#
#   Benchmarks/label-skew.sh Results/label-skew [BENCH]
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
folder=$1
cd "$(dirname "$0")/.."
bench=${2:-$(swift build --product bench --show-bin-path)/bench}

"$bench" --task digits --objectives labels:2 --workers 10 --strategy alone,federated --seeds 5 --compute reference \
    --quiet --output "$folder"
awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
    {
        row = $column["label"]; own[row] += $column["own_accuracy"]; rows[row]++
        # A verdict is over all seeds, and stands in the rows of each.
        if ($column["verdict"] != "") verdicts[$column["verdict"]]++
    }
    END {
        seeds = rows["federated"] / 10
        printf "On average a node has %.2f %% right alone and %.2f %% in federated averaging; of 10 nodes %d gain and %d lose.\n",
            100 * own["alone"] / rows["alone"], 100 * own["federated"] / rows["federated"],
            verdicts["gains"] / seeds, verdicts["loses"] / seeds
    }' "$folder/nodes.csv"
