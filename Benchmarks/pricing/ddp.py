#!/usr/bin/env python3
"""A rank of a DistributedDataParallel job over Gloo, or with --alone the same steps without any network; see validate.py."""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

import torch
from torch.nn.parallel import DistributedDataParallel

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import profile_torch  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--builtin", default="resnet18")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--bucket", type=int, help="MiB; default: PyTorch's")
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    task = profile_torch.BUILTIN[arguments.builtin]
    model = task.model().train()
    if not arguments.alone:
        torch.distributed.init_process_group("gloo")
        # Batch normalisation keeps each rank's own statistics: nothing is sent but gradients.
        model = DistributedDataParallel(model, bucket_cap_mb=arguments.bucket, broadcast_buffers=False, gradient_as_bucket_view=True)
    optimizer = task.optimizer(model.parameters())
    batch = task.batch(arguments.batch)
    seconds = []
    for _ in range(arguments.warmup + arguments.steps):
        begin = time.perf_counter()
        task.loss(model, batch).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seconds.append(time.perf_counter() - begin)
    seconds = seconds[arguments.warmup:]
    found = {"median": statistics.median(seconds), "seconds": seconds, "torch": torch.__version__}
    if not arguments.alone:
        logging = model._get_ddp_logging_data()
        found["buckets"] = {key: str(value) for key, value in logging.items() if "bucket_size" in key}
        torch.distributed.barrier()
    if arguments.alone or int(os.environ["RANK"]) == 0:
        pathlib.Path(arguments.output).write_text(json.dumps(found))
    if not arguments.alone:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
