"""Machines of random shape that nobody tampered with, as each kind of file: as they are, caught in the middle of changes,
and with a fifth of their pages out. No check fails on any of them, and what is found of those that are whole is
what the lab built."""

import json
import os
import pathlib
import tempfile

import runs
from ended import FOUND, Ended
from runs import kd

import sources  # of the end-to-end tests; runs knows where they are
import test_dumps
import test_truth

STATES = {"clean": [], "race": ["--race"], "page-out": ["--page-out", "20"]}
MOST_KIB = 1 << 20  # far above what the largest machine takes, with sanitizers too


def failures(ended):
    return [check["id"] for check in json.loads(ended.out)["checks"] if check["verdict"] == "fail"]


def judge(run, name, path, must_have_gaps):
    ended = Ended(["check", "--json", "-z", path, "-y", runs.store()])
    ended.blame(run, name, MOST_KIB)
    if run.wrong:
        return
    if ended.status == 2:  # a machine that nobody damaged can be walked
        run.blame(f"{name}: status 2", ended.err)
    elif ended.status == FOUND:
        run.blame(f"{name}: {' '.join(failures(ended))} failed", ended.out[-4000:])
    elif must_have_gaps and ended.status == 0:
        run.blame(f"{name}: nothing is missing", "with a fifth of its pages out")


def compare(run, path, kernel, shape):
    ended = Ended(["snapshot", "-z", path, "-y", runs.store()])
    ended.blame(run, "snapshot", MOST_KIB)
    if run.wrong:
        return
    wrong = test_truth.differences(test_truth.truth(kernel, shape), json.loads(ended.out)["tables"])
    if wrong:
        run.blame("snapshot: not what the lab built", "\n".join(wrong))


def one(seed, folder):
    kernel = test_dumps.KERNELS[seed % len(test_dumps.KERNELS)]
    kind = sources.FILES[seed % len(sources.FILES)]
    run = runs.Run(f"./dev soak shapes --first-seed {seed} --shapes 1   ({kernel}, {kind})")
    for name, options in STATES.items():
        path = pathlib.Path(folder) / f"{seed}-{name}"
        test_dumps.make_dump(path, kernel, *kind.split(), "--shape", str(seed), "--seed", str(seed), *options)
        judge(run, name, path, name == "page-out")
        if name == "clean":
            compare(run, path, kernel, seed)
        path.unlink()
    return run


def run(options):
    seeds = range(options.first_seed, options.first_seed + options.shapes)
    with tempfile.TemporaryDirectory(dir=kd.folder_in_memory()) as folder:
        done = [it for _, it in runs.each(lambda seed: one(seed, folder), seeds,
                                          min(options.jobs, os.cpu_count()), "shapes")]
    return runs.verdict("shapes", len(done), [it for it in done if it.wrong])
