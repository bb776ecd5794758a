#!/usr/bin/env python3
"""make_pdb.py FOLDER: a PDB of a real kernel's size, for bench_symbols.

2,000 structures of some 20 members, the ETW structures that a walk needs under their own names, and
43,000 public symbols: the scale of the public PDB of a current x64 kernel. Compiled by clang and
linked by lld-link like any other; what comes out is FOLDER/ntkrnlmp.pdb.
"""
import os
import subprocess
import sys

STRUCTS = 2000
MEMBERS = 20
PUBLICS = 43000

COMPILE = ["clang", "--target=x86_64-pc-windows-msvc", "-c", "-O1", "-ffreestanding", "-fno-builtin",
           "-fms-extensions", "-fno-stack-protector", "-mcmodel=large"]
DEBUG = ["-g", "-gcodeview", "-fstandalone-debug"]

# Member names are the kernel's; sizes and offsets are whatever the compiler makes of them.
KERNEL = """
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned long u32;
typedef unsigned long long u64; typedef long i32;
struct _LIST_ENTRY { struct _LIST_ENTRY *Flink, *Blink; };
struct _UNICODE_STRING { u16 Length, MaximumLength; wchar *Buffer; };
struct _GUID { u32 Data1; u16 Data2, Data3; u8 Data4[8]; };
union _LARGE_INTEGER { struct { u32 LowPart; i32 HighPart; }; struct { u32 LowPart; i32 HighPart; } u;
    long long QuadPart; };
struct _EPROCESS { struct _LIST_ENTRY ActiveProcessLinks; void *UniqueProcessId; u32 Flags;
    void *SectionObject; u8 ImageFileName[15]; struct _LIST_ENTRY JobLinks; };
struct _ETW_REALTIME_CONSUMER { struct _LIST_ENTRY Links; void *ProcessHandle;
    struct _EPROCESS *ProcessObject; void *NextNotDelivered, *RealtimeConnectContext;
    u32 BuffersLost, EmptyBuffersCount; u16 LoggerId;
    union { u8 Flags; struct { u8 ShutDownRequested : 1, NewBuffersLost : 1, Disconnected : 1,
        Notified : 1, Wow : 1; }; };
    struct _ETW_SILODRIVERSTATE *SiloState; };
struct _WMI_LOGGER_CONTEXT { u32 LoggerId, BufferSize, MaximumEventSize, LoggerMode;
    i32 AcceptNewEvents; u32 EventMarker[2]; u32 ErrorMarker, SizeMask; u64 (*GetCpuClock)(void);
    void *LoggerThread; i32 LoggerStatus; u32 FailureReason;
    struct _LIST_ENTRY GlobalList, DebugIdTrackingList;
    struct _UNICODE_STRING LoggerName, LogFileName, LogFilePattern, NewLogFileName;
    u32 ClockType, LastFlushedBuffer, FlushTimer, FlushThreshold;
    union _LARGE_INTEGER ByteOffset; u32 MinimumBuffers; i32 BuffersAvailable, NumberOfBuffers;
    u32 MaximumBuffers, EventsLost; i32 PeakBuffersCount; u32 BuffersWritten, LogBuffersLost,
    RealTimeBuffersDelivered, RealTimeBuffersLost; struct _GUID InstanceGuid; u32 MaximumFileSize;
    i32 CollectionOn; struct _LIST_ENTRY Consumers; u32 NumConsumers;
    struct _ETW_REALTIME_CONSUMER *TransitionConsumer; union _LARGE_INTEGER StartTime;
    void *LogFileHandle; long long BufferSequenceNumber;
    union { u32 Flags; struct { u32 Persistent : 1, AutoLogger : 1, FsReady : 1, RealTime : 1, Wow : 1,
        KernelTrace : 1, NoMoreEnable : 1, StackTracing : 1, ErrorLogged : 1; }; };
    struct _ETW_SILODRIVERSTATE *SiloState; };
struct _ETW_SILODRIVERSTATE { void *Silo; struct _ESERVERSILO_GLOBALS *SiloGlobals; u32 MaxLoggers;
    struct _GUID ProviderGuid; void **EtwpLoggerRundown;
    struct _WMI_LOGGER_CONTEXT **EtwpLoggerContext; u16 EtwpSecurityLoggers[8];
    u8 EtwpSecurityProviderEnableMask; i32 EtwpShutdownInProgress; u32 EtwpSecurityProviderPID; };
struct _ESERVERSILO_GLOBALS { u8 ObSiloState[736];
    struct _ETW_SILODRIVERSTATE *EtwSiloState; struct _EPROCESS *MiSessionLeaderProcess;
    struct _UNICODE_STRING NtSystemRoot, SiloRootDirectoryName; int State; };
struct _ESERVERSILO_GLOBALS PspHostSiloGlobals;
struct _ETW_SILODRIVERSTATE *EtwpHostSiloState;
struct _LIST_ENTRY PsLoadedModuleList, PsActiveProcessHead;
u64 EtwpDebuggerData[8], KdDebuggerDataBlock[110], KdVersionBlock[5];
char NtBuildLab[64]; u32 NtBuildNumber; struct _EPROCESS *PsInitialSystemProcess;
struct _ETW_REALTIME_CONSUMER BenchConsumer; struct _WMI_LOGGER_CONTEXT BenchLogger;
struct _ETW_SILODRIVERSTATE BenchState;
int entry(void) { return 0; }
""".replace("wchar", "__WCHAR_TYPE__")


def member(struct, i):
    """A mix like the kernel's: integers, pointers to structures, arrays, nested parts, bit fields."""
    name = f"Member{i:02}OfType{struct % 97:02}"
    kind = (struct + i) % 10
    if kind == 0:
        return f"    struct _KERNEL_STRUCTURE_{(struct * 7 + i) % STRUCTS:04} *{name};"
    if kind == 1:
        return f"    unsigned char {name}[{16 + i}];"
    if kind == 2:
        return f"    struct _LIST_ENTRY {name};"
    if kind == 3:
        return f"    unsigned long {name} : {1 + i % 8};"
    if kind == 4:
        return f"    union {{ unsigned long long {name}; void *{name}Pointer; }};"
    return f"    {['unsigned long', 'unsigned long long', 'void *', 'short', 'long'][kind - 5]} {name};"


def types():
    yield KERNEL
    for s in range(STRUCTS):
        yield f"struct _KERNEL_STRUCTURE_{s:04} {{"
        for i in range(MEMBERS):
            yield member(s, i)
        yield "};"
    yield "struct all {"
    for s in range(STRUCTS):
        yield f"    struct _KERNEL_STRUCTURE_{s:04} *p{s};"
    yield "} BenchAll;"
    for s in range(STRUCTS):
        yield f"struct _KERNEL_STRUCTURE_{s:04} BenchStructure{s:04};"


def publics():
    for i in range(PUBLICS):
        yield f"int BenchPublicSymbolOfTheKernel{i:05};"


def run(*command):
    subprocess.run(command, check=True)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)

    def at(name):
        return os.path.join(folder, name)

    for name, lines, flags in (("types", types(), DEBUG), ("publics", publics(), [])):
        with open(at(name + ".c"), "w", encoding="ascii") as out:
            out.writelines(line + "\n" for line in lines)
        run(*COMPILE, *flags, at(name + ".c"), "-o", at(name + ".obj"))
    run("lld-link", "/nologo", "/nodefaultlib", "/entry:entry", "/subsystem:native", "/machine:x64",
        "/opt:noref", "/debug", "/pdb:" + at("ntkrnlmp.pdb"), "/pdbaltpath:ntkrnlmp.pdb",
        "/out:" + at("ntoskrnl.exe"), at("types.obj"), at("publics.obj"))


if __name__ == "__main__":
    main()
