"""Dumps and images with bits flipped: in their headers, in the first MiB, in any page that holds something. Each command
ends in time, with output, gaps or one error; it does not crash and stays small."""

import os
import pathlib
import random
import subprocess
import tempfile

import runs
from ended import Ended
from runs import kd

import test_dumps  # of the end-to-end tests; runs knows where they are

TYPES = (*test_dumps.TYPES, "triage")
COMMANDS = (["vertarget"], ["lm"], ["loggers", "-v"], ["dt", "_ETW_SILODRIVERSTATE", "nt!PspHostSiloGlobals+360"],
            ["read", "nt!NtBuildLab", "64"])
MORE_KIB = 64 * 1024  # than the whole dump takes
CPU_S = 20            # with sanitizers; they make a search through all memory ten times as slow
HEADERS = 0x4000
MIB = 1 << 20
FLIPS = (1, 1, 2, 8, 64)


# --- damage ---

def pieces(path):
    """[(offset, length)] of what is not a hole."""
    found, at = [], 0
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        while at < size:
            try:
                begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # holes to the end
                break
            at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            found.append((begin, at - begin))
    return found


def in_headers(dice, known):
    return dice.randrange(min(HEADERS, known["size"]))


def in_first_mib(dice, known):
    return dice.randrange(min(MIB, known["size"]))


def in_a_page(dice, known):
    begin, length = dice.choice(known["pieces"])
    return begin + dice.randrange(length)


PLACES = (in_headers, in_first_mib, in_a_page)


def flip(dice, path, known):
    place = dice.choice(PLACES)
    with open(path, "r+b") as file:
        for _ in range(dice.choice(FLIPS)):
            at = place(dice, known)
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << dice.randrange(8)]))
    return place.__name__


# --- runs ---

def walk(path, command):
    return Ended([*command, "-z", path, "-y", runs.store()])


def whole(kind, folder):
    """The dump, what is known of it, and the memory that its walks take."""
    path = test_dumps.make_dump(pathlib.Path(folder) / kind, runs.KERNEL, kind)
    return {"path": path, "size": path.stat().st_size, "pieces": pieces(path),
            "kib": max(walk(path, command).kib for command in COMMANDS)}


def one(job, folder, dumps):
    kind, seed = job
    dice = random.Random(f"{kind} {seed}")
    known = dumps[kind]
    path = pathlib.Path(folder) / f"{kind}-{seed}"
    subprocess.run(["cp", "--sparse=always", known["path"], path], check=True)
    place = flip(dice, path, known)
    run = runs.Run(f"./dev soak dumps --first-seed {seed} --damaged 1   ({kind}, {place})")
    for command in COMMANDS:
        walk(path, command).blame(run, command[0], known["kib"] + MORE_KIB, CPU_S)
    path.unlink()
    return run


def run(options):
    seeds = range(options.first_seed, options.first_seed + options.damaged)
    with tempfile.TemporaryDirectory(dir=kd.folder_in_memory()) as folder:
        kinds = {TYPES[seed % len(TYPES)] for seed in seeds}
        dumps = {kind: whole(kind, folder) for kind in sorted(kinds)}
        done = [run for _, run in runs.each(lambda job: one(job, folder, dumps),
                                            [(TYPES[seed % len(TYPES)], seed) for seed in seeds],
                                            min(options.jobs, os.cpu_count()), "dumps")]
    return runs.verdict("dumps", len(done), [run for run in done if run.wrong])
