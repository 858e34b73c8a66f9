#!/usr/bin/env bash
# Gossip against all-reduce on six clusters: 16 workers train a task to its target, once with an all-reduce of every step's
# gradient, once with one of the models after every eight steps, and with neighbours on several overlays, all with as many
# samples a step; the runs are recorded on one cluster and priced on all six, with a ring all-reduce and with the one that
# is fastest there, which on slow links is many times as fast. Writes FOLDER/digits and FOLDER/mnist-2nn (which needs MNIST
# in BENCH_DATA), each with the table `reprice.md`; the schedules are not kept.
#
#   Benchmarks/overlays.sh FOLDER [SEEDS] [BENCH] ["TASKS"]
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
folder=$1 seeds=${2:-5}
cd "$(dirname "$0")/.."
bench=${3:-$(swift build --product bench --show-bin-path)/bench}
tasks=${4:-digits mnist-2nn}
rows='sync(batch=160,label=all-reduce),local-sgd(batch=160,sync-every=8,label=all-reduce H=8)'
rows+=',dpsgd(overlay=ring,label=ring),dpsgd(overlay=torus,label=torus),dpsgd(overlay=exponential,mixing=uniform,label=exponential)'
rows+=',push-sum(overlay=one-peer,label=one-peer),dpsgd(overlay=ring,order=with-combine,label=ring with-combine)'
rows+=',choco(overlay=ring,label=ring choco),dpsgd(overlay=ring,sync-every=8,label=ring H=8)'
for task in $tasks; do
    "$bench" --task "$task" --strategy "$rows" --workers 16 --local-batch 10 --cluster ethernet-1g --fabric simulated \
        --compute reference --seeds "$seeds" --record --quiet --output "$folder/$task"
    "$bench" reprice "$folder/$task" --cluster workstation,infiniband,ethernet-10g,ethernet-1g,three-sites,phones-4g \
        --allreduce ring,auto
    rm -f "$folder/$task"/schedule-*.json
done
