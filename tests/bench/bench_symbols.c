/* bench_pdb.c - how long it takes to open a PDB of a kernel's size and resolve what a walk needs.
 *
 * One round opens the file, resolves the symbols, types and members that `kdwalk loggers -v` uses,
 * describes each member's type, and closes it again. The file is in the page cache after the first
 * round. Printed are the median and the fastest round, and the memory held at its end: private
 * allocations, so what lies in the mapping is not counted.
 *
 * usage: bench_pdb PDB [ROUNDS]     (the PDB is made by make_pdb.py) */
#include "bench.h"

#include <walker/pdb.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const symbols[] = {
    "PspHostSiloGlobals",  "EtwpHostSiloState",      "EtwpDebuggerData", "PsLoadedModuleList",
    "PsActiveProcessHead", "KdDebuggerDataBlock",    "KdVersionBlock",   "NtBuildLab",
    "NtBuildNumber",       "PsInitialSystemProcess",
};

static const struct {
    const char *type;
    const char *members[32]; /* up to the first NULL */
} types[] = {
    {"_ESERVERSILO_GLOBALS", {"EtwSiloState", "NtSystemRoot", "SiloRootDirectoryName", "State"}},
    {"_ETW_SILODRIVERSTATE",
     {"Silo", "SiloGlobals", "MaxLoggers", "EtwpLoggerContext", "EtwpLoggerRundown",
      "EtwpSecurityLoggers", "EtwpSecurityProviderEnableMask", "EtwpShutdownInProgress"}},
    {"_WMI_LOGGER_CONTEXT",
     {"LoggerId",
      "BufferSize",
      "MaximumEventSize",
      "LoggerMode",
      "LoggerThread",
      "LoggerStatus",
      "LoggerName",
      "LogFileName",
      "LogFilePattern",
      "LoggerName.Length",
      "FlushTimer",
      "MinimumBuffers",
      "BuffersAvailable",
      "NumberOfBuffers",
      "MaximumBuffers",
      "EventsLost",
      "BuffersWritten",
      "LogBuffersLost",
      "RealTimeBuffersDelivered",
      "RealTimeBuffersLost",
      "InstanceGuid",
      "CollectionOn",
      "Consumers",
      "NumConsumers",
      "StartTime.QuadPart",
      "Flags",
      "Persistent",
      "AutoLogger",
      "RealTime",
      "KernelTrace",
      "SiloState"}},
    {"_ETW_REALTIME_CONSUMER",
     {"Links", "ProcessObject", "BuffersLost", "LoggerId", "Disconnected", "SiloState"}},
    {"_EPROCESS",
     {"ActiveProcessLinks", "UniqueProcessId", "ImageFileName", "SectionObject", "Flags"}},
    {"_UNICODE_STRING", {"Length", "MaximumLength", "Buffer"}},
    {"_LIST_ENTRY", {"Flink", "Blink"}},
    {"_LARGE_INTEGER", {"QuadPart", "u.HighPart"}},
};

static size_t private_bytes(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static void need(enum kd_status st, const struct kd_diag *diag, const char *what)
{
    if (st != KD_OK)
        bench_fail(what, diag->text[0] ? diag->text : kd_status_text(st));
}

static size_t resolve_all(struct kdw_symbols *pdb, const struct kd_diag *diag)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++, count++) {
        uint64_t rva;

        need(kdw_symbol(pdb, symbols[i], &rva), diag, symbols[i]);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++, count++) {
        kdw_type_id id;

        need(kdw_type_by_name(pdb, types[i].type, &id), diag, types[i].type);
        for (const char *const *m = types[i].members; *m; m++, count++) {
            struct kdw_field f;
            struct kdw_type t;

            need(kdw_type_field(pdb, id, *m, &f), diag, *m);
            need(kdw_type_describe(pdb, f.type, &t), diag, *m);
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 101;
    size_t names = 0, peak = 0;
    double median, *us = calloc(rounds > 0 ? (size_t)rounds : 1, sizeof *us);

    if (argc < 2 || rounds < 1 || !us) {
        fprintf(stderr, "usage: bench_pdb PDB [ROUNDS]\n");
        return 2;
    }
    for (int i = 0; i < rounds; i++) {
        struct kd_diag diag = {{0}};
        struct kdw_symbols *pdb;
        size_t before = private_bytes(), held;
        double start = bench_now_s();

        need(kdw_pdb_open(argv[1], &diag, &pdb), &diag, argv[1]);
        names = resolve_all(pdb, &diag);
        us[i] = (bench_now_s() - start) * 1e6;
        held = private_bytes() - before; /* nothing is given back before the end */
        peak = held > peak ? held : peak;
        kdw_symbols_close(pdb);
    }
    median = bench_median(us, rounds);
    printf("pdb: open and resolve %zu names: %.0f us median of %d (fastest %.0f us; aim: under "
           "2000 us)\n",
           names, median, rounds, us[0]);
    printf("pdb: private memory beyond the mapping: %zu bytes (aim: under 4194304)\n", peak);
    free(us);
    return 0;
}
