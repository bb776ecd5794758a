"""The session against the lab's target in simulated time: tests/sim, with more seeds."""

import os
import subprocess

from runs import kd


def run(options):
    print(f"sim: {options.sim_seeds} runs of each case", flush=True)
    environment = dict(os.environ, KDWALK_SIM_SEEDS=str(options.sim_seeds))
    return subprocess.run([kd.BIN / "test_sim"], env=environment).returncode == 0
