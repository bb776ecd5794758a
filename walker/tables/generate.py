#!/usr/bin/env python3
"""Write builtin_data.c, the built-in tables as the library has them, from the tables beside this file.

    generate.py                   writes it
    generate.py --check [CORPUS]  says whether it is what the tables give; with CORPUS also, whether the
                                  tables are still those of CORPUS/layouts
"""
import csv
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUTPUT = HERE / "builtin_data.c"

# As the enumerations of symbol_table.h, symbols.h and builtin_data.h are called in C.
BASE, USER, ENUM = "KDW_SPACE_BASE", "KDW_SPACE_USER", "KDW_SPACE_ENUM"
SPACES = [BASE, USER, ENUM]  # in the order of their numbers

BASE_TYPES = {  # name in the tables: (kind, signed, size)
    "unsigned char": ("CHAR", 0, 1), "char": ("CHAR", 1, 1),
    "unsigned short": ("INT", 0, 2), "short": ("INT", 1, 2),
    "unsigned long": ("INT", 0, 4), "long": ("INT", 1, 4), "unsigned int": ("INT", 0, 4), "int": ("INT", 1, 4),
    "unsigned long long": ("INT", 0, 8), "long long": ("INT", 1, 8), "HRESULT": ("INT", 1, 4),
    "wchar": ("WCHAR", 0, 2), "wchar_t": ("WCHAR", 0, 2), "double": ("FLOAT", 1, 8), "void": ("VOID", 0, 0), "pointer": ("INT", 0, 8),
}
# The layout tables do not tell a union from a struct. [seen] in public symbols of 18362, 19041, 22000.
UNIONS = {
    "_HANDLE_TABLE_ENTRY", "_JOBOBJECT_ENERGY_TRACKING_STATE", "_KSTACK_COUNT", "_LARGE_INTEGER",
    "_PS_CLIENT_SECURITY_CONTEXT", "_SLIST_HEADER", "_ULARGE_INTEGER",
}
# Enumerations beside those of enums.csv: their constants are documented, or not known. [doc][seen]
MORE_ENUMS = {
    "_NT_PRODUCT_TYPE": [("NtProductWinNt", 1), ("NtProductLanManNt", 2), ("NtProductServer", 3)],
    "_IO_SESSION_STATE": [],
}
# enums.csv tells which constants are the same in 14393 and 18362, and so between them.
OLD_ENUMS = ("14393", "15063", "16299", "17134")
CONFIDENCE = {
    "exact": "EXACT", "between": "BETWEEN", "boundary": "EITHER", "boundary-by-guid-offset": "NEAREST",
    "before-first": "NEAREST", "after-last": "NEAREST", "see-readme": "NEAREST",
}


class Pool:
    """Things that are there once, in the order in which they were first asked for."""

    def __init__(self):
        self.index, self.items = {}, []

    def add(self, item):
        if item not in self.index:
            self.index[item] = len(self.items)
            self.items.append(item)
        return self.index[item]


class Names:
    def __init__(self):
        self.offsets, self.texts, self.len = {}, [], 0
        self.add("")

    def add(self, text):
        if text not in self.offsets:
            assert text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
            self.offsets[text] = self.len
            self.texts.append(text)
            self.len += len(text) + 1
        return self.offsets[text]


def rows(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


class Tables:
    def __init__(self):
        self.names, self.members, self.shapes, self.types = Names(), [], Pool(), Pool()
        self.first_member = {}
        self.unnamed = Pool()
        self.layouts = Pool()  # file names, in the order of their numbers
        self.layout_types = []
        enums = {}
        for row in rows(HERE / "enums.csv"):
            enums.setdefault(row["enum"], []).append((row["name"], int(row["value"]), row["same_in_14393"] == "yes"))
        for name, constants in MORE_ENUMS.items():
            enums[name] = [(constant, value, True) for constant, value in constants]
        self.enums = enums
        self.documented = read_layout(HERE / "documented.csv")

    # A type is (name, space, kind, signed, size, members), a member (name, shape, value): equal ones are one.

    def shape(self, text, bits, members):
        """How a field is typed, from the tables' spelling of it."""
        unnamed = re.fullmatch(r"(struct|union)(?::([0-9A-Fa-f]+))?", text)
        if bits:
            return self.shapes.add(("BITFIELD", bits[0], bits[1], "", self.shape(text, None, None), 0))
        if unnamed:
            return self.unnamed_shape(unnamed[1], int(unnamed[2] or "0", 16), members)
        if text == "":
            return self.shapes.add(("UNKNOWN", 0, 0, "", 0, 0))
        if text == "fnptr":
            return self.shapes.add(("POINTER", 0, 0, "", self.shapes.add(("FUNCTION", 0, 0, "", 0, 0)), 0))
        base, stars, dimensions = re.fullmatch(r"([^*\[\]]+?)(\**)((?:\[\d+\])*)", text).groups()
        shape = self.shapes.add(self.named(base))
        for _ in stars:
            shape = self.shapes.add(("POINTER", 0, 0, "", shape, 0))
        for count in reversed(re.findall(r"\d+", dimensions)):
            shape = self.shapes.add(("ARRAY", 0, 0, "", shape, int(count)))
        return shape

    def named(self, name):
        if name in BASE_TYPES:
            return ("INT", 0, 0, name, 0, 0)
        if name in self.enums:
            return ("ENUM", 0, 0, name, 0, 0)
        return ("UNION" if name in UNIONS else "STRUCT", 0, 0, name, 0, 0)

    def unnamed_shape(self, kind, size, members):
        """Equal members, equal name: so layouts that agree on them agree on the field."""
        if not members:
            return self.shapes.add(("UNKNOWN", 0, 0, "", 0, 0))
        key = (kind, size, self.fields(members))
        name = f"__unnamed_{self.unnamed.add(key)}"
        self.pending.append(self.type(name, USER, kind.upper(), 0, size, key[2]))
        return self.shapes.add((kind.upper(), 0, 0, name, 0, 0))

    def fields(self, found):
        """Members of unnamed types go under the member that holds them; sorted as symbol_table.c does."""
        inner, own = {}, []
        for name, offset, text, bits in found:
            holder, dot, rest = name.partition(".")
            if dot:
                inner.setdefault(holder, []).append((rest, offset, text, bits))
            else:
                own.append((name, offset, text, bits))
        result = []
        for name, offset, text, bits in own:
            members = [(n, at - offset, t, b) for n, at, t, b in inner.pop(name, [])]
            result.append((name, self.shape(text, bits, members), offset))
        assert not inner, inner

        def order(member):
            shape = self.shapes.items[member[1]]
            has_bits = shape[0] == "BITFIELD"
            return member[2], has_bits, shape[1] if has_bits else 0, member[0]

        return tuple(sorted(result, key=order))

    def type(self, name, space, kind, signed, size, members):
        return self.types.add((name, space, kind, signed, size, members))

    def layout(self, file):
        """The number of a layout; its types are read when it is first asked for."""
        if file in self.layouts.index:
            return self.layouts.index[file]
        number = self.layouts.add(file)
        self.pending = []
        for name, (kind, signed, size) in BASE_TYPES.items():
            self.pending.append(self.type(name, BASE, kind, signed, size, ()))
        is_old = file.startswith(OLD_ENUMS)
        for name, constants in self.enums.items():
            members = tuple((c, 0, value) for c, value, is_same in constants if is_same or not is_old)
            self.pending.append(self.type(name, ENUM, "ENUM", 1, 4, members))
        found = dict(self.documented)
        found.update(read_layout(HERE / "layouts" / file))
        for name, (size, fields) in found.items():
            if size:  # else: known by name alone
                kind = "UNION" if name in UNIONS else "STRUCT"
                self.pending.append(self.type(name, USER, kind, 0, size, self.fields(fields)))
        by_name = sorted(set(self.pending), key=lambda t: (SPACES.index(self.types.items[t][1]), self.types.items[t][0]))
        self.layout_types.append(by_name)
        return number


def read_layout(path):
    """type -> (size, [(field, offset, type, bits)])"""
    types = {}
    for row in rows(path):
        fields = types.setdefault(row["type"], (int(row["size"], 16), []))[1]
        if row["field"]:
            bits = (int(row["bit_offset"]), int(row["bit_size"])) if row["bit_size"] else None
            fields.append((row["field"], int(row["offset"], 16), row["field_type"], bits))
    return types


def known_as(file):
    """What a layout is called: "18362.720" of a build and the first revision that has it."""
    name, is_partial = re.subn("-partial$", "", file.removesuffix(".csv"))
    if name.startswith("post"):  # "post26100-16slot"
        name = "a kernel after " + re.match(r"post(\d+)", name)[1]
    return name.replace("-r", ".") + (" (in part)" if is_partial else "")


def guid_bytes(text):
    raw = bytes.fromhex(text)
    return raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]


def version(text):
    ten, zero, build, revision = text.split(".")
    assert (ten, zero) == ("10", "0")
    return f"{build}, {revision}"


def array(declaration, items, per_line=1):
    lines = [f"const {declaration} = {{"]
    for i in range(0, len(items), per_line):
        lines.append("    " + ", ".join(items[i:i + per_line]) + ",")
    return lines + ["};", ""]


def names_text(names):
    """Pieces that any compiler takes as a literal, side by side in a struct: chars have no padding."""
    pieces, size = [[]], 0
    for text in names.texts:
        if size + len(text) + 1 > 4000:
            pieces.append([])
            size = 0
        pieces[-1].append(text)
        size += len(text) + 1
    lines = ["static const struct {"]
    for i, piece in enumerate(pieces):
        lines.append(f"    char part{i}[{sum(len(t) + 1 for t in piece)}];")
    lines.append("} names = {")
    for piece in pieces:
        for i, text in enumerate(piece):
            is_last = i + 1 == len(piece)
            lines.append(f'    "{text}",' if is_last else f'    "{text}\\0"')
    return lines + ["};", "const char *const kdw_builtin_names = (const char *)&names;", ""]


def generate():
    t = Tables()
    kernels = rows(HERE / "kernels.csv")
    revisions = rows(HERE / "kernel-revisions.csv")
    symbols = sorted(list(kernels[0])[5:])
    kernel_lines, rva_lines, revision_lines = [], [], []
    for k in kernels:
        assert k["pdb_name"] == "ntkrnlmp.pdb"
        guid = ", ".join(f"0x{b:02x}" for b in guid_bytes(k["pdb_guid"]))
        kernel_lines.append(f"{{{{{guid}}}, {k['pdb_age']}, {version(k['version'])}, {t.layout(k['layout_file'])}}}")
        rva_lines += [k[s] or "0" for s in symbols]
    for r in revisions:
        layouts = [t.layout(file) for file in r["layout_file"].split("|")]
        confidence = CONFIDENCE[r["confidence"]]
        assert (len(layouts) == 2) == (confidence == "EITHER")
        revision_lines.append(f"{{{r['pe_timestamp']}, {r['size_of_image']}, {version(r['version'])}, {layouts[0]}, "
                              f"{layouts[-1]}, KDW_BUILTIN_{confidence}}}")

    for file in sorted(f.name for f in (HERE / "layouts").glob("*.csv")):
        t.layout(file)  # those that no kernel names are for structures that look like them

    type_lines, member_lines = [], []
    for name, space, kind, signed, size, members in t.types.items:
        type_lines.append(f"{{{t.names.add(name)}, {space}, KDW_TYPE_{kind}, {signed}, {len(member_lines)}, "
                          f"{len(members)}, {size:#x}}}")
        member_lines += [f"{{{t.names.add(n)}, {shape}, {value:#x}}}" for n, shape, value in members]
    shape_lines = [f"{{KDW_TYPE_{kind}, {position}, {length}, {t.names.add(name)}, {target}, {count}}}"
                   for kind, position, length, name, target, count in t.shapes.items]
    symbol_lines = [str(t.names.add(s)) for s in symbols]
    layout_lines, list_lines = [], []
    for file, types in zip(t.layouts.items, t.layout_types):
        layout_lines.append(f"{{{t.names.add(known_as(file))}, {len(list_lines)}, {len(types)}}}")
        list_lines += [str(i) for i in types]
    for many in (t.names.len, len(member_lines), len(type_lines), len(shape_lines), len(list_lines), len(revision_lines)):
        assert many < 1 << 16
    assert len(layout_lines) < 1 << 8

    lines = ["/* Written by generate.py from the tables beside it: do not edit. */", '#include "../builtin_data.h"', "",
             '#include "../symbol_table.h"', ""]
    lines += names_text(t.names)
    lines += array("struct kdw_builtin_member kdw_builtin_members[]", member_lines, 5)
    lines += array("struct kdw_builtin_type kdw_builtin_types[]", type_lines)
    lines += array("struct kdw_builtin_shape kdw_builtin_shapes[]", shape_lines, 2)
    lines += [f"const uint16_t kdw_builtin_shape_count = {len(shape_lines)};", ""]
    lines += array("uint16_t kdw_builtin_layout_types[]", list_lines, 20)
    lines += array("struct kdw_builtin_layout kdw_builtin_layouts[]", layout_lines, 8)
    lines += [f"const uint16_t kdw_builtin_layout_count = {len(layout_lines)};", ""]
    lines += array("struct kdw_builtin_kernel kdw_builtin_kernels[]", kernel_lines)
    lines += [f"const uint16_t kdw_builtin_kernel_count = {len(kernel_lines)};", ""]
    lines += array("uint16_t kdw_builtin_symbols[]", symbol_lines, 16)
    lines += [f"const uint16_t kdw_builtin_symbol_count = {len(symbols)};", ""]
    lines += array("uint32_t kdw_builtin_rvas[]", rva_lines, 10)
    lines += array("struct kdw_builtin_revision kdw_builtin_revisions[]", revision_lines)
    lines += [f"const uint16_t kdw_builtin_revision_count = {len(revision_lines)};"]
    return "\n".join(lines) + "\n"


def check_corpus(corpus):
    """Files of ours that are not the corpus's any more."""
    ours = [HERE / "kernels.csv", HERE / "kernel-revisions.csv", HERE / "enums.csv", *(HERE / "layouts").glob("*.csv")]
    return [f.name for f in ours if f.read_bytes() != (corpus / "layouts" / f.name).read_bytes()]


def main():
    arguments = sys.argv[1:]
    if not arguments:
        OUTPUT.write_text(generate())
        return
    if arguments[0] != "--check" or len(arguments) > 2:
        sys.exit(__doc__)
    problems = [] if generate() == OUTPUT.read_text() else [f"{OUTPUT.name} is not what generate.py writes"]
    if len(arguments) == 2:
        corpus = pathlib.Path(arguments[1])
        if (corpus / "layouts").is_dir():
            problems += [f"{name} differs from the corpus" for name in check_corpus(corpus)]
        else:
            print(f"not compared with the corpus: no {corpus / 'layouts'}")
    print("\n".join(problems) or "the built-in tables are what generate.py writes")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
