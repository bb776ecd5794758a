#!/usr/bin/env python3
"""Write known_providers_data.c, the names of providers as the library has them, from known-providers.csv.

    generate_providers.py                   writes it
    generate_providers.py --check [CORPUS]  says whether it is what the table gives; with CORPUS also, whether the
                                            table is still that of CORPUS/layouts
"""
import csv
import pathlib
import sys
import uuid

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE / "known-providers.csv"
OUTPUT = HERE / "known_providers_data.c"
LOGGER = "logger:"  # rows of the table that name a logger, by its GUID or by none


def generate():
    names = {}
    with open(TABLE, newline="") as f:
        for row in csv.DictReader(f):
            if row["guid"] and not row["name"].startswith(LOGGER):
                names.setdefault(uuid.UUID(row["guid"]).bytes_le, row["name"])
    lines = ["/* Written by generate_providers.py from known-providers.csv: do not edit. */",
             "#include <walker/known_providers.h>", "", "const struct kdw_known_provider kdw_known_providers[] = {"]
    for guid, name in sorted(names.items()):
        assert name.isascii() and name.isprintable() and '"' not in name and "\\" not in name
        lines += [f"    {{{{{', '.join(f'0x{b:02x}' for b in guid)}}},", f'     "{name}"}},']
    lines += ["};", "const size_t kdw_known_providers_len =",
              "    sizeof kdw_known_providers / sizeof kdw_known_providers[0];"]
    return "\n".join(lines) + "\n"


def main():
    arguments = sys.argv[1:]
    if not arguments:
        OUTPUT.write_text(generate())
        return
    if arguments[0] != "--check" or len(arguments) > 2:
        sys.exit(__doc__)
    problems = [] if generate() == OUTPUT.read_text() else [f"{OUTPUT.name} is not what the table gives"]
    if len(arguments) == 2:
        theirs = pathlib.Path(arguments[1]) / "layouts" / TABLE.name
        if not theirs.exists():
            print(f"not compared with the corpus: no {theirs}")
        elif theirs.read_bytes() != TABLE.read_bytes():
            problems.append(f"{TABLE.name} differs from the corpus")
    print("\n".join(problems) or "the names of providers are what the table gives")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
