#!/usr/bin/env bash
# What becomes of the program under limits of the machine: each has to end with its results or with one line that says why not,
# within 20 seconds, without temporary files, and with the runs that were finished. Prints a table and fails where one does not.
# Takes some five minutes.
#
#   Benchmarks/limits.sh                this tree's debug build
#   Benchmarks/limits.sh --bench FILE   another program
#   Benchmarks/limits.sh --all          also the rows that are as they should be, which are counted otherwise
set -uo pipefail
cd "$(dirname "$0")/.."
bench=
shows_all=false
while [ $# -gt 0 ]; do
    case "$1" in
        --bench) bench=${2:?limits.sh: --bench needs a file}; shift 2 ;;
        --all) shows_all=true; shift ;;
        *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
    esac
done
if [ -z "$bench" ]; then
    swift build --product bench || exit 1
    bench=$(swift build --product bench --show-bin-path)/bench
fi
bench=$(realpath "$bench")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"

cp "$OLDPWD/Benchmarks/profiles/resnet50-v100.json" profile.json
quick=(--epochs 1 --seeds 1 --compute reference --quiet)
"$bench" "${quick[@]}" --strategy sync --workers 4 --record --output recorded > prepare.txt 2>&1 ||
    { cat prepare.txt >&2; exit 1; }

run=("$bench" "${quick[@]}" --strategy single,threads,sync --workers 2 --save model --trace-loss loss.csv --output out)
study=("$bench" study "${quick[@]}" --strategy single,sync --workers 2 --vary learning-rate=0.1,0.2 --output out)
reprice=("$bench" reprice recorded --latency 1ms,2ms --csv out.csv)
compare=("$bench" compare recorded recorded --markdown out.md --junit out.xml)
coalitions=("$bench" coalitions "${quick[@]}" --strategy community --workers 2 --output out)
advise=("$bench" advise recorded --cluster ethernet-1g --output out)
report=("$bench" report recorded)
history=("$bench" history recorded --html out.html)
price=("$bench" price profile.json --cluster ethernet-1g --workers 2 --csv out.csv)
commands=(run study coalitions reprice advise compare report history price)
# What each of them has written last when it is done.
declare -A last=(
    [run]=out/report.md [study]=out/report.md [coalitions]=out/report.html [reprice]=recorded/reprice.md
    [advise]=out/advice.md [compare]=out.xml [report]=recorded/report.md [history]=out.html [price]=out.csv
)
# What all else can be made of again.
declare -A main=([run]=out/results.json [study]=out/study.json [coalitions]=out/coalitions.json)

# lost COMMAND FOLDER: says what became of finished runs, where that is not what the program says; nothing where all is well.
lost() {
    local file=${main[$1]:-} models
    [ -n "$file" ] || return 0
    if [ -e "$2/$file" ]; then
        (cd "$2" && "$bench" report out > /dev/null 2>&1) || echo "$file cannot be read"
        return 0
    fi
    # A model is saved where a run has come to its end.
    models=$(find "$2" -name 'model-*' | wc -l)
    if [ "$models" -gt 0 ] && ! grep -q "of [0-9]* finished run" "$2/stderr.txt"; then echo "$models finished runs are lost"; fi
}

failures=0
count=0
# table NAME VALUE COMMAND OUTCOME
table() { printf '%-15s %-10s %-8s %s\n' "$1" "$2" "$3" "$4"; }
table limit value command outcome

# attempt LIMIT VALUE SHELL: every command, run by the shell's line, in which it is "$@".
attempt() {
    local limit=$1 value=$2 line=$3 name folder code outcome errors what
    for name in "${commands[@]}"; do
        local -n command=$name
        folder=$(mktemp -d "$work/attempt-XXXX")
        cp -r recorded profile.json "$folder"
        chmod -R a+rwX "$folder"
        # Through a pipe, since a limit on the size of files would be one on messages, too.
        { (cd "$folder" && exec timeout --signal KILL 20 bash -c "$line" bash "${command[@]}" 2>&1 > /dev/null) 2> /dev/null; } |
            cat > "$folder/stderr.txt"
        code=${PIPESTATUS[0]}
        errors=$(grep -c -e '^Error: ' -e '^could not compare: ' "$folder/stderr.txt")
        if [ "$code" = 0 ]; then
            outcome=ran
        elif [ "$code" = 141 ] && [ "$limit" = 'closed pipe' ]; then
            outcome='ran, and its reader had gone'
        elif { [ "$code" = 1 ] || [ "$code" = 2 ]; } && [ "$errors" = 1 ]; then
            outcome=$(grep -h -e '^Error: ' -e '^could not compare: ' "$folder/stderr.txt")
        elif [ "$code" = 127 ] && grep -q 'error while loading shared libraries' "$folder/stderr.txt"; then
            # Before any code of the program is there.
            outcome="not loaded: $(tail -1 "$folder/stderr.txt" | sed 's/.*libraries: //')"
        else
            outcome="FAILED: code $code, $errors errors: $(head -c 300 "$folder/stderr.txt" | tr '\n' ' ')"
        fi
        what=$(lost "$name" "$folder")
        if [ -n "$what" ]; then outcome="FAILED: $what; $outcome"; fi
        case "$outcome" in
            ran*) [ -e "$folder/${last[$name]}" ] || outcome="FAILED: ${last[$name]} is missing; code $code" ;;
        esac
        if find "$folder" -name '.tmp-*' | grep -q .; then outcome="FAILED: a temporary file is left; $outcome"; fi
        count=$((count + 1))
        case "$outcome" in FAILED*) failures=$((failures + 1)) ;; esac
        if $shows_all || [ "${outcome#FAILED}" != "$outcome" ]; then table "$limit" "$value" "$name" "$outcome"; fi
        rm -rf "$folder"
    done
}

# A user of their own, whose threads nobody else counts to; root has no such limit.
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --clear-groups test -x "$bench" 2> /dev/null; then
    for value in 1 2 3 4 5 6 8 16; do
        attempt threads "$value" "exec setpriv --reuid 65534 --clear-groups bash -c 'ulimit -u $value; exec \"\$@\"' bash \"\$@\""
    done
elif [ "$(id -u)" != 0 ]; then
    used=$(ps -L -u "$(id -u)" | wc -l)
    for value in 1 2 3 4 5 6 8 16; do attempt threads "+$value" "ulimit -u $((used + value)); exec \"\$@\""; done
else
    echo 'threads: left out, since another user cannot run the program'
fi
for value in 100000 200000 300000 400000 600000 800000 1000000 2000000; do
    attempt 'address space' "$value kB" "ulimit -v $value; exec \"\$@\""
done
for value in 3 4 5 6 8 10 12 15 20; do attempt 'open files' "$value" "ulimit -n $value; exec \"\$@\""; done
for value in 0 1 4 16; do attempt 'file size' "$value kB" "ulimit -f $value; exec \"\$@\""; done
attempt cores 'one' 'exec taskset -c "$(taskset -cp $$ | sed "s/.*: //; s/[-,].*//")" "$@"'
attempt terminal none 'exec setsid -w "$@" < /dev/null'
attempt descriptors closed 'exec "$@" <&- >&-'
attempt 'closed pipe' '' '"$@" | true; exit "${PIPESTATUS[0]}"'

# A terminal that goes away while runs are made: those that were finished are there.
many=(--epochs 5 --seeds 200 --compute reference --quiet --output out)
hangup_run=("$bench" "${many[@]}" --strategy single,sync --workers 2)
hangup_study=("$bench" study "${many[@]}" --seeds 1 --strategy single --search random --trials 500 --vary learning-rate=0.01..1)
hangup_coalitions=("$bench" coalitions "${many[@]}" --seeds 5 --strategy community --workers 8)
for name in run study coalitions; do
    declare -n command=hangup_$name
    folder=$(mktemp -d "$work/attempt-XXXX")
    (cd "$folder" && exec timeout --signal KILL 60 "${command[@]}" > /dev/null 2> stderr.txt) &
    shell=$!
    for _ in $(seq 200); do
        [ -e "$folder/${main[$name]}" ] && break
        sleep 0.1
    done
    pkill -HUP -P "$shell" 2> /dev/null || kill -HUP "$shell"
    wait "$shell"
    code=$?
    outcome=$(grep -h '^Stopped\. ' "$folder/stderr.txt")
    what=$(lost "$name" "$folder")
    if [ "$code" != 129 ] || [ -z "$outcome" ] || [ ! -e "$folder/${main[$name]}" ] || [ -n "$what" ]; then
        outcome="FAILED: code $code, $what: $(head -c 300 "$folder/stderr.txt" | tr '\n' ' ')"
        failures=$((failures + 1))
    fi
    count=$((count + 1))
    if $shows_all || [ "${outcome#FAILED}" != "$outcome" ]; then table SIGHUP '' "$name" "$outcome"; fi
    rm -rf "$folder"
done

echo "$count attempts, $failures failed"
[ "$failures" = 0 ]
