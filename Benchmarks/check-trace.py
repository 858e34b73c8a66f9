#!/usr/bin/env python3
"""Checks a file of `bench run --trace` against the Chrome trace event format, as far as Perfetto and chrome://tracing need it.

    python3 Benchmarks/check-trace.py trace.json

Every event has its fields; slices of a track lie within each other or apart; every arrow has one start and one end, in
that order and each in a slice; the counter has one value a moment and ends at zero; every track has a name. Exit code 1
and a line for each kind of fault.
"""
import collections
import json
import sys

FIELDS = {
    "X": {"name", "ts", "pid", "tid", "dur"}, "s": {"name", "ts", "pid", "tid", "cat", "id"},
    "f": {"name", "ts", "pid", "tid", "cat", "id", "bp"}, "C": {"name", "ts", "pid", "tid", "args"},
    "i": {"name", "ts", "pid", "tid", "s"}, "M": {"name", "ts", "pid", "tid", "args"},
}


def nanoseconds(microseconds):
    return round(microseconds * 1000)


def check(path):
    faults = collections.Counter()
    first = {}

    def fault(kind, event):
        faults[kind] += 1
        first.setdefault(kind, event)

    with open(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        events = json.load(file)["traceEvents"]
    slices, arrows, counters, named, used = (collections.defaultdict(list) for _ in range(5))
    for event in events:
        phase = event.get("ph")
        if phase not in FIELDS or not FIELDS[phase] <= event.keys():
            fault("fields of the phase are missing", event)
            continue
        track, time = (event["pid"], event["tid"]), nanoseconds(event["ts"])
        if time < 0 or event.get("dur", 0) < 0:
            fault("a negative time", event)
        if phase == "M":
            if event["name"] == "thread_name":
                named[track].append(event["args"]["name"])
        elif phase == "C":
            counters[event["name"]].append((time, event["args"]["value"], event))
        else:
            used[track].append(event)
        if phase == "X":
            slices[track].append((time, time + nanoseconds(event["dur"]), event))
        if phase in "sf":
            arrows[event["cat"], event["id"]].append((phase, time, track, event))

    for track, list_of_track in used.items():
        if len(named[track]) != 1:
            fault("a track with no name, or two", list_of_track[0])
    for track, of_track in slices.items():
        # As readers do: by time, those of one time in the order of the file.
        of_track.sort(key=lambda slice: slice[0])
        open_slices = []
        for begin, end, event in of_track:
            while open_slices and open_slices[-1] <= begin:
                open_slices.pop()
            if open_slices and end > open_slices[-1]:
                fault("slices that overlap", event)
            open_slices.append(end)

    # To find the slice of an arrow's end: the begins of a track, and from each the latest end so far.
    import bisect
    begins = {track: [slice[0] for slice in of_track] for track, of_track in slices.items()}
    latest = {}
    for track, of_track in slices.items():
        end, ends = 0, []
        for slice in of_track:
            end = max(end, slice[1])
            ends.append(end)
        latest[track] = ends
    for ends in arrows.values():
        if sorted(end[0] for end in ends) != ["f", "s"]:
            fault("an arrow without one start and one end", ends[0][3])
            continue
        start, end = sorted(ends, key=lambda end: end[0] != "s")
        if end[1] < start[1]:
            fault("an arrow that ends before it starts", end[3])
        for _, time, track, event in ends:
            index = bisect.bisect_right(begins.get(track, []), time) - 1
            if index < 0 or latest[track][index] <= time:
                fault("an end of an arrow in no slice", event)
    for values in counters.values():
        if any(later[0] <= earlier[0] for earlier, later in zip(values, values[1:])):
            fault("a counter with two values of a moment, or out of order", values[0][2])
        if values[-1][1] != 0:
            fault("a counter that does not end at zero", values[-1][2])
    if size >= 50_000_000:
        fault("50 MB or more", {"bytes": size})

    phases = collections.Counter(event.get("ph") for event in events)
    print(f"{path}: {size} bytes, " + ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items())))
    for kind, count in faults.items():
        print(f"  {count} x {kind}, first {json.dumps(first[kind])}")
    return not faults


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not all([check(path) for path in sys.argv[1:]]):
        sys.exit(1)
