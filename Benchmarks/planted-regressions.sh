#!/usr/bin/env bash
# Plants regressions in a copy of this tree and checks that the gate catches each by name, and the unchanged program N
# times not at all. Ends with code 0 if so.
#
#   Benchmarks/planted-regressions.sh [N=20] [FOLDER [NAME]]
#   Benchmarks/planted-regressions.sh --check
#
# The copy stays in FOLDER, which makes a second time quicker; of the regressions only those whose name has NAME in it. With
# --check it only looks whether the lines are still there that it would change, which takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."
checks=false
if [ "${1:-}" = --check ]; then
    checks=true
    shift
fi
passes=${1:-20}
copy=${2:-}
only=${3:-}
if [ -z "$copy" ]; then
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
fi
mkdir -p "$copy/tree" "$copy/runs"

# The tree as git would commit it; what is equal is left alone, so that only what changed is built.
restore() {
    git ls-files --cached --others --exclude-standard Sources Tests Package.swift Benchmarks | while read -r file; do
        cmp -s "$file" "$copy/tree/$file" && continue
        mkdir -p "$(dirname "$copy/tree/$file")"
        cp "$file" "$copy/tree/$file"
    done
}
build() { (cd "$copy/tree" && swift build --product bench > "$copy/build.txt" 2>&1) || { cat "$copy/build.txt" >&2; exit 2; }; }
bench="$copy/tree/.build/debug/bench"
failures=0

unchanged() {
    build
    Benchmarks/gate.sh --bench "$bench" --baseline "$copy/baseline" --accept "the unchanged program" > /dev/null
    local passed=0
    for _ in $(seq 1 "$passes"); do
        if Benchmarks/gate.sh --bench "$bench" --baseline "$copy/baseline" > "$copy/gate.txt"; then
            passed=$((passed + 1))
        else
            grep -E '^REGRESSION' "$copy/gate.txt" || true
        fi
    done
    echo "unchanged: passed $passed of $passes"
    [ "$passed" -eq "$passes" ] || failures=$((failures + 1))
}

# plant NAME FILE SED-SCRIPT FIGURE...: each FIGURE, as "strategy figure", must be called a regression.
plant() {
    local name=$1 file=$2 script=$3
    shift 3
    [[ "$name" == *"$only"* ]] || return 0
    sed -i -E "$script" "$copy/tree/$file"
    if cmp -s "$file" "$copy/tree/$file"; then
        echo "$name: could not be planted in $file: the line that it changes is not there" >&2
        failures=$((failures + 1))
        return 0
    fi
    if $checks; then
        restore
        return 0
    fi
    build
    local code=0
    Benchmarks/gate.sh --bench "$bench" --baseline "$copy/baseline" > "$copy/gate.txt" || code=$?
    local missing=()
    for figure in "$@"; do
        grep -qE "^REGRESSION +${figure%% *} +${figure#* } " "$copy/gate.txt" || missing+=("$figure")
    done
    if [ "$code" -eq 1 ] && [ ${#missing[@]} -eq 0 ]; then
        echo "$name: caught: $(tail -n 1 "$copy/gate.txt")"
    else
        echo "$name: NOT caught (code $code, missing: ${missing[*]:-nothing})"
        cat "$copy/gate.txt"
        failures=$((failures + 1))
    fi
    restore
}

restore
$checks || unchanged

plant "one extra all-reduce a step" Sources/Training/Loops/StepLoop.swift \
    's/^( *)update\.prepare\(group\)$/\1try await rank.allReduce(ParameterVector(count: run.network.parameterCount), .sum, purpose: .gradient)\n&/' \
    "sync bytes sent" "sync messages" "sync simulated time" "threads bytes sent"
plant "a step 1.3 times slower" Sources/Training/TrainingRun.swift \
    's/^( *)(workspaces\.withWorkspace\(capacity: indices\.count\) \{ workspace in)/\1let start = ContinuousClock.now\n\1defer { let end = start + (ContinuousClock.now - start) * 1.3; while ContinuousClock.now < end {} }\n\1return \2/' \
    "single measured time"
# Not of the initial model, which all rows have to agree on.
plant "two points of accuracy" Sources/Training/TrainingRun.swift \
    's/testAccuracy: score\.accuracy,/testAccuracy: samples > 0 ? max(0, score.accuracy - 0.02) : score.accuracy,/' \
    "single final accuracy" "threads final accuracy" "sync final accuracy" "federated final accuracy"
# Not of threads: what passes through shared memory has no framing.
plant "one more byte a message" Sources/Fabrics/Rank/Message.swift \
    's/framingBytes = 16/framingBytes = 17/' \
    "sync bytes sent" "sync simulated time" "federated bytes sent" "federated simulated time"
# The curve alone: the run ends when it did, after as many bytes and with the same model, and times still grow.
plant "a time to target moved" Sources/Training/TrainingRun.swift \
    's/clusterSeconds: rank\.now\.seconds,/clusterSeconds: rank.now.seconds * (samples < sampleBudget \/ 3 ? 1.01 : 1),/' \
    "sync time to target" "sync curve times" "federated time to target" "federated curve times"
plant "a curve's bytes changed" Sources/Training/TrainingRun.swift \
    's/bytesSent: rank\.totalBytesSent,/bytesSent: rank.totalBytesSent + (samples < sampleBudget \&\& rank.totalBytesSent > 0 ? 1 : 0),/' \
    "sync curve bytes" "federated curve bytes"
plant "evaluations taken out" Sources/Training/TrainingRun/Budget.swift \
    's/configuration\.evaluateEveryEpochs \*/2 * configuration.evaluateEveryEpochs */' \
    "single evaluations" "threads evaluations" "sync evaluations" "federated evaluations"
$checks || build
exit "$((failures > 0))"
