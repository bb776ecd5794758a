#!/usr/bin/env python3
"""Write the committed sources of the lab's kernels from the corpus.

    generate.py CORPUS            writes nt_<build>.h beside this file
    generate.py CORPUS --check    says which of them differ from what the corpus gives

A header holds what is known of one real kernel: the layout of its types as C structs, its enumerations,
where its variables are, and what its image says of itself. Layouts are those of CORPUS/layouts/*.csv (public
type information), identities and addresses those of kernels.csv and kernel-revisions.csv; types, fields
and addresses that stand in none of them come from CORPUS/isf. Every offset is asserted by the compiler
that reads the header, so a mistake here cannot become a mistake there.
"""
import csv
import json
import lzma
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Kernel:
    def __init__(self, build, version, layout, isf, isf_is_own):
        self.build, self.version, self.layout = build, version, layout
        self.isf, self.isf_is_own = isf, isf_is_own


# 10.0.14393.2068 has neither a row in kernels.csv nor an ISF table: its variables stand where those of the
# nearest tabled revision do, moved together so that PsLoadedModuleList is where the published analysis
# saw it; what the layout file lacks is as in 18362. [guess]
KERNELS = [
    Kernel("14393", "10.0.14393.2068", "14393.csv", "616A94E33A4827B451B0E19C14C03792-1", False),
    Kernel("18362", "10.0.18362.535", "18362.csv", "616A94E33A4827B451B0E19C14C03792-1", True),
    Kernel("19041", "10.0.19041.2965", "19041-r1826.csv", "89284D0CA6ACC8274B9A44BD5AF9290B-1", True),
    Kernel("22000", "10.0.22000.1936", "22000-r795.csv", "EF84DCF2B16BB881EBE4BD7C8FE7AA8E-1", True),
]
NEAREST_14393 = "10.0.14393.4583"
MODULE_LIST_14393 = 0x3081A0  # [seen]
CODE_MOVE_14393 = -0x80000  # the 18362 kernel's code is larger
GUID_14393 = "6B64770714393000A2068D0C0FFEE001"  # made up: no public table names the real one

# Types that no layout file has: all of their fields, or those that a machine fills.
EXTRA_TYPES = {
    "_KUSER_SHARED_DATA": None,
    "_KSPECIAL_REGISTERS": None,
    "_KPCR": None,
    "_KPRCB": [
        "MxCsr", "LegacyNumber", "CurrentThread", "NextThread", "IdleThread", "NestingLevel", "Number",
        "RspBase", "CpuType", "CpuID", "CpuStep", "MHz", "MinorVersion", "MajorVersion", "BuildType",
        "CpuVendor", "Group", "GroupIndex", "InitialApicId", "ProcessorState", "EtwSupport",
        "VendorString", "Context", "KernelDirectoryTableBase",
    ],
    "_POOL_HEADER": None,
    "_MMPTE_HARDWARE": None,
    "_MMPTE_SOFTWARE": None,
    "_MMPTE_TRANSITION": None,
    "_MMPTE_PROTOTYPE": None,
    "_MI_HARDWARE_STATE": ["InvalidPteMask"],
    "_MI_PROCESS_STATE": ["ProcessList"],
    "_MI_SYSTEM_INFORMATION": ["Hardware", "Processes"],
    "_PHYSICAL_MEMORY_DESCRIPTOR": None,
    "_PHYSICAL_MEMORY_RUN": None,
    "_DBGKD_GET_VERSION64": None,
}
# Fields that the selected types of the layout files leave out.
EXTRA_FIELDS = {"_KTHREAD": ["NextProcessor"], "_ETHREAD": ["IrpList"],
                "_EPROCESS": ["MitigationFlagsValues", "MitigationFlags2Values"]}
# In 14393 these stand as far from their neighbours as in 18362 [guess]; what is not here it does not have.
EXTRA_FIELDS_14393 = {("_KTHREAD", "NextProcessor"): 0x218, ("_ETHREAD", "IrpList"): 0x668}

# Code, with the bytes that stand there; everything else is variables.
CODE = {
    "DbgBreakPoint": "0xcc, 0xc3",                          # int3; ret
    "DbgBreakPointWithStatus": "0xcc, 0xc3",                # int3; ret: where a break-in stops [seen]
    "DebugService2": "0x8b, 0xc1, 0xcd, 0x2d, 0xcc, 0xc3",  # mov eax, ecx; int 2dh; int3; ret
    "KeBugCheckEx": "0xcc", "KiCallUserMode": "0xc3", "MmGetPhysicalAddress": "0x31, 0xc0, 0xc3",
    "KeQueryPerformanceCounter": "0x0f, 0x31, 0xc3",        # rdtsc; ret
    "RtlGetSystemTimePrecise": "0x31, 0xc0, 0xc3", "PpmQueryTime": "0x0f, 0x31, 0xc3",
    "EtwpGetPerfCounter": "0x0f, 0x31, 0xc3", "EtwpGetCycleCount": "0x0f, 0x31, 0xc3",
    "EtwpGetSystemTime": "0x31, 0xc0, 0xc3",
    "KiDivideErrorFault": "0x48, 0xcf",                     # iretq: where interrupt 0 leads
}
# Variables beside those of kernels.csv. What a kernel has no public symbol for, it does not have here.
MORE_VARIABLES = [
    "KdpDebuggerDataListHead", "ExpSystemResourcesList",
    "KeBugCheckCallbackListHead", "KiBugCheckData", "ObpTypeObjectType", "MmPfnDatabase",
    "MmPhysicalMemoryBlock", "MmHighestUserAddress", "MmUserProbeAddress", "PoolTrackTable",
    "KdPrintDefaultCircularBuffer", "KdPrintCircularBuffer", "KdPrintWritePointer",
    "KdPrintRolloverCount", "KdPrintBufferSize", "MmUnloadedDrivers", "MmLastUnloadedDriver",
    "CmNtCSDVersion", "KeLoaderBlock", "NtGlobalFlag", "KdDebuggerEnabled", "KdDebuggerNotPresent",
    "KeTimeIncrement", "MmPteBase", "KiInitialProcess", "KiInitialThread", "HalDispatchTable",
    "KiWaitNever", "KiWaitAlways", "KdpDataBlockEncoded", "KdpBootedNodebug", "MiState",
    "KiKvaShadow", "VslVsmEnabled", "PspJobListLock", "HandleTableListHead", "SeTokenObjectType",
]
# Not in 14393.2068: that revision is of before the kernel flipped bits of entries that are not present (2018);
# the others would stand behind the end of its image. [guess]
NOT_IN_14393 = {"MiState", "PspJobListLock", "HandleTableListHead", "SeTokenObjectType"}
# Bytes that a machine writes there; others are pointers or smaller.
VARIABLE_SIZES = {
    "KdDebuggerDataBlock": 0x3A0, "KdVersionBlock": 0x28, "NtBuildLab": 0x80,
    "NtBuildLabEx": 0x80, "PsLoadedModuleList": 0x10, "PsActiveProcessHead": 0x10, "PspJobList": 0x10,
    "PspSiloMonitorList": 0x10, "KdpDebuggerDataListHead": 0x10, "EtwpDebuggerData": 0x18,
    "KiProcessorBlock": 0x200, "ObTypeIndexTable": 0x200, "SecurityProviderGuid": 0x10,
    "ExpSystemResourcesList": 0x10, "KeBugCheckCallbackListHead": 0x10, "KiBugCheckData": 0x28,
    "CmNtCSDVersion": 4, "KeNumberProcessors": 4, "KdPrintBufferSize": 4, "NtGlobalFlag": 4,
    "KdDebuggerEnabled": 1, "KdDebuggerNotPresent": 1, "KdPrintRolloverCount": 4, "KeTimeIncrement": 4,
    "NtBuildNumber": 4, "EtwpActiveSystemLoggers": 4, "EtwpBootPhase": 4, "VslVsmEnabled": 1,
    "KdpDataBlockEncoded": 1, "KdpBootedNodebug": 1, "KiKvaShadow": 1, "HandleTableListHead": 0x10,
    "HalPrivateDispatchTable": 0x200, "EtwpDiskIoNotifyRoutines": 0x10, "EtwpFileIoNotifyRoutines": 0x20,
    "PerfGlobalGroupMask": 0x20, "EtwpSystemLogger": 0x10, "EtwpGroupMasks": 0x20,
}

BASE_TYPES = {  # name in the tables: (name in the header, size)
    "unsigned char": ("U1B", 1), "unsigned short": ("U2B", 2), "unsigned long": ("U4B", 4),
    "unsigned long long": ("U8B", 8), "char": ("I1B", 1), "short": ("I2B", 2), "long": ("I4B", 4),
    "long long": ("I8B", 8), "int": ("int", 4), "unsigned int": ("unsigned int", 4),
    "wchar": ("WCH", 2), "HRESULT": ("I4B", 4), "float": ("float", 4), "double": ("double", 8),
    "void": ("void", 1), "fnptr": ("NT_FUNCTION", 8), "__int128": ("M128A", 16),
}


class Type:
    """A type as a field has it: base name, levels of pointer, array dimensions, bits."""

    def __init__(self, base, stars=0, dims=(), bit=None, fields=None, size=None):
        self.base, self.stars, self.dims, self.bit = base, stars, list(dims), bit
        self.fields, self.own_size = fields, size  # of a member whose type has no name


class Field:
    def __init__(self, name, offset, ftype):
        self.name, self.offset, self.type = name, offset, ftype


def parse_csv_type(text, bits):
    m = re.fullmatch(r"(union|struct):([0-9A-Fa-f]+)", text)
    if m:
        return Type("", fields=[], size=int(m[2], 16))
    m = re.fullmatch(r"([^*\[\]]+?)(\**)((?:\[\d+\])*)", text)
    dims = [int(d) for d in re.findall(r"\[(\d+)\]", m[3])]
    return Type(m[1].strip(), len(m[2]), dims, bits)


def read_layout(path):
    """type -> (size, fields), nested members put under the member that holds them."""
    types = {}
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            _, fields = types.setdefault(row["type"], (int(row["size"], 16), []))
            bits = (int(row["bit_offset"]), int(row["bit_size"])) if row["bit_size"] else None
            field = Field(row["field"], int(row["offset"], 16), parse_csv_type(row["field_type"], bits))
            fields.append(field)
    for size, fields in types.values():
        nest(fields)
    return types


def nest(fields):
    by_name = {f.name: f for f in fields}
    for f in list(fields):
        owner, dot, last = f.name.rpartition(".")
        if dot:
            holder = by_name[owner]
            holder.type.fields.append(Field(last, f.offset - holder.offset, f.type))
            fields.remove(f)


class Isf:
    def __init__(self, path):
        data = json.load(lzma.open(path))
        self.types, self.enums, self.symbols = data["user_types"], data["enums"], data["symbols"]

    def ftype(self, t):
        kind = t["kind"]
        if kind == "pointer":
            inner = self.ftype(t["subtype"])
            if inner.base == "fnptr" and not inner.stars:
                return inner
            if inner.dims or inner.fields is not None:
                return Type("void", 1)
            return Type(inner.base, inner.stars + 1)
        if kind == "array":
            inner = self.ftype(t["subtype"])
            inner.dims.insert(0, t["count"])
            return inner
        if kind == "bitfield":
            inner = self.ftype(t["type"])
            inner.bit = (t["bit_position"], t["bit_length"])
            return inner
        if kind == "function":
            return Type("fnptr")
        if kind in ("struct", "union", "class") and t["name"].startswith("__"):
            size, fields = self.struct(t["name"])
            return Type("", fields=fields, size=size)
        return Type(t["name"])

    def struct(self, name, only=None):
        t = self.types[name]
        fields = [Field(n, f["offset"], self.ftype(f["type"])) for n, f in t["fields"].items()
                  if only is None or n in only]
        return t["size"], sorted(fields, key=lambda f: (f.offset, f.type.bit or (0, 0)))


class World:
    """All types that one kernel's header declares."""

    def __init__(self, corpus, kernel):
        self.kernel = kernel
        self.layout = read_layout(corpus / "layouts" / kernel.layout)
        self.isf = Isf(corpus / "isf" / (kernel.isf + ".json.xz"))
        self.enums = self.read_enums(corpus / "layouts" / "enums.csv")
        self.types, self.order, self.used_enums, self.mentioned = {}, [], [], set()
        for name, fields in EXTRA_FIELDS.items():
            self.add_fields(name, fields)
        for name in sorted(set(self.layout) | set(EXTRA_TYPES)):
            if name in self.layout or name in self.isf.types:
                self.need(name)
        for name in self.enums:
            self.need_enum(name)

    def add_fields(self, name, fields):
        for field in self.isf.struct(name, fields)[1]:
            if not self.kernel.isf_is_own:
                if (name, field.name) not in EXTRA_FIELDS_14393:
                    continue
                field.offset = EXTRA_FIELDS_14393[(name, field.name)]
            self.layout[name][1].append(field)

    def read_enums(self, path):
        enums = {}
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                if self.kernel.build != "14393" or row["same_in_14393"] == "yes":
                    enums.setdefault(row["enum"], []).append((row["name"], int(row["value"])))
        return enums

    def need(self, name):
        """Declare a type after the types that it embeds."""
        if name in self.types:
            return
        if name in self.layout:
            size, fields = self.layout[name]
        else:
            size, fields = self.isf.struct(name, EXTRA_TYPES.get(name))
        self.types[name] = (size, fields)
        self.need_fields(fields, size)
        self.order.append(name)

    def need_opaque(self, name, size):
        """An embedded type that no table has: as large as the room that its neighbours leave it."""
        if name not in self.types:
            unit = "unsigned long long" if size % 8 == 0 else "unsigned char"
            fields = [Field("Unknown", 0, Type(unit, 0, [size // BASE_TYPES[unit][1]]))]
            self.types[name] = (size, fields)
            self.order.append(name)

    def need_fields(self, fields, end):
        for f in fields:
            t = f.type
            if t.fields is not None:
                self.need_fields(t.fields, t.own_size)
            elif t.base in BASE_TYPES:
                pass
            elif t.base in self.isf.enums or t.base in self.enums:
                self.need_enum(t.base)
            elif t.stars:
                self.mentioned.add(t.base)
            elif t.base in self.layout or t.base in self.isf.types:
                self.need(t.base)
            else:
                after = min([g.offset for g in fields if g.offset > f.offset], default=end)
                self.need_opaque(t.base, after - f.offset)

    def need_enum(self, name):
        if name not in self.used_enums:
            self.used_enums.append(name)

    def enum_values(self, name):
        if name in self.enums:
            return self.enums[name]
        return sorted(self.isf.enums[name]["constants"].items(), key=lambda c: (c[1], c[0]))

    def kind(self, name):
        return "union" if self.isf.types.get(name, {}).get("kind") == "union" else "struct"

    def element_size(self, t):
        if t.stars:
            return 8
        if t.fields is not None:
            return t.own_size
        if t.base in BASE_TYPES:
            return BASE_TYPES[t.base][1]
        if t.base in self.used_enums:
            return 4
        return self.types[t.base][0]

    def size(self, t):
        size = self.element_size(t)
        for d in t.dims:
            size *= d
        return size

    def c_type(self, t):
        if t.base in BASE_TYPES:
            base = BASE_TYPES[t.base][0]
        elif t.base in self.used_enums:
            base = "enum " + t.base
        else:
            base = self.kind(t.base) + " " + t.base
        return base + " " + "*" * t.stars

    # Layout. Fields that overlap become the arms of an anonymous union; gaps are unnamed bit fields,
    # which leave no trace in debug information.

    def runs(self, fields):
        """(start, end, [fields]): one plain field, or the bit fields of one storage unit that do not overlap."""
        out, units = [], {}
        for f in fields:
            if f.type.bit is None:
                out.append((f.offset, f.offset + self.size(f.type), [f]))
                continue
            rows = units.setdefault((f.offset, f.type.base), [])
            for row in rows:
                last = row[-1].type.bit
                if f.type.bit[0] >= last[0] + last[1]:
                    row.append(f)
                    break
            else:
                rows.append([f])
                out.append((f.offset, f.offset + self.element_size(f.type), rows[-1]))
        return sorted(out, key=lambda r: (r[0], -r[1] if len(r[2]) == 1 and not r[2][0].type.bit else 0))

    def clusters(self, fields):
        out = []
        for run in self.runs(fields):
            if out and run[0] < out[-1][1]:
                cluster = out[-1]
                cluster[2].append(run)
                align = max(self.alignment(f.type) for r in cluster[2] for f in r[2])
                end = max(cluster[1], run[1])  # a union ends where its strictest member lets it
                cluster[1] = cluster[0] + (end - cluster[0] + align - 1) // align * align
            else:
                out.append([run[0], run[1], [run]])
        return out

    def body(self, fields, end, indent, is_union=False):
        lines, at = [], 0
        if is_union:
            return self.arms(self.runs(fields), 0, indent)
        for start, stop, runs in self.clusters(fields):
            lines += skip(at, start, indent, self.aligned(at, start, runs))
            if len(runs) == 1:
                lines += self.run(runs[0], indent)
            else:
                lines += [indent + "union {"] + self.arms(runs, start, indent + "    ") + [indent + "};"]
            at = stop
        return lines + skip(at, end, indent, end - at < 8 and end % 8 == 0)

    def arms(self, runs, start, indent):
        arms = []
        for run in runs:
            for arm in arms:
                if run[0] >= arm[-1][1]:
                    arm.append(run)
                    break
            else:
                arms.append([run])
        lines = []
        for arm in arms:
            if len(arm) == 1 and arm[0][0] == start:
                lines += self.run(arm[0], indent)
                continue
            lines.append(indent + "struct {")
            at = start
            for run in arm:
                lines += skip(at, run[0], indent + "    ", self.aligned(at, run[0], [run]))
                lines += self.run(run, indent + "    ")
                at = run[1]
            lines.append(indent + "};")
        return lines

    def alignment(self, t):
        if t.stars or t.base == "fnptr":
            return 8
        if t.fields is not None:
            return max([self.alignment(f.type) for f in t.fields], default=1)
        if t.base in BASE_TYPES or t.base in self.used_enums:
            return self.element_size(t)
        return max([self.alignment(f.type) for f in self.types[t.base][1]], default=1)

    def aligned(self, at, start, runs):
        """Does natural alignment alone lead from at to start?"""
        align = max(self.alignment(f.type) for run in runs if run[0] == start for f in run[2])
        return (at + align - 1) // align * align == start

    def run(self, run, indent):
        first = run[2][0]
        if first.type.bit is not None:
            at, lines = 0, []
            c_type = self.c_type(first.type).strip()
            for f in run[2]:
                if f.type.bit[0] > at:
                    lines.append(f"{indent}    {c_type} : {f.type.bit[0] - at};")
                lines.append(f"{indent}    {c_type} {f.name} : {f.type.bit[1]};")
                at = sum(f.type.bit)
            return [indent + "struct {"] + lines + [indent + "};"]
        dims = "".join(f"[{d}]" for d in first.type.dims)
        if first.type.fields is not None:
            flat = all(f.offset == 0 for f in first.type.fields)
            inner = self.body(first.type.fields, first.type.own_size, indent + "    ", flat)
            kind = "union" if flat and len(self.runs(first.type.fields)) > 1 else "struct"
            return [f"{indent}{kind} {{"] + inner + [f"{indent}}} {first.name}{dims};"]
        return [f"{indent}{self.c_type(first.type)}{first.name}{dims};"]

    def declare(self, name):
        size, fields = self.types[name]
        kind = self.kind(name)
        lines = [f"{kind} {name} {{"]
        lines += self.body(fields, size, "    ", kind == "union") + ["};"]
        lines.append(f"NT_SIZE({kind} {name}, 0x{size:x});")
        return lines + self.offsets(f"{kind} {name}", "", 0, fields)

    def offsets(self, holder, prefix, base, fields):
        lines = []
        for f in sorted(fields, key=lambda f: f.offset):
            if f.type.bit is None:
                lines.append(f"NT_OFFSET({holder}, {prefix}{f.name}, 0x{base + f.offset:x});")
            if f.type.fields is not None and not f.type.dims:
                lines += self.offsets(holder, f"{prefix}{f.name}.", base + f.offset, f.type.fields)
        return lines


def skip(at, to, indent, natural):
    """Lines that lead from offset at to offset to."""
    out, names = [], []
    while at < to and not natural:
        step = 1
        while step < 8 and at % (step * 2) == 0 and at + step * 2 <= to:
            step *= 2
        while step >= 8 and at + step * 2 <= to:
            step *= 2
        names.append(f"NT_SKIP_{step:X}")
        at += step
    return [indent + " ".join(names)] if names else out


class Image:
    """What an image says of itself, and where its symbols are."""

    def __init__(self, corpus, kernel, world):
        self.kernel, isf = kernel, world.isf
        self.sizes = dict(VARIABLE_SIZES)
        for name, type_name in {"PspHostSiloGlobals": "_ESERVERSILO_GLOBALS", "KiInitialProcess": "_EPROCESS",
                                "KiInitialThread": "_ETHREAD", "MiState": "_MI_SYSTEM_INFORMATION"}.items():
            self.sizes[name] = world.types[type_name][0]
        with open(corpus / "layouts" / "kernels.csv", newline="") as f:
            tabled = {row["version"]: row for row in csv.DictReader(f)}
        with open(corpus / "layouts" / "kernel-revisions.csv", newline="") as f:
            revisions = {row["version"]: row for row in csv.DictReader(f)}
        revision = revisions[kernel.version]
        self.stamp, self.size = int(revision["pe_timestamp"], 16), int(revision["size_of_image"], 16)
        if kernel.isf_is_own:
            row, move, move_isf = tabled[kernel.version], 0, 0
            self.guid, self.age = row["pdb_guid"], int(row["pdb_age"])
        else:
            row = tabled[NEAREST_14393]
            move = MODULE_LIST_14393 - int(row["PsLoadedModuleList"], 16)
            move_isf = MODULE_LIST_14393 - isf.symbols["PsLoadedModuleList"]["address"]
            self.guid, self.age = GUID_14393, 1
        self.rvas = {n: int(v, 16) + move for n, v in row.items() if v.startswith("0x")}
        for name in list(CODE) + MORE_VARIABLES:
            if not kernel.isf_is_own and name in NOT_IN_14393:
                continue
            if name not in self.rvas and name in isf.symbols and (name not in row or row[name] or
                                                                 kernel.isf_is_own):
                moved = 0 if kernel.isf_is_own else CODE_MOVE_14393 if name in CODE else move_isf
                self.rvas[name] = isf.symbols[name]["address"] + moved
        known = list(tabled[kernel.version if kernel.isf_is_own else NEAREST_14393])[5:]
        self.missing = sorted({n for n in known + list(CODE) + MORE_VARIABLES} - set(self.rvas))
        code_end = max(rva for name, rva in self.rvas.items() if name in CODE)
        self.text_end = (code_end + 0x1000) & ~0xFFF
        self.check()

    def check(self):
        last_end, last_name = self.text_end, ""
        for rva, name in sorted((rva, name) for name, rva in self.rvas.items()):
            if name in CODE or rva < self.text_end:
                assert rva < self.text_end, name
                continue
            assert rva >= self.text_end + 0x1000, f"{self.kernel.build}: {name} lies in .rdata"
            assert rva >= last_end, f"{self.kernel.build}: {name} overlaps {last_name}"
            last_end, last_name = rva + self.sizes.get(name, 8), name
        assert last_end < self.size

    def listing(self, macro, inside):
        rows = sorted((rva, name) for name, rva in self.rvas.items() if inside(rva))
        lines = [f"#define {macro}(X)"]
        lines += [f"    X({name}, 0x{rva:x})" for rva, name in rows]
        return macro_lines(lines)

    def code_bytes(self):
        at = {rva: CODE[name] for name, rva in self.rvas.items() if name in CODE}
        return macro_lines(["#define NT_CODE_BYTES(X)"] +
                           [f"    X(0x{rva:x}, {at[rva]})" for rva in sorted(at)])


def macro_lines(lines):
    return [line + " \\" for line in lines[:-1]] + [lines[-1]]


def header(corpus, kernel):
    world = World(corpus, kernel)
    image = Image(corpus, kernel, world)
    own = "" if kernel.isf_is_own else """
 * This revision is in no public table of identities: its GUID is made up, its addresses (but for
 * PsLoadedModuleList [seen]) are a neighbouring revision's moved together, and what its layout table
 * lacks is as in 18362. [guess]"""
    out = [f"""/* nt_{kernel.build}.h - the kernel {kernel.version}: types, variables, identity.
 *
 * Written by generate.py; change that, not this.
 *
 * Source    Layouts, addresses and identity: public type and symbol information [seen].{own} */
#ifndef LAB_NT_{kernel.build}_H
#define LAB_NT_{kernel.build}_H

#include "nt_base.h"

/* clang-format off */
#define NT_BUILD         {kernel.build}
#define NT_PE_STAMP      0x{image.stamp:08x}
#define NT_SIZE_OF_IMAGE 0x{image.size:x}
#define NT_PDB_GUID      "{image.guid}"
#define NT_PDB_AGE       {image.age}

/* X(name, RVA): below NT_TEXT_END, where the code is, and above. X(RVA, bytes): the code. */
#define NT_TEXT_END      0x{image.text_end:x}"""]
    out += image.listing("NT_TEXT_SYMBOLS", lambda rva: rva < image.text_end)
    out += image.listing("NT_DATA_SYMBOLS", lambda rva: rva >= image.text_end)
    out += image.code_bytes()
    out.append("/* What this kernel has no such symbol for. */")
    out += macro_lines(["#define NT_MISSING_SYMBOLS(X)"] + [f"    X({n}, 0)" for n in image.missing])
    out += ["", "#ifndef __ASSEMBLER__", "NT_SYMBOLS(NT_TEXT_SYMBOLS, NT_DATA_SYMBOLS, NT_MISSING_SYMBOLS)", ""]
    for name in world.used_enums:
        out.append(f"enum {name} {{")
        out += [f"    {n} = {v}," for n, v in world.enum_values(name)] + ["};", ""]
    for name in sorted(world.mentioned - set(world.types)):
        out.append(f"{world.kind(name)} {name};")
    for name in world.order:
        out += [""] + world.declare(name)
    out += ["", "/* Every type above once, so that all of them reach the debug information. */",
            "struct nt_types {"]
    out += [f"    {world.kind(n)} {n} *{n.lower()[1:]};" for n in world.order if n.startswith("_")]
    out += [f"    enum {n} e{i};" for i, n in enumerate(world.used_enums)]
    out += ["};", "#endif", "/* clang-format on */", "#endif", ""]
    return "\n".join(out)


def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--check"]):
        sys.exit(__doc__)
    corpus, differs = pathlib.Path(sys.argv[1]), False
    if not (corpus / "layouts").is_dir() or not (corpus / "isf").is_dir():
        print(f"skipped: no layouts in {corpus}")
        sys.exit(77)
    for kernel in KERNELS:
        path, text = HERE / f"nt_{kernel.build}.h", header(corpus, kernel)
        if sys.argv[2:] == []:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.name} is not what the corpus gives: run generate.py")
            differs = True
    sys.exit(1 if differs else 0)


if __name__ == "__main__":
    main()
