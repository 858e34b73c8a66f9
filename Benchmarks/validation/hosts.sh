#!/bin/bash
# Hosts as Linux network namespaces on one bridge, each with a link of its own that the kernel shapes (tbf).
#
#     hosts.sh up COUNT RATE [DELAY]     RATE as 50mbit, or unshaped; DELAY one way, as 5ms, where the kernel has netem
#     hosts.sh down                      removes whatever is there, also of a run that was killed
#     hosts.sh cut HOST | join HOST      takes a host's link down, or up again
#     hosts.sh pids                      the processes on the hosts
#
# Hosts are val1, val2, ... with the addresses 10.213.0.1, 10.213.0.2, ...; this machine is 10.213.0.254 on the same bridge.
set -euo pipefail
prefix=val bridge=valbridge network=10.213.0

fail() { echo "hosts.sh: $*" >&2; exit 1; }
hosts() { ip netns list | awk '{print $1}' | grep -E "^$prefix[0-9]+$" || true; }

pids() { for host in $(hosts); do ip netns pids "$host"; done; }

down() {
    # A namespace lives as long as a process is in it.
    local left
    left=$(pids)
    if [ -n "$left" ]; then kill -9 $left 2>/dev/null || true; fi
    for host in $(hosts); do
        ip link del "$host" 2>/dev/null || true
        ip netns del "$host"
    done
    ip link del "$bridge" 2>/dev/null || true
}

check() {
    [ "$(id -u)" = 0 ] || fail "network namespaces need root"
    for tool in ip tc; do command -v $tool >/dev/null || fail "no '$tool' (package iproute2)"; done
    ip netns add ${prefix}0 2>/dev/null || fail "this kernel or container allows no network namespaces"
    ip netns exec ${prefix}0 ip link set lo up
    local missing=""
    ip netns exec ${prefix}0 tc qdisc add dev lo root tbf rate 1mbit burst 10kb latency 100ms 2>/dev/null || missing=tbf
    ip netns exec ${prefix}0 tc qdisc del dev lo root 2>/dev/null || true
    if [ -n "${1:-}" ]; then
        ip netns exec ${prefix}0 tc qdisc add dev lo root netem delay 1ms 2>/dev/null || missing="${missing:+$missing and }netem"
    fi
    ip netns del ${prefix}0
    [ -z "$missing" ] || fail "this kernel has no $missing (modules sch_tbf, sch_netem)"
}

# A link is a link when it is no faster than its rate over any time that matters, and drops nothing that a window of TCP
# can hold: a burst of few packets, a queue longer than the window, packets and not chunks of 64 kB that wait in it. Jumbo
# frames, so that the few cores that play all hosts are not busy with packets.
shape() {
    local run=$1 device=$2 rate=$3 delay=$4
    $run ip link set dev "$device" mtu 9000
    [ "$rate" = unshaped ] || $run ip link set dev "$device" gso_max_segs 1
    [ "$rate" = unshaped ] || $run tc qdisc add dev "$device" root handle 1: tbf rate "$rate" burst 18kb limit 8mb
    if [ -n "$delay" ]; then
        local parent=root
        [ "$rate" = unshaped ] || parent="parent 1:1"
        $run tc qdisc add dev "$device" $parent netem delay "$delay" limit 10000
    fi
}

up() {
    local count=$1 rate=$2 delay=${3:-}
    check "$delay"
    down
    trap 'down' ERR
    ip link add name "$bridge" type bridge
    ip addr add $network.254/24 dev "$bridge"
    ip link set "$bridge" up
    for ((i = 1; i <= count; i++)); do
        local host=$prefix$i
        ip netns add "$host"
        ip link add name "$host" type veth peer name eth0 netns "$host"
        ip link set "$host" master "$bridge" up
        ip -n "$host" link set lo up
        ip -n "$host" link set eth0 up
        ip -n "$host" addr add $network.$i/24 dev eth0
        # Reno takes what a link without loss can carry, where BBR probes for it; and a connection that has been idle during a
        # computation goes on as fast as before.
        ip netns exec "$host" sysctl -qw net.ipv4.tcp_congestion_control=reno net.ipv4.tcp_slow_start_after_idle=0
        shape "ip netns exec $host" eth0 "$rate" "$delay"
        shape "" "$host" "$rate" ""
    done
}

case "${1:-}" in
up) [ $# -ge 3 ] || fail "usage: hosts.sh up COUNT RATE [DELAY]"; up "$2" "$3" "${4:-}" ;;
down) down ;;
cut) ip link set "$2" down ;;
join) ip link set "$2" up ;;
pids) pids ;;
*) fail "up COUNT RATE [DELAY], down, cut HOST, join HOST or pids" ;;
esac
