#!/usr/bin/env python3
"""Give a freshly linked kernel its real identity, and check that it is the kernel its header describes.

    stamp.py HEADER IMAGE PDB OUT_IMAGE OUT_PDB

The linker names a PDB by a hash of its contents; a debugger looks for the real one's GUID and age. So
both places that hold them are rewritten: the RSDS record of the image and the info stream of the PDB
(its DBI stream holds the age once more). Anything that differs from the header ends the build.
"""
import pathlib
import re
import struct
import sys
import uuid


def u16(data, at):
    return struct.unpack_from("<H", data, at)[0]


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


class Header:
    """What an nt_*.h says."""

    def __init__(self, path):
        text = pathlib.Path(path).read_text()
        facts = dict(re.findall(r"^#define (NT_\w+) +\"?(\w+)\"?$", text, re.M))
        self.stamp, self.size = int(facts["NT_PE_STAMP"], 0), int(facts["NT_SIZE_OF_IMAGE"], 0)
        self.guid, self.age = uuid.UUID(facts["NT_PDB_GUID"]), int(facts["NT_PDB_AGE"])
        self.rvas = {n: int(v, 0) for n, v in re.findall(r"^    X\(([A-Za-z_]\w*), (0x\w+)\)", text, re.M)}  # missing ones have 0


class Image:
    def __init__(self, path):
        self.data = bytearray(pathlib.Path(path).read_bytes())
        self.pe = u32(self.data, 0x3C)
        self.optional = self.pe + 24
        first = self.optional + u16(self.data, self.pe + 20)
        self.sections = []  # (RVA, virtual size, file offset, bytes in the file)
        for i in range(u16(self.data, self.pe + 6)):
            size, rva, raw_size, raw = struct.unpack_from("<4I", self.data, first + 40 * i + 8)
            self.sections.append((rva, size, raw, raw_size))

    def file_offset(self, rva):
        for start, _, raw, raw_size in self.sections:
            if start <= rva < start + raw_size:
                return raw + rva - start
        raise SystemExit(f"RVA 0x{rva:x} is not in the file")

    def stamp_of(self):
        return u32(self.data, self.pe + 8)

    def size_of_image(self):
        return u32(self.data, self.optional + 56)

    def rsds(self):
        """File offset of the CodeView record."""
        at = self.file_offset(u32(self.data, self.optional + 112 + 8 * 6))
        raw = u32(self.data, at + 24)
        if u32(self.data, at + 12) != 2 or self.data[raw:raw + 4] != b"RSDS":
            raise SystemExit("the image has no RSDS record")
        return raw

    def write_checksum(self):
        at = self.optional + 64
        struct.pack_into("<I", self.data, at, 0)
        padded = bytes(self.data) + bytes(-len(self.data) % 2)
        total = sum(struct.unpack(f"<{len(padded) // 2}H", padded))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        struct.pack_into("<I", self.data, at, total + len(self.data))


class Pdb:
    """The container: streams as lists of blocks."""

    def __init__(self, path):
        self.data = bytearray(pathlib.Path(path).read_bytes())
        if not self.data.startswith(b"Microsoft C/C++ MSF 7.00\r\n"):
            raise SystemExit("not a PDB")
        self.block = u32(self.data, 0x20)
        directory_size, map_block = u32(self.data, 0x2C), u32(self.data, 0x34)
        count = -(-directory_size // self.block)
        blocks = struct.unpack_from(f"<{count}I", self.data, map_block * self.block)
        words = struct.iter_unpack("<I", self.gather(blocks, directory_size))
        sizes = [next(words)[0] for _ in range(next(words)[0])]
        self.streams = []
        for size in sizes:
            size = 0 if size == 0xFFFFFFFF else size
            self.streams.append((size, [next(words)[0] for _ in range(-(-size // self.block))]))

    def gather(self, blocks, size):
        return b"".join(self.data[b * self.block:(b + 1) * self.block] for b in blocks)[:size]

    def stream(self, number):
        size, blocks = self.streams[number]
        return self.gather(blocks, size)

    def patch(self, number, at, new):
        """Overwrite bytes that lie within a stream's first block."""
        start = self.streams[number][1][0] * self.block + at
        self.data[start:start + len(new)] = new

    def publics(self):
        """name -> (section, offset) of every S_PUB32."""
        records, at, out = self.stream(u16(self.stream(3), 20)), 0, {}
        while at < len(records):
            length, kind = struct.unpack_from("<HH", records, at)
            if kind == 0x110E:
                offset, section = struct.unpack_from("<IH", records, at + 8)
                out[records[at + 14:records.index(0, at + 14)].decode()] = (section, offset)
            at += length + 2
        return out


def stamp(header, image, pdb):
    at = image.rsds()
    name = bytes(image.data[at + 24:image.data.index(0, at + 24)])
    if name != b"ntkrnlmp.pdb":
        raise SystemExit(f"the image names {name.decode()} as its PDB")
    identity = header.guid.bytes_le + struct.pack("<I", header.age)
    image.data[at + 4:at + 24] = identity
    image.write_checksum()
    pdb.patch(1, 4, struct.pack("<II", header.stamp, header.age) + header.guid.bytes_le)
    pdb.patch(3, 8, struct.pack("<I", header.age))


def check(header, image, pdb):
    problems = []
    for what, is_now, should in (("time stamp", image.stamp_of(), header.stamp),
                                 ("SizeOfImage", image.size_of_image(), header.size)):
        if is_now != should:
            problems.append(f"{what} is 0x{is_now:x}, should be 0x{should:x}")
    publics = pdb.publics()
    for name, rva in header.rvas.items():
        section, offset = publics.get(name, (0, 0))
        at = image.sections[section - 1][0] + offset if section else None
        if at != rva:
            problems.append(f"{name} is at {at and hex(at)}, should be at 0x{rva:x}")
    at = image.rsds()
    in_image = bytes(image.data[at + 4:at + 24])
    info, dbi = pdb.stream(1), pdb.stream(3)
    if in_image != info[12:28] + info[8:12] or u32(dbi, 8) != header.age:
        problems.append("image and PDB do not name each other")
    if uuid.UUID(bytes_le=in_image[:16]) != header.guid:
        problems.append("the GUID is not the kernel's")
    return problems


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    header, image, pdb = Header(sys.argv[1]), Image(sys.argv[2]), Pdb(sys.argv[3])
    stamp(header, image, pdb)
    problems = check(header, image, pdb)
    if problems:
        sys.exit("\n".join(f"{sys.argv[2]}: {p}" for p in problems))
    pathlib.Path(sys.argv[4]).write_bytes(image.data)
    pathlib.Path(sys.argv[5]).write_bytes(pdb.data)


if __name__ == "__main__":
    main()
