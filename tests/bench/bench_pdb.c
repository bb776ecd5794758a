/* bench_pdb.c - how long it takes to open a PDB of a kernel's size and resolve what a walk needs.
 *
 * One round opens the file, resolves the symbols, types and members that `kdwalk loggers -v` uses,
 * describes each member's type, and closes it again. The file is in the page cache after the first
 * round. Printed are the median and the fastest round, and the memory held at its end: private
 * allocations, so what lies in the mapping is not counted.
 *
 * usage: bench_pdb PDB [ROUNDS]     (the PDB is made by make_pdb.py) */
#define _POSIX_C_SOURCE 200809L

#include <walker/pdb.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t private_bytes(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static void need(enum kd_status st, const struct kd_diag *diag, const char *what)
{
    if (st == KD_OK)
        return;
    fprintf(stderr, "bench_pdb: %s: %s\n", what, diag->text[0] ? diag->text : kd_status_text(st));
    exit(1);
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

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 101;
    size_t names = 0, peak = 0;
    double *us = calloc(rounds ? rounds : 1, sizeof *us);

    if (argc < 2 || rounds == 0 || !us) {
        fprintf(stderr, "usage: bench_pdb PDB [ROUNDS]\n");
        return 2;
    }
    for (size_t i = 0; i < rounds; i++) {
        struct kd_diag diag = {{0}};
        struct kdw_symbols *pdb;
        size_t before = private_bytes(), held;
        double start = now_us();

        need(kdw_pdb_open(argv[1], &diag, &pdb), &diag, argv[1]);
        names = resolve_all(pdb, &diag);
        us[i] = now_us() - start;
        held = private_bytes() - before; /* nothing is given back before the end */
        peak = held > peak ? held : peak;
        kdw_symbols_close(pdb);
    }
    qsort(us, rounds, sizeof *us, ascending);
    printf("pdb: open and resolve %zu names: %.0f us median of %zu (fastest %.0f us; aim: under "
           "2000 us)\n",
           names, us[rounds / 2], rounds, us[0]);
    printf("pdb: private memory beyond the mapping: %zu bytes (aim: under 4194304)\n", peak);
    free(us);
    return 0;
}
