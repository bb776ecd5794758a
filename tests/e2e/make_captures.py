#!/usr/bin/env python3
"""Make captures/ again: the recordings, what kdwalk printed while they were made, and the table of the README there.

Each recording is one command against a lab with a fixed seed, so what is asked, answered and lost on the way is the same
each time, as far as that does not depend on the moment; times, ports and the random bytes of KDNET's handshake differ.
The counts in the table come from those who were there: the command (--stats) and the target. Nobody but decode tells
damaged datagrams of KDNET from repeated ones. Recordings of the same command and kernel must have printed the same.
"""

import json
import re
import tempfile

import captured
import kd

SEED = "4"
FAULTS = [word for fault in ("drop", "dup", "reorder", "corrupt") for word in (f"--{fault}", "0.1")]
LOGGERS = ["loggers", "-v"]

# name, kernel, link, what the lab is told, the command
RECORDINGS = [
    *((f"{kernel}-{link}", kernel, link, [], LOGGERS)
      for kernel in ("14393", "18362", "19041", "22000") for link in kd.LINKS),
    ("faults-net", "18362", "net", [*FAULTS, "--retransmit-ms", "20"], LOGGERS),
    ("faults-tty", "18362", "tty", [*FAULTS, "--retransmit-ms", "20"], LOGGERS),
    ("boot-net", "18362", "net", ["--boot"], LOGGERS),
    ("reboot-tcp", "18362", "tcp", ["--reboot-after", "20"], [*LOGGERS, "--wait"]),
    ("chatter-pipe", "19041", "pipe", ["--chatter"], ["lm"]),
    ("vertarget-net", "14393", "net", [], ["vertarget"]),
    ("dt-tty", "22000", "tty", [], ["dt", "_LIST_ENTRY", "nt!PsLoadedModuleList"]),
]


def record(name, kernel, link, lab, command, store):
    """Its row, and what it printed."""
    row = captured.Row(file=f"{name}.pcap", kernel=kernel, link=link, lab=lab, command=command,
                       output=f"expected/{command[0]}-{kernel}.txt", **dict.fromkeys(captured.COUNTS, 0))
    with kd.Scene(kernel, kd.LINKS[link](), "--seed", SEED, *lab) as scene:
        result = scene.run(*command, "--stats", *captured.symbol_options(row, store), "-w", captured.path(row))
        target = scene.stop()
    if result.status not in (0, 1):
        raise SystemExit(f"{name}: {result}")
    return result.out, row._replace(
        requests=result.count(r"requests +(\d+) "),
        bytes=result.count(r"memory read +(\d+) "),
        stops=target["freezes"]["count"],
        boots=target["stages"],
        damaged=result.count(r", (\d+) damaged") if captured.is_stream(row) else not_verified(row),
        status=result.status)


def not_verified(row):
    decoded = kd.kdwalk("decode", captured.path(row), *captured.key_options(row), "--json")
    return captured.found(json.loads(decoded.out)["summary"])["damaged"]


def keep_output(row, out):
    """In expected/, once for all recordings that print the same."""
    path = captured.FOLDER / row.output
    if path.exists() and path.read_text() != out:
        raise SystemExit(f"{row.file}: prints something else than others of {row.output}")
    path.write_text(out)


def table_row(row):
    words = {"file": f"`{row.file}`", "lab": f"`{' '.join(row.lab)}`" if row.lab else "",
             "command": f"`{' '.join(row.command)}`", "output": f"`{row.output}`"}
    return "| " + " | ".join(str(words.get(name, getattr(row, name))) for name in captured.COLUMNS) + " |\n"


def write_table(rows):
    text = captured.README.read_text()
    before, after = re.fullmatch(r"(.*\n\|-[-|]*\|\n)(?:\| .*\n)*(.*)", text, re.DOTALL).groups()
    captured.README.write_text(before + "".join(map(table_row, rows)) + after)


def main():
    (captured.FOLDER / "expected").mkdir(exist_ok=True)
    for old in (*captured.FOLDER.glob("*.pcap"), *captured.FOLDER.glob("expected/*.txt")):
        old.unlink()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        store = kd.make_store(scratch)
        for recording in RECORDINGS:
            out, row = record(*recording, store)
            keep_output(row, out)
            rows.append(row)
            print(f"{row.file}: {captured.path(row).stat().st_size} bytes, {row.requests} requests, {row.stops} stops")
    write_table(rows)


if __name__ == "__main__":
    main()
