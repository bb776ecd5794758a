#!/usr/bin/env python3
"""How many reads a whole snapshot of each of the lab's machines takes over KDNET, beside the least that its
structures need (tests/e2e/test_reads.py says how that is known). snapshot_reads.py BIN"""

import os
import pathlib
import sys
import tempfile

os.environ["KDWALK_BIN"] = sys.argv[1]
os.environ.setdefault("KDWALK_TEST_DATA", "")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import kd  # noqa: E402
import test_reads  # noqa: E402

print(f"snapshot over KDNET: reads of {test_reads.READ_SIZE} bytes, at most {test_reads.AIM} times the least")
print("kernel   reads   least  ratio  bytes twice  altering  frozen ms")
with tempfile.TemporaryDirectory() as folder:
    store = kd.make_store(folder)
    for kernel in test_reads.KERNELS:
        c = test_reads.cost_of_snapshot(kernel, store, folder)
        verdict = "ok" if c.ratio <= test_reads.AIM else "too many"
        print(f"{kernel:7}{c.reads:7}{c.least:8}{c.ratio:7.3f}{c.bytes_twice:13}{c.altering:10}{c.frozen_ms:11.0f}"
              f"  {verdict}")
