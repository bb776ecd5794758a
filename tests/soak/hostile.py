"""Kernels whose memory somebody hostile wrote, in one process: hostile.c, with more images."""

import subprocess

from runs import kd


def run(options):
    print(f"hostile: {options.mutations} images", flush=True)
    return subprocess.run([kd.BIN / "test_hostile", "--first-seed", str(options.first_seed),
                           "--images", str(options.mutations), "--costs"]).returncode == 0
