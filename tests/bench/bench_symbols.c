/* bench_symbols.c - how long it takes to have the symbols that a walk needs, by where they are from.
 *
 * Each run is a process of its own, which opens the file, resolves the symbols, types and members that
 * `kdwalk loggers -v` uses, describes each member's type, and ends. The file is in the page cache after
 * the first run. Peak memory is all that the process had resident, its code and the file included.
 *
 * usage: bench_symbols FILE...    (NAME.pdb, NAME.json, NAME.json.xz; built-in tables come last) */
#include "bench.h"

#include <walker/builtin.h>
#include <walker/isf.h>
#include <walker/pdb.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void need(enum kd_status st, const struct kd_diag *diag, const char *what)
{
    if (st != KD_OK)
        bench_fail(what, diag->text[0] ? diag->text : kd_status_text(st));
}

static void resolve_all(struct kdw_symbols *from, const struct kd_diag *diag)
{
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        uint64_t rva;

        need(kdw_symbol(from, symbols[i], &rva), diag, symbols[i]);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        kdw_type_id id;

        need(kdw_type_by_name(from, types[i].type, &id), diag, types[i].type);
        for (const char *const *m = types[i].members; *m; m++) {
            struct kdw_field f;
            struct kdw_type t;

            need(kdw_type_field(from, id, *m, &f), diag, *m);
            need(kdw_type_describe(from, f.type, &t), diag, *m);
        }
    }
}

/* ---- where they are from ---- */

static enum kd_status open_builtin(const char *path, struct kd_diag *diag, struct kdw_symbols **out)
{
    struct kdw_pdb_id id = {.age = 1, .name = "ntkrnlmp.pdb"};
    const struct kdw_kernel_facts facts = {.pdb_id = &id};

    (void)path;
    if (!kdw_pdb_guid_parse("616A94E33A4827B451B0E19C14C03792", id.guid)) /* 18362 */
        return KD_ERR_MALFORMED;
    return kdw_builtin_open(&facts, diag, out);
}

struct source {
    const char *path, *what;
    enum kd_status (*open)(const char *path, struct kd_diag *diag, struct kdw_symbols **out);
    int runs;
    double aim_ms, aim_mib; /* 0: none was set */
};

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static struct source source_of(const char *path)
{
    if (!path)
        return (struct source){NULL, "built-in", open_builtin, 101, 0, 0};
    if (ends_with(path, ".pdb"))
        return (struct source){path, "PDB", kdw_pdb_open, 101, 2, 0};
    return (struct source){
        path, ends_with(path, ".xz") ? "ISF, packed" : "ISF", kdw_isf_open, 11, 1000, 64};
}

static double start(void *ctx)
{
    const struct source *s = ctx;
    struct kd_diag diag = {{0}};
    struct kdw_symbols *from;
    double begin = bench_now_s();

    need(s->open(s->path, &diag, &from), &diag, s->what);
    resolve_all(from, &diag);
    return bench_now_s() - begin; /* the process ends: what is open, the system closes */
}

/* ---- the table ---- */

static double file_kib(const char *path)
{
    FILE *f = path ? fopen(path, "rb") : NULL;
    long len = f && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : 0;

    if (f)
        fclose(f);
    return (double)len / 1024;
}

static void print_aim(double value, double aim)
{
    if (aim > 0)
        printf("  %5.0f %-6s", aim, bench_verdict(value, aim));
    else
        printf("  %5s %-6s", "-", "");
}

static double print_row(const char *path, double builtin_s)
{
    struct source s = source_of(path);
    struct bench_runs r = bench_run_apart(s.runs, start, &s);

    printf("%-12s %9.0f %9.2f", s.what, file_kib(path), 1e3 * r.median_s);
    print_aim(1e3 * r.median_s, s.aim_ms);
    printf(" %8.1f", builtin_s > 0 ? r.median_s / builtin_s : 1);
    printf(" %8.1f", r.peak_mib);
    print_aim(r.peak_mib, s.aim_mib);
    putchar('\n');
    return r.median_s;
}

int main(int argc, char **argv)
{
    struct source builtin = source_of(NULL);
    double builtin_s = bench_run_apart(builtin.runs, start, &builtin).median_s;

    printf("symbols: from nothing to what a walk needs, each time in a new process; built-in is 1\n"
           "%-12s %9s %9s  %-12s %8s %8s  %s\n",
           "from", "file KiB", "ms", "  aim", "ratio", "peak MiB", "  aim");
    for (int i = 1; i < argc; i++)
        print_row(argv[i], builtin_s);
    print_row(NULL, builtin_s);
    return 0;
}
