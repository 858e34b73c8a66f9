#!/usr/bin/env bash
# Measures how often the gate calls a program slower than itself: runs the gate's plan N + 3 times with one program and puts
# each run, with the two after it as its confirmations, to the comparison with the first. Prints a CSV with a row a
# comparison - exit codes of one run, with one confirmation, and with two as the gate has them; the load of the machine; how
# many times could not be compared since it was too busy; what was called slower - and, on standard error, the counts.
#
#   Benchmarks/false-alarms.sh N [BENCH] > Results/false-alarms/false-alarms.csv
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
count=$1
cd "$(dirname "$0")/.."
bench=${2:-$(swift build --product bench --show-bin-path)/bench}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
plan=$(sed -n 's/^plan=(\(.*\))$/\1/p' Benchmarks/gate.sh)

# shellcheck disable=SC2086
run() { "$bench" $plan --quiet --output "$folder/$1" > /dev/null; }
compare() {
    local code=0
    "$bench" compare "$folder/baseline" "$@" > "$folder/comparison.txt" 2>&1 || code=$?
    echo "$code"
}
not_compared() { grep -c '^not compared' "$folder/comparison.txt" || true; }
slower() { awk '/^REGRESSION/ { printf "%s%s", separator, $2; separator = " " }' "$folder/comparison.txt"; }

for name in baseline 1 2; do run "$name"; done
echo "comparison,code_of_one_run,code_with_one_confirmation,code_with_two_confirmations,load_average,times_not_compared,called_slower,confirmed_slower"
one=0 two=0 three=0
for index in $(seq 1 "$count"); do
    run "$((index + 2))"
    current="$folder/$index"
    first=$(compare "$current")
    called=$(slower)
    skipped=$(not_compared)
    second=$(compare "$current" --confirm "$folder/$((index + 1))")
    third=$(compare "$current" --confirm "$folder/$((index + 1))" --confirm "$folder/$((index + 2))")
    echo "$index,$first,$second,$third,$(cut -d ' ' -f 1 /proc/loadavg 2> /dev/null || true),$skipped,$called,$(slower)"
    if [ "$first" -ne 0 ]; then one=$((one + 1)); fi
    if [ "$second" -ne 0 ]; then two=$((two + 1)); fi
    if [ "$third" -ne 0 ]; then three=$((three + 1)); fi
    rm -rf "$current"
done
echo "$count comparisons of one program with itself: $one alarms by one run, $two with a confirmation, $three with two" >&2
