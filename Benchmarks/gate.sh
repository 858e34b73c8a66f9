#!/usr/bin/env bash
# The regression gate: runs the plan of Results/baseline with the program of this tree and compares.
#
#   Benchmarks/gate.sh                        exit code 0: no regression, 1: a regression, 2: could not compare
#   Benchmarks/gate.sh --output DIR           put the results, gate.txt, gate.md and gate.xml into DIR, not .build/gate
#   Benchmarks/gate.sh --baseline DIR         another baseline
#   Benchmarks/gate.sh --bench FILE           another program than this tree's, which is then not built
#   Benchmarks/gate.sh --accept "REASON"      make this tree's results the baseline
#
# What looks like a regression is run twice more: a measured time counts as one only if it is one in all three runs,
# everything else counts at once.
set -euo pipefail
cd "$(dirname "$0")/.."
baseline=Results/baseline output= bench= reason= accept=
while [ $# -gt 0 ]; do
    case "$1" in
        --output | --baseline | --bench | --accept)
            [ $# -ge 2 ] || { echo "gate.sh: $1 needs a value" >&2; exit 64; } ;;&
        --output) output=$2; shift 2 ;;
        --baseline) baseline=$2; shift 2 ;;
        --bench) bench=$2; shift 2 ;;
        --accept) accept=yes reason=$2; shift 2 ;;
        *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
    esac
done
if [ -z "$bench" ]; then
    swift build --product bench
    bench=$(swift build --product bench --show-bin-path)/bench
fi
# A relative name, which is what the command in an accepted baseline should show.
output=${output:-.build/gate}
rm -rf "$output/run" "$output"/confirmation-*
mkdir -p "$output"

# Fixed numbers of workers and threads, so that the plan is the same on every machine.
plan=(--task digits --strategy all --seeds 5 --repetitions 10 --epochs 60 --workers 2 --host-threads 1 --compute reference)

"$bench" "${plan[@]}" --quiet --output "$output/run" > /dev/null
if [ -n "$accept" ]; then
    "$bench" compare "$baseline" "$output/run" --accept --reason "$reason"
    exit
fi
compare=("$bench" compare "$baseline" "$output/run" --markdown "$output/gate.md" --junit "$output/gate.xml")
if [ -n "${GITHUB_ACTIONS:-}" ]; then compare+=(--github); fi
code=0
"${compare[@]}" > "$output/gate.txt" || code=$?
for confirmation in "$output/confirmation-1" "$output/confirmation-2"; do
    [ "$code" -eq 1 ] || break
    "$bench" "${plan[@]}" --quiet --output "$confirmation" > /dev/null
    compare+=(--confirm "$confirmation")
    code=0
    "${compare[@]}" > "$output/gate.txt" || code=$?
done
cat "$output/gate.txt"
exit "$code"
