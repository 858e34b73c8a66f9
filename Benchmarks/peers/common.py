"""MNIST from IDX files, gzipped or not (directory in $MNIST_DIR, else ../data/mnist beside this folder), and the timing/printing helpers shared by the peer scripts."""
import gzip, os, time, statistics as st, numpy as np
D = os.environ.get("MNIST_DIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/mnist"))
def _find(p):
    for n in os.listdir(D):
        if n.startswith(p): return os.path.join(D, n)
def _bytes(p):
    f = _find(p)
    return np.frombuffer((gzip.open if f.endswith(".gz") else open)(f, "rb").read(), np.uint8)
def load():
    im = lambda p: _bytes(p)[16:].reshape(-1, 784).astype(np.float32) / 255
    lb = lambda p: _bytes(p)[8:].astype(np.int64)
    return im("train-images"), lb("train-labels"), im("t10k-images"), lb("t10k-labels")
def out(name, batch, threads, unit, vals, extra=""):
    v = sorted(vals)
    print(f"{name},{batch},{threads},{st.median(v):.2f},{v[0]:.2f},{v[-1]:.2f},{unit},{extra}", flush=True)
