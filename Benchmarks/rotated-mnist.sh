#!/usr/bin/env bash
# Repeats the rotated MNIST of Ghosh et al. 2020 and Kirch et al. 2025 with 1,200 nodes: four kinds that see images turned by
# none to three quarters, each with all 60,000 images over its 300 nodes; the perceptron 784-200-10; rounds of ten steps over
# all of a node's 200 images at a rate of 0.1; every node judged by the whole test set as it sees it. Runs IFCA and DFCA
# with each seed and prints a Markdown table: the nodes' mean accuracy after half of the rounds and after all, how many nodes
# chose the model of their kind, cluster time, the time of this computer and of its processors, and peak memory. Published,
# where all nodes choose right, are 0.915 after 50 rounds and 0.93 after 100. Needs MNIST (`bench data fetch mnist`) and
# GNU time.
#
#   Benchmarks/rotated-mnist.sh FOLDER "SEEDS" [ROUNDS] [BENCH]      results go to FOLDER/ifca-SEED and FOLDER/dfca-SEED
#   Benchmarks/rotated-mnist.sh Results/rotated-mnist "1 2 3" 50     a round is 2.4 million samples
#   METHODS=ifca Benchmarks/rotated-mnist.sh ...                     one of the two alone
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 64; }
folder=$1 seeds=$2 rounds=${3:-50}
cd "$(dirname "$0")/.."
if [ $# -ge 4 ]; then
    bench=$4
else
    swift build -c release --product bench
    bench=$(swift build -c release --product bench --show-bin-path)/bench
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A round is as many samples as 40 times the training set. PyTorch's initial parameters are the published ones.
published=(--task mnist-mlp --objectives rotations:4 --workers 1200 --strategy clustered --sync-every 10 --local-batch all
    --learning-rate 0.1 --initialization pytorch --epochs $((40 * rounds)) --evaluate-every $((20 * rounds)))

# Of the seed's run in a results folder: the share of nodes whose chosen model is that of their kind, where each model stands
# for the kind that makes this share the largest, and no two for one.
cluster_accuracy() {
    awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        { count[$column["kind"], $column["chosen_model"]]++; nodes++ }
        END {
            for (a = 0; a < 4; a++) for (b = 0; b < 4; b++) for (c = 0; c < 4; c++) {
                d = 6 - a - b - c
                if (a == b || a == c || b == c || d == a || d == b || d == c || d < 0 || d > 3) continue
                sum = count[0, a] + count[1, b] + count[2, c] + count[3, d]
                if (sum > best) best = sum
            }
            printf "%.4f", best / nodes
        }' "$1/nodes.csv"
}
# The accuracy of a point of the curve, counted from its end: 1 for the last.
accuracy() {
    awk -F, -v back="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        { values[NR] = $column["test_accuracy"] }
        END { printf "%.4f", values[NR - back + 1] }' "$1/curves.csv"
}
seconds() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next } { last = $column["cluster_seconds"] }
        END { printf "%.1f", last }' "$1/curves.csv"
}

echo "| method | seed | accuracy, round $((rounds / 2)) | accuracy, round $rounds | cluster accuracy | cluster time | host time | processor time | peak memory |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
for method in ${METHODS:-ifca dfca}; do
    # Without a server the authors let nodes pick up to 49 others where there are more than 800.
    center=(--center server)
    [ "$method" = ifca ] || center=(--center none --most-peers 49)
    for seed in $seeds; do
        output=$folder/$method-$seed
        /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$bench" "${published[@]}" "${center[@]}" --seeds 1 --first-seed "$seed" \
            --compute reference --quiet --output "$output" > /dev/null
        read -r host user system kilobytes < "$work/time"
        printf '| %s | %s | %s | %s | %s | %s s | %.0f s | %.0f s | %d MB |\n' "$method" "$seed" "$(accuracy "$output" 2)" \
            "$(accuracy "$output" 1)" "$(cluster_accuracy "$output")" "$(seconds "$output")" "$host" \
            "$(awk "BEGIN { print $user + $system }")" $((kilobytes / 1000))
    done
done
