#!/usr/bin/env python3
"""Compare the types in a kernel's PDB with the layout table that they were made from.

    check_types.py CORPUS BUILD PDB

Reads the finished PDB's type stream, so that what is compared is what a debugger will see: every type of
the table, its size, every field's offset, bits and type. Fields that the table does not have fail too.
"""
import csv
import pathlib
import struct
import sys

import generate
import stamp

SIMPLE = {
    0x03: "void", 0x08: "HRESULT", 0x10: "char", 0x70: "char", 0x20: "unsigned char", 0x11: "short",
    0x72: "short", 0x21: "unsigned short", 0x73: "unsigned short", 0x12: "long", 0x22: "unsigned long",
    0x13: "long long", 0x76: "long long", 0x23: "unsigned long long", 0x77: "unsigned long long",
    0x71: "wchar", 0x74: "int", 0x75: "unsigned int", 0x40: "float", 0x41: "double",
}
LF_POINTER, LF_PROCEDURE, LF_FIELDLIST, LF_BITFIELD, LF_ARRAY = 0x1002, 0x1008, 0x1203, 0x1205, 0x1503
LF_STRUCTURE, LF_UNION, LF_ENUM, LF_MODIFIER, LF_MEMBER = 0x1505, 0x1506, 0x1507, 0x1001, 0x150D
LF_INDEX, LF_NESTED = 0x1404, 0x1510
FORWARD = 0x80


def numeric(data, at):
    value = struct.unpack_from("<H", data, at)[0]
    if value < 0x8000:
        return value, at + 2
    form = {0x8000: "<b", 0x8001: "<h", 0x8002: "<H", 0x8003: "<i", 0x8004: "<I", 0x8009: "<q",
            0x800A: "<Q"}[value]
    return struct.unpack_from(form, data, at + 2)[0], at + 2 + struct.calcsize(form)


def name_at(data, at):
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


class Types:
    def __init__(self, stream):
        header, first, last = struct.unpack_from("<3I", stream, 4)
        self.records, at, self.by_name = {}, header, {}
        for index in range(first, last):
            length, leaf = struct.unpack_from("<HH", stream, at)
            self.records[index] = (leaf, stream[at:at + length + 2])
            if leaf in (LF_STRUCTURE, LF_UNION) and not struct.unpack_from("<H", stream, at + 6)[0] & FORWARD:
                self.by_name[self.tag(index)] = index
            at += length + 2

    def size_and_name(self, index):
        leaf, r = self.records[index]
        size, at = numeric(r, 20 if leaf == LF_STRUCTURE else 12)
        return size, name_at(r, at)[0]

    def tag(self, index):
        return self.size_and_name(index)[1]

    def text(self, index):
        """The type as the tables spell it."""
        if index < 0x1000:
            return SIMPLE[index & 0xFF] + ("*" if index & 0xF00 else "")
        leaf, r = self.records[index]
        if leaf == LF_POINTER:
            inner = struct.unpack_from("<I", r, 4)[0]
            if inner >= 0x1000 and self.records[inner][0] == LF_PROCEDURE:
                return "fnptr"
            return self.text(inner) + "*"
        if leaf == LF_MODIFIER:
            return self.text(struct.unpack_from("<I", r, 4)[0])
        if leaf == LF_ARRAY:
            element = struct.unpack_from("<I", r, 4)[0]
            inner = self.text(element)
            base, bracket, rest = inner.partition("[")
            return f"{base}[{numeric(r, 12)[0] // self.size(element)}]{bracket}{rest}"
        if leaf == LF_ENUM:
            return name_at(r, 16)[0]
        return self.tag(index)

    def size(self, index):
        if index < 0x1000:
            text = self.text(index)
            return 8 if text.endswith("*") else generate.BASE_TYPES[text][1]
        leaf, r = self.records[index]
        if leaf == LF_POINTER:
            return 8
        if leaf == LF_ARRAY:
            return numeric(r, 12)[0]
        if leaf == LF_ENUM:
            return 4
        if struct.unpack_from("<H", r, 6)[0] & FORWARD:
            index = self.by_name[self.tag(index)]
        return self.size_and_name(index)[0]

    def fields(self, index, prefix="", base=0):
        """(name, offset, type, bit position, bit length), members of unnamed types under their member."""
        leaf, r = self.records[index]
        listing = struct.unpack_from("<I", r, 8)[0]
        while listing:
            r, at, listing = self.records[listing][1], 4, 0
            while at < len(r):
                if r[at] >= 0xF0:
                    at += r[at] & 0xF
                    continue
                leaf = struct.unpack_from("<H", r, at)[0]
                if leaf == LF_INDEX:
                    listing = struct.unpack_from("<I", r, at + 4)[0]
                    at += 8
                elif leaf == LF_NESTED:
                    at = name_at(r, at + 8)[1]
                else:
                    assert leaf == LF_MEMBER, hex(leaf)
                    ftype = struct.unpack_from("<I", r, at + 4)[0]
                    offset, at = numeric(r, at + 8)
                    name, at = name_at(r, at)
                    yield from self.member(prefix + name, base + offset, ftype)

    def member(self, name, offset, ftype):
        leaf, r = self.records.get(ftype, (0, b""))
        if leaf == LF_BITFIELD:
            inner, length, position = struct.unpack_from("<IBB", r, 4)
            yield name, offset, self.text(inner), str(position), str(length)
            return
        if leaf in (LF_STRUCTURE, LF_UNION) and "<unnamed-tag>" in self.tag(ftype):
            kind = "struct" if leaf == LF_STRUCTURE else "union"
            yield name, offset, f"{kind}:{self.size(ftype):x}", "", ""
            yield from self.fields(ftype, name + ".", offset)
            return
        yield name, offset, self.text(ftype), "", ""


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    kernel = next(k for k in generate.KERNELS if k.build == sys.argv[2])
    path = pathlib.Path(sys.argv[1]) / "layouts" / kernel.layout
    if not path.exists():
        print(f"skipped: no {path}")
        sys.exit(77)
    types, problems, expected, fields = Types(stamp.Pdb(sys.argv[3]).stream(2)), [], {}, 0
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            field = (row["field"], int(row["offset"], 16), row["field_type"], row["bit_offset"], row["bit_size"])
            expected.setdefault(row["type"], (int(row["size"], 16), set()))[1].add(field)
    for name, (size, wanted) in expected.items():
        if name not in types.by_name:
            problems.append(f"{name} is missing")
            continue
        index = types.by_name[name]
        if types.size_and_name(index)[0] != size:
            problems.append(f"{name} has {types.size_and_name(index)[0]:#x} bytes, not {size:#x}")
        found = set(types.fields(index))
        found = {f for f in found if f[0].partition(".")[0] not in generate.EXTRA_FIELDS.get(name, [])}
        problems += [f"{name}: {f} is not in the PDB" for f in sorted(wanted - found)]
        problems += [f"{name}: {f} is not in the table" for f in sorted(found - wanted)]
        fields += len(wanted)
    print("\n".join(problems) or f"{len(expected)} types, {fields} fields agree")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
