"""Writes the arrays that Tests/DatasetsTests/Readers reads, by NumPy itself, and what has to be read from them.

    python3 Benchmarks/golden/arrays.py Tests/DatasetsTests/Golden

Made with NumPy 2.4.6. Nothing in the files depends on the time.
"""
import io
import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

values = np.array([[0, 1, 2], [3, 100, 7]])
arrays = {}
for kind in ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]:
    for order in "<>" if kind[1] != "1" else "|":
        signed = values if kind[0] == "u" else values - 50
        scaled = signed / 4 if kind[0] == "f" else signed
        arrays[f"{order}{kind}"] = scaled.astype(order + kind)
arrays["|b1"] = values > 2
arrays["f4-edge"] = np.array([[np.pi, 1e-40, -0.0], [3.4e38, 1 / 3, 2**24 + 1]], "<f4")
arrays["f2-edge"] = np.array([[65504, 6e-8, -0.0], [1 / 3, -2, 1e-5]], "<f2")
arrays["fortran"] = np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4))
arrays["U"] = np.array(["ant", "bee", "é☃"])
arrays["S"] = np.array([b"ant", b"be", b"c"])


def named(name):
    """A member's name without what a zip archive's readers dislike."""
    return name.replace("|", "n").replace("<", "l").replace(">", "b")


def npy(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


def archive(name, members, method, level=None):
    with zipfile.ZipFile(folder / name, "w", method, compresslevel=level) as file:
        for key, data in members.items():
            info = zipfile.ZipInfo(key + ".npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            file.writestr(info, data)


members = {named(name): npy(array) for name, array in arrays.items()}
archive("stored.npz", members, zipfile.ZIP_STORED)
archive("deflated.npz", members, zipfile.ZIP_DEFLATED, 9)

# As if every size and offset were beyond four gigabytes.
limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 10
archive("zip64.npz", {"x": npy(arrays["<f4"]), "y": npy(arrays["|u1"])}, zipfile.ZIP_DEFLATED)
zipfile.ZIP64_LIMIT = limit

for version in [(1, 0), (2, 0), (3, 0)]:
    (folder / f"version{version[0]}.npy").write_bytes(npy(arrays["<f4"], version))
np.save(folder / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(folder / "records.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save(folder / "complex.npy", np.zeros(2, dtype="<c8"))
(folder / "int32.idx").write_bytes(struct.pack(">HBBII", 0, 0x0C, 2, 2, 3) + arrays["<i4"].astype(">i4").tobytes())
(folder / "float64.idx").write_bytes(struct.pack(">HBBI", 0, 0x0E, 1, 2) + np.array([0.1, -7.5], ">f8").tobytes())

expected = {}
for name, array in arrays.items():
    if array.dtype.kind in "US":
        texts = [text.decode() if isinstance(text, bytes) else text for text in array.ravel().tolist()]
        expected[named(name)] = {"shape": list(array.shape), "texts": texts}
    else:
        # As the bits of the nearest 32-bit floats, so that JSON rounds nothing.
        bits = array.ravel().astype("<f4").view("<u4").tolist()
        expected[named(name)] = {"shape": list(array.shape), "bits": bits, "descr": array.dtype.str}
(folder / "arrays.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
