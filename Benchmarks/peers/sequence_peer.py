"""Single-device training of the models of sotu: sequence_peer.py FRAMEWORK MODEL BATCH THREADS [NSAMPLES REPS]; FRAMEWORK torch|jax,
MODEL lstm|transformer. prints name,batch,threads,median,min,max,samples/s,extra"""
import os, sys, time
framework, model, B, T = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
N, reps = (int(a) for a in (sys.argv[5:7] + ["22272", "5"][len(sys.argv[5:7]):]))
if framework == "jax" and T == 1: os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
import numpy as np
from common import out
from sequence_models import samples, torch_model, jax_model


def torch_step():
    import torch, torch.nn.functional as F
    torch.set_num_threads(T); torch.manual_seed(0)
    X, Y = map(torch.from_numpy, samples())
    m = torch_model(model)
    opt = torch.optim.SGD(m.parameters(), lr=0.1, foreach=True)
    def step(j):
        j = torch.from_numpy(j)
        opt.zero_grad(set_to_none=True); l = F.cross_entropy(m(X[j]), Y[j]); l.backward(); opt.step()
    return step, lambda: None, torch.__version__


def jax_step():
    import jax, jax.numpy as jnp
    X, Y = (jnp.asarray(part, jnp.int32) for part in samples())
    state = [jax_model(model)[0]]
    logits = jax_model(model)[1]
    def loss(p, x, y): return -jnp.take_along_axis(jax.nn.log_softmax(logits(p, x)), y[:, None], 1).mean()
    def update(p, j):
        gradient = jax.grad(loss)(p, X[j], Y[j])
        return jax.tree.map(lambda a, g: a - 0.1 * g, p, gradient)
    compiled = jax.jit(update, donate_argnums=0)
    def step(j): state[0] = compiled(state[0], j)
    return step, lambda: jax.block_until_ready(state[0]), jax.__version__


if __name__ == "__main__":
    step, finish, version = torch_step() if framework == "torch" else jax_step()
    random = np.random.default_rng(0)
    def epoch(n):
        p, k = random.permutation(22272)[:n], 0
        for i in range(0, len(p) - B + 1, B): step(p[i:i + B]); k += B
        finish()
        return k
    epoch(20 * B); v = []
    for _ in range(reps):
        t = time.perf_counter(); k = epoch(N); v.append(k / (time.perf_counter() - t))
    out(f"{framework}-{model}", B, T, "samples/s", v, version)
