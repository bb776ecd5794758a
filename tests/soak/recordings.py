"""Recordings with damage: cut short, bytes changed, pieces lost, doubled or overwritten. decode and -r end in time, do not
crash and stay small. Where damage cannot hide, -r prints what it prints of the whole recording, or says that
something is missing."""

import os
import pathlib
import random
import tempfile

import runs
from ended import Ended

import captured  # of the end-to-end tests; runs knows where they are

MORE_KIB = 64 * 1024  # than the whole recording takes


# --- damage ---

def cut(dice, data):
    return data[:dice.randrange(len(data))]


def change(dice, data, count=1):
    data = bytearray(data)
    for _ in range(count):
        data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
    return bytes(data)


def change_many(dice, data):
    return change(dice, data, dice.randrange(2, 200))


def piece(dice, data):
    begin = dice.randrange(len(data))
    return begin, min(len(data), begin + dice.randrange(1, 5000))


def lose(dice, data):
    begin, end = piece(dice, data)
    return data[:begin] + data[end:]


def double(dice, data):
    begin, end = piece(dice, data)
    return data[:end] + data[begin:]


def overwrite(dice, data):
    begin, end = piece(dice, data)
    return data[:begin] + dice.randbytes(end - begin) + data[end:]


DAMAGES = (cut, change, change_many, lose, double, overwrite)
# A byte stream's checksum is a sum: two changes in one packet may cancel each other.
ALWAYS_SEEN = (cut, change)


# --- runs ---

def commands(row, path):
    """What is tried: to show it, and to walk it."""
    return {"decode": ["decode", path, *captured.key_options(row)],
            "walk": captured.walk_arguments(row, path, runs.store())}


def whole(rows):
    """{file: {command: how it ends of the whole recording}}"""
    return {row.file: {name: Ended(arguments) for name, arguments in commands(row, captured.path(row)).items()}
            for row in rows}


def check(run, name, ended, reference, must_match):
    ended.blame(run, name, reference.kib + MORE_KIB)
    if not run.wrong and name == "walk" and ended.status == 0 and must_match and ended.out != reference.out:
        run.blame("wrong output", ended.out)


def one(job, references):
    row, seed = job
    dice = random.Random(f"{row.file} {seed}")
    damage = dice.choice(DAMAGES)
    run = runs.Run(f"./dev soak recordings --first-seed {seed} --damaged 1   ({damage.__name__}, {row.file})")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / row.file
        path.write_bytes(damage(dice, captured.path(row).read_bytes()))
        for name, arguments in commands(row, path).items():
            check(run, name, Ended(arguments), references[row.file][name],
                  damage in ALWAYS_SEEN or not captured.is_stream(row))
    return run


def run(options):
    rows = captured.rows()
    references = whole(rows)
    jobs = [(rows[seed % len(rows)], seed)
            for seed in range(options.first_seed, options.first_seed + options.damaged)]
    done = [run for _, run in runs.each(lambda job: one(job, references), jobs, min(options.jobs, os.cpu_count()),
                                        "recordings")]
    return runs.verdict("recordings", len(done), [run for run in done if run.wrong])
