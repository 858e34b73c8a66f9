#!/bin/bash
# What mpirun starts its daemons with instead of ssh: enter.sh HOST COMMAND... runs the command on a host of hosts.sh, which
# has its own network and its own name.
host=$1
shift
exec ip netns exec "$host" unshare --uts bash -c "hostname $host; $*"
