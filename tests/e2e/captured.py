"""captures/: the table in its README, and how a recording is decoded and walked."""

import pathlib
import typing

import kd

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "captures"
README = FOLDER / "README.md"
COUNTS = ("requests", "bytes", "stops", "boots", "damaged", "status")
COLUMNS = ("file", "kernel", "link", "lab", "command", *COUNTS, "output")


class Row(typing.NamedTuple):
    """What the README says of one recording; the fields are its columns."""
    file: str
    kernel: str
    link: str
    lab: list       # options of kdlab serve
    command: list   # what kdwalk was asked
    requests: int   # first sent, Continue included
    bytes: int      # of memory that were read
    stops: int
    boots: int
    damaged: int    # packets that arrived damaged, or datagrams that did not verify
    status: int     # how it ended: 1 where something could not be read
    output: str     # what it printed, in expected/

    def __str__(self):
        return self.file


def plain(cell):
    return cell.strip().strip("`")


def rows():
    """The table, row by row."""
    found = []
    for line in README.read_text().splitlines():
        if not line.startswith("| `"):
            continue
        cells = dict(zip(COLUMNS, map(plain, line.strip("|").split("|")), strict=True))
        numbers = {name: int(cells[name]) for name in COUNTS}
        words = {name: cells[name].split() for name in ("lab", "command")}
        found.append(Row(**{**cells, **numbers, **words}))
    return found


def path(row):
    return FOLDER / row.file


def output(row):
    return (FOLDER / row.output).read_text()


def is_stream(row):
    return kd.LINKS[row.link].is_stream


def key_options(row):
    """What it takes to open a recording: streams have no key."""
    return [] if is_stream(row) else ["--key", kd.KEY]


def told(row):
    """What the README says that decode must find."""
    return {name: getattr(row, name) for name in ("requests", "bytes", "stops", "boots", "damaged")}


def found(summary):
    """The same, out of the summary of decode --json."""
    ends = (summary["from_target"], summary["from_host"])
    requests = summary["requests"]
    return {
        "requests": sum(kind["requests"] for kind in requests.values()),
        "bytes": requests["ReadVirtualMemory"]["bytes"],
        "stops": summary["stops"],
        "boots": summary["boot_count"],
        "damaged": sum(end["kinds"].get("damaged", 0) for end in ends) + sum(summary["not_verified"].values()),
    }


def walk_arguments(row, path, store):
    """The command of a recording, over that recording."""
    return [*(word for word in row.command if word != "--wait"), *symbol_options(row, store), "-r", path,
            *key_options(row)]


def symbol_options(row, store):
    return ["-y", store] if row.command[0] in ("loggers", "dt") else []
