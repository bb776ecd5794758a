"""How long kdwalk watch holds a target, over KDNET with a round trip of 250 us: watch_freezes.py BIN [SAMPLES].

Two claims. Loggers alone, in one break each: what a break takes beyond its requests' round trips. And all of it, with a
budget of 20 ms: how many breaks were longer. A break is measured by the machine that stands, from its report to the
Continue."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["KDWALK_BIN"] = sys.argv[1]
os.environ.setdefault("KDWALK_TEST_DATA", "")
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
import kd  # noqa: E402

ROUND_TRIP_MS = 0.25
LINE = ["--delay", str(ROUND_TRIP_MS / 2)]
BUDGET_MS = 20
KERNEL = "18362"


def watch(store, *options):
    """(each break's length in ms as the lab has it, kdwalk's samples)"""
    with kd.Scene(KERNEL, kd.Net(), *LINE) as scene:
        result = scene.run("watch", "--json", "-y", store, *options, timeout=3600)
        if result.status != 0:
            raise SystemExit(result)
        stats = scene.stop()
    if stats["altering"] or not stats["left_running"]:
        raise SystemExit(f"the machine was harmed: {stats}")
    told = [json.loads(line) for line in result.out.splitlines()]
    return stats["freezes"]["each_ms"], [event for event in told if event["event"] == "sample"], told[-1]


def at(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def loggers(store, samples):
    held, told, _ = watch(store, "--only", "loggers", "--every", "0.02", "--count", samples, "--freeze-budget", "1000")
    over = [(ms - 1) / (event["requests"] * ROUND_TRIP_MS) for ms, event in list(zip(held, told))[1:]]
    print(f"loggers alone, {len(over)} breaks of {told[-1]['requests']} requests: "
          f"median {at(held[1:], .5):.1f} ms; (break - 1 ms) / (requests x {ROUND_TRIP_MS} ms): "
          f"median {at(over, .5):.3f}, 90 % {at(over, .9):.3f}, worst {max(over):.3f}; aim 1.1")


def budget(store, samples):
    held, told, end = watch(store, "--every", "0.03", "--count", samples, "--freeze-budget", BUDGET_MS)
    late = sum(ms > 1.1 * BUDGET_MS for ms in held[1:])
    print(f"everything, a budget of {BUDGET_MS} ms: {len(held) - 1} breaks, {end['sweeps']} sweeps; median "
          f"{at(held[1:], .5):.1f} ms, 99 % {at(held[1:], .99):.1f} ms, worst {max(held[1:]):.1f} ms; "
          f"{late} longer than {1.1 * BUDGET_MS:.0f} ms")


def main():
    samples = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as folder:
        store = kd.make_store(folder)
        loggers(store, samples)
        budget(store, 2 * samples)


main()
