#!/bin/bash
# cut-off.sh PROGRAM: takes a host's link down in the middle of a job, and looks at what is left.
#
# A job of three hosts saves checkpoints. The link of the second goes down; nobody is told. Open MPI's daemons ask one
# another after a few seconds of silence (oob_tcp_keepalive_*; the default is after five minutes), find that one does not
# answer, name its host and end the job; the ranks' own --patience is longer. (The other way round the ranks end first, and
# mpirun goes on waiting for the daemon that it cannot reach.) Shown are: the message, how long it took until mpirun was
# gone, that no process is left on any host, that what was written before is whole; then the link comes up again and
# --resume finishes the job. Exit code 0 where all of it is so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
program=$(realpath "$1")
patience=20
# Seconds: 4 of silence and 3 questions, 1 apart, that nobody answers; and some for ending.
export MPIRUN_OPTIONS="--mca oob_tcp_keepalive_time 4 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3"
limit=15
scratch=$(mktemp -d)
mpirun=""
finish() {
    if [ -n "$mpirun" ]; then kill -9 "$mpirun" 2>/dev/null || true; fi
    "$here/hosts.sh" down
    rm -rf "$scratch"
}
trap finish EXIT
fail() { echo "cut-off.sh: $*" >&2; tail -n 20 "$scratch/log" >&2; exit 1; }
seconds() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }'; }

"$here/hosts.sh" up 3 200mbit
job=(--fabric mpi --patience "${patience}s" --strategy sync --workers 3 --task digits --seeds 1 --epochs 250
    --evaluate-every 10 --checkpoint "$scratch/checkpoints" --every 50 --output "$scratch/results")
"$here/on-hosts.sh" 3 "$program" "${job[@]}" >"$scratch/log" 2>&1 &
mpirun=$!
for ((i = 0; ; i++)); do
    [ "$(find "$scratch/checkpoints" -type f 2>/dev/null | wc -l)" -ge 2 ] && break
    kill -0 "$mpirun" 2>/dev/null || fail "the job ended before its link was cut"
    [ "$i" -lt 300 ] || fail "no checkpoint after 30 s"
    sleep 0.1
done

# Beyond what mpirun sends at the start: of a message that nobody has acknowledged TCP asks not for the host, but sends it
# again, for a quarter of an hour.
sleep 3
kill -0 "$mpirun" 2>/dev/null || fail "the job ended before its link was cut"
"$here/hosts.sh" cut val2
cut=$(date +%s.%N)
echo "val2 is cut off."
sleep 1 # what was in the air
(cd "$scratch/checkpoints" && find . -type f -exec sha256sum {} + >"$scratch/before")
until ! kill -0 "$mpirun" 2>/dev/null; do
    awk -v t="$(seconds "$cut")" -v l="$limit" 'BEGIN { exit !(t < l) }' || fail "mpirun was there after $limit s"
    sleep 0.1
done
code=0
wait "$mpirun" || code=$?
mpirun=""
echo "mpirun ended after $(seconds "$cut") s with exit code $code."
[ "$code" -ne 0 ] || fail "a job that was cut off ended with exit code 0"
grep -E "has waited|lost communication|Remote daemon" "$scratch/log" || fail "no message says why"

until [ -z "$("$here/hosts.sh" pids)" ]; do
    awk -v t="$(seconds "$cut")" -v l="$limit" 'BEGIN { exit !(t < l) }' ||
        fail "processes left after $limit s: $(ps -o pid=,args= -p "$("$here/hosts.sh" pids | paste -sd,)")"
    sleep 0.1
done
echo "No process was left on any host after $(seconds "$cut") s."

(cd "$scratch/checkpoints" && sha256sum --quiet -c "$scratch/before") || fail "a checkpoint has changed"
echo "$(wc -l <"$scratch/before") files of checkpoints are as they were."
"$here/hosts.sh" join val2
"$here/on-hosts.sh" 3 "$program" "${job[@]}" --resume >"$scratch/log" 2>&1 || fail "the job could not go on"
[ -s "$scratch/results/results.json" ] || fail "no results after --resume"
echo "The job went on from its checkpoint and finished:"
grep -iE "resum|checkpoint|goes on" "$scratch/log" | head -3 || true
