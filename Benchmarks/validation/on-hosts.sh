#!/bin/bash
# on-hosts.sh COUNT COMMAND...: an MPI job with a process on each of the first COUNT hosts that hosts.sh brought up (Open MPI).
# More options of mpirun may stand in MPIRUN_OPTIONS.
#
# - yield: as many processes wait as there are hosts, on fewer cores, and a core that waits is one that does not compute.
# - eager: messages go out at once. Open MPI's default is to ask first above 64 KiB, and the answer waits behind the
#   bulk of other messages in the queue of the link, which costs a ring of four on 200 Mbit/s half of its time.
# - ring: what the simulation plays (--allreduce ring), whatever the size.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
count=$1
shift
[ "$(ip netns list | grep -cE '^val[0-9]+( |$)')" -ge "$count" ] || { echo "on-hosts.sh: fewer than $count hosts are up (hosts.sh up)" >&2; exit 1; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec mpirun --host "$(seq -s, -f 'val%g' 1 "$count")" --bind-to none \
    --mca plm_rsh_agent "$here/enter.sh" --mca plm_rsh_no_tree_spawn 1 \
    --mca btl tcp,self --mca btl_tcp_if_include 10.213.0.0/24 --mca oob_tcp_if_include 10.213.0.0/24 \
    --mca mpi_yield_when_idle 1 \
    --mca btl_tcp_eager_limit 33554432 --mca btl_tcp_rndv_eager_limit 33554432 \
    --mca coll_tuned_use_dynamic_rules 1 --mca coll_tuned_allreduce_algorithm 4 \
    ${MPIRUN_OPTIONS:-} "$@"
