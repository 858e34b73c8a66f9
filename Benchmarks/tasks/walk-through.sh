#!/usr/bin/env bash
# Tries the three example tasks as a new user would, from the data to the report, and prints a table of times and results.
#
#   Benchmarks/tasks/walk-through.sh FOLDER [BENCH] [TASK...]
#
# Everything goes into FOLDER: data, task files, results, and what every command printed. The exit code is 1 where a command
# fails, one machine alone or federated averaging does not reach the target with every seed, or a task takes longer than ten
# minutes.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
bench=${2:-$(cd "$here/../.." && swift build --product bench --show-bin-path)/bench}
bench=$(realpath "$bench")
tasks=("${@:3}")
[ ${#tasks[@]} -gt 0 ] || tasks=(watch shapes story)
# The tuned learning rate of each, and its neighbours on the grid.
declare -A rates=([watch]=0.5,1,2 [shapes]=0.1,0.2,0.4 [story]=0.5,1,2)
limit=600 failed=0

"$here/make-data.py" "$folder/data" > "$folder/make-data.txt"
cd "$folder"

# step TASK NAME COMMAND...: runs the command, keeps what it prints, and times it.
step() {
    local task=$1 name=$2 begin end code=0
    shift 2
    begin=$(date +%s%N)
    "$@" > "$task-$name.txt" 2> "$task-$name.errors" || code=$?
    end=$(date +%s%N)
    milliseconds=$(((end - begin) / 1000000))
    total=$((total + milliseconds))
    outcome=""
    [ "$code" -eq 0 ] && return
    failed=1
    outcome="exit code $code: $(tail -n 1 "$task-$name.errors")"
}

row() { printf '%-6s  %-6s  %7s  %s\n' "$1" "$2" "$3" "$4"; }
seconds() { printf '%d.%01d' $(($1 / 1000)) $(($1 % 1000 / 100)); }
tell() { row "$1" "$2" "$(seconds $milliseconds)" "${outcome:-$3}"; }

# With how many of its seeds each strategy reached the target.
reached() {
    python3 - "$1/summary.csv" << 'END'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
print(", ".join(f"{row['strategy']} {row['seeds_reached']}/{row['seeds']}" for row in rows))
tuned = [row for row in rows if row["strategy"] in ["single", "federated"]]
sys.exit(any(row["seeds_reached"] != row["seeds"] for row in tuned))
END
}

row task step seconds result
row ------ ------ ------- ------
for task in "${tasks[@]}"; do
    file=data/$task.yaml total=0
    step "$task" check "$bench" task check "$file"
    tell "$task" check "$(head -n 1 "$task-check.txt" | sed 's/^[^:]*: //; s/;.*//'); $(grep -c '^warning' "$task-check.errors" || true) warning(s)"
    step "$task" all "$bench" --task "$file" --strategy all --output "$task-all"
    words=$(reached "$task-all") || failed=1
    tell "$task" all "target reached: $words"
    step "$task" study "$bench" study --task "$file" --strategy sync,federated --vary "learning-rate=${rates[$task]}" \
        --seeds 2 --output "$task-study"
    tell "$task" study "best: $(sed -n 's/^  bench run .*--strategy \([^ ]*\) --learning-rate \(.*\)/\1 \2/p' "$task-study.txt" | paste -sd, | sed 's/,/, /g')"
    step "$task" report "$bench" report "$task-all"
    tell "$task" report "report.md $(wc -c < "$task-all/report.md") bytes, report.html $(wc -c < "$task-all/report.html")"
    row "$task" "whole" "$(seconds $total)" "$([ $total -le $((limit * 1000)) ] && echo "under ten minutes" || echo "over ten minutes")"
    [ $total -le $((limit * 1000)) ] || failed=1
done
exit $failed
