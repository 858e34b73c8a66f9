#!/bin/sh
# The table of SimGrid's times, as CSV: run.sh PROGRAM > times.csv (see times.cpp).
set -eu
program=$1
echo "platform,collective,elements,seconds,seconds_sharing_by_latency"
for platform in switch-8 mixed-8 racks-16 sites-12 torus-16; do
    for collective in ring recursive-doubling gather all-to-all; do
        for elements in 2500 1000000; do
            plain=$("$program" $platform $collective $elements sleep --log=root.thres:critical)
            weighted=$("$program" $platform $collective $elements links --log=root.thres:critical)
            echo "$platform,$collective,$elements,$plain,$weighted"
        done
    done
done
