#!/usr/bin/env python3
"""Makes three small data sets of somebody's own, each with its task file: images in an .npz archive, a table with users, a text.

    Benchmarks/tasks/make-data.py FOLDER

The same every time, with Python alone. NumPy would write the archive by np.savez_compressed(out, x=x, y=y).
"""
import csv
import os
import random
import shutil
import struct
import sys
import zipfile

SIDE, SHAPES = 12, 4


def npy(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape!r}, }}"
    header += " " * ((-11 - len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def image(kind, draw):
    """A square, a disc, a cross or a triangle, somewhere, on grey noise."""
    size, pixels = draw.randint(7, 10), [draw.randint(0, 60) for _ in range(SIDE * SIDE)]
    top, left = draw.randint(0, SIDE - size), draw.randint(0, SIDE - size)
    middle = (size - 1) / 2
    for row in range(size):
        for column in range(size):
            down, right = row - middle, column - middle
            inside = [
                True,
                down * down + right * right <= middle * middle + 0.3,
                abs(down) < 1 or abs(right) < 1,
                abs(right) <= row / 2,
            ][kind]
            if inside:
                pixels[(top + row) * SIDE + left + column] = draw.randint(120, 255)
    return pixels


def images(folder, draw, count=3000):
    labels = [index % SHAPES for index in range(count)]
    pixels = bytes(value for label in labels for value in image(label, draw))
    with zipfile.ZipFile(os.path.join(folder, "shapes.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy("|u1", (count, SIDE, SIDE), pixels))
        archive.writestr("y.npy", npy("<i8", (count,), struct.pack(f"<{count}q", *labels)))


def table(folder, draw, users=24, rows=60):
    """What three sensors of a watch measure of 24 people who rest, walk or run, each in a way of their own."""
    with open(os.path.join(folder, "watch.csv"), "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["person", "pulse", "steps per minute", "warmth", "activity"])
        for user in range(users):
            pulse, pace = draw.gauss(65, 8), draw.gauss(1, 0.1)
            for _ in range(rows):
                activity = draw.choice(["rest", "walk", "run"])
                beats = pulse + {"rest": 0, "walk": 25, "run": 70}[activity] + draw.gauss(0, 9)
                steps = pace * {"rest": 4, "walk": 105, "run": 160}[activity] + draw.gauss(0, 14)
                warmth = 33 + {"rest": 0, "walk": 0.4, "run": 1.1}[activity] + draw.gauss(0, 0.5)
                out.writerow([f"p{user:02}", round(beats), round(steps), round(warmth, 1), activity])


def text(folder, draw, sentences=1100):
    """Sentences of a small grammar: ten million of 49 letters, all as likely, so that no model has a perplexity below 1.39."""
    kinds = "old young small tall quiet clever sleepy hungry lonely proud shy busy cheerful gentle curious grey".split()
    names = "ant bee cat dog owl fox hen goat frog crow mouse horse snail rabbit spider badger heron otter weasel lizard".split()
    does = "sees hears follows finds greets leaves loves teaches watches visits calls helps fears trusts".split()
    where = ["in the garden", "by the river", "under a tree", "at home", "on the hill", "near a barn", "behind the mill"]
    with open(os.path.join(folder, "story.txt"), "w", encoding="utf-8") as file:
        for _ in range(sentences):
            first, second = (f"{draw.choice(kinds)} {draw.choice(names)}" for _ in range(2))
            file.write(f"the {first} {draw.choice(does)} a {second} {draw.choice(where)}.\n")


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for make in [images, table, text]:
        make(folder, random.Random(1))
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(here)):
        if name.endswith(".yaml"):
            shutil.copy(os.path.join(here, name), folder)
    print(f"Data and task files: {folder}/")


main()
