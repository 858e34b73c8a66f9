#!/usr/bin/env python3
"""Checks a file of `bench run --trace` against the Chrome trace event format, as far as Perfetto and chrome://tracing need it.

    python3 Benchmarks/check-trace.py trace.json

Every event has its fields; slices of a track lie within each other or apart; every arrow has one start and one end, in
that order and each in a slice; the counter has one value a moment and ends at zero; every track has a name. Exit code 1
and a line for each kind of fault.
"""
import bisect
import collections
import itertools
import json
import sys

FIELDS = {
    "X": {"name", "ts", "pid", "tid", "dur"}, "s": {"name", "ts", "pid", "tid", "cat", "id"},
    "f": {"name", "ts", "pid", "tid", "cat", "id", "bp"}, "C": {"name", "ts", "pid", "tid", "args"},
    "i": {"name", "ts", "pid", "tid", "s"}, "M": {"name", "ts", "pid", "tid", "args"},
}


def nanoseconds(microseconds):
    return round(microseconds * 1000)


class Faults:
    """How many there are of each kind, and the first event of each."""

    def __init__(self):
        self.counts, self.first = collections.Counter(), {}

    def add(self, kind, event):
        self.counts[kind] += 1
        self.first.setdefault(kind, event)


class Events:
    """The events of a trace by what they are about: slices, names and all uses of each track, arrows, and counters."""

    def __init__(self, events, faults):
        self.slices, self.arrows, self.counters, self.named, self.used = (
            collections.defaultdict(list) for _ in range(5))
        for event in events:
            phase = event.get("ph")
            if phase not in FIELDS or not FIELDS[phase] <= event.keys():
                faults.add("fields of the phase are missing", event)
                continue
            if nanoseconds(event["ts"]) < 0 or event.get("dur", 0) < 0:
                faults.add("a negative time", event)
            self.add(phase, event)

    def add(self, phase, event):
        track, time = (event["pid"], event["tid"]), nanoseconds(event["ts"])
        if phase == "M":
            if event["name"] == "thread_name":
                self.named[track].append(event["args"]["name"])
        elif phase == "C":
            self.counters[event["name"]].append((time, event["args"]["value"], event))
        else:
            self.used[track].append(event)
        if phase == "X":
            self.slices[track].append((time, time + nanoseconds(event["dur"]), event))
        if phase in "sf":
            self.arrows[event["cat"], event["id"]].append((phase, time, track, event))


def check_slices(slices, faults):
    for of_track in slices.values():
        # As readers do: by time, those of one time in the order of the file.
        of_track.sort(key=lambda slice: slice[0])
        open_slices = []
        for begin, end, event in of_track:
            while open_slices and open_slices[-1] <= begin:
                open_slices.pop()
            if open_slices and end > open_slices[-1]:
                faults.add("slices that overlap", event)
            open_slices.append(end)


def check_arrows(arrows, slices, faults):
    """slices: of each track, in the order of their begins."""
    # To find the slice of an arrow's end: the begins of a track, and from each the latest end so far.
    begins = {track: [slice[0] for slice in of_track] for track, of_track in slices.items()}
    latest = {
        track: list(itertools.accumulate((slice[1] for slice in of_track), max)) for track, of_track in slices.items()}
    for ends in arrows.values():
        if sorted(end[0] for end in ends) != ["f", "s"]:
            faults.add("an arrow without one start and one end", ends[0][3])
            continue
        start, end = sorted(ends, key=lambda end: end[0] != "s")
        if end[1] < start[1]:
            faults.add("an arrow that ends before it starts", end[3])
        for _, time, track, event in ends:
            index = bisect.bisect_right(begins.get(track, []), time) - 1
            if index < 0 or latest[track][index] <= time:
                faults.add("an end of an arrow in no slice", event)


def check_counters(counters, faults):
    for values in counters.values():
        if any(later[0] <= earlier[0] for earlier, later in zip(values, values[1:])):
            faults.add("a counter with two values of a moment, or out of order", values[0][2])
        if values[-1][1] != 0:
            faults.add("a counter that does not end at zero", values[-1][2])


def check(path):
    with open(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        events = json.load(file)["traceEvents"]
    faults = Faults()
    found = Events(events, faults)
    for track, of_track in found.used.items():
        if len(found.named[track]) != 1:
            faults.add("a track with no name, or two", of_track[0])
    check_slices(found.slices, faults)
    check_arrows(found.arrows, found.slices, faults)
    check_counters(found.counters, faults)
    if size >= 50_000_000:
        faults.add("50 MB or more", {"bytes": size})

    phases = collections.Counter(str(event.get("ph")) for event in events)
    print(f"{path}: {size} bytes, " + ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items())))
    for kind, count in faults.counts.items():
        print(f"  {count} x {kind}, first {json.dumps(faults.first[kind])}")
    return not faults.counts


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not all([check(path) for path in sys.argv[1:]]):
        sys.exit(1)
