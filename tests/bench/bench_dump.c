/* bench_dump.c - what it costs to walk the memory of a machine of 16 GiB in a file.
 *
 * The lab writes the files, with holes for what is zero, and the system keeps them in memory: what is
 * measured is the work, not a disk. Three things, each beside what it cannot do without:
 *
 *     opening      until the kernel is found; each run is a process of its own, and the fastest counts:
 *                  what else the machine does can only add to it
 *     loggers -v   the whole program, less the opening: symbols, walk, output
 *     translation  virtual addresses to physical ones: by tables that are known, by such as nobody has read
 *                  yet, and as a part of reading a word of each page
 *
 * usage: bench_dump BIN [SYMBOLS]    (the folder of kdwalk and kdlab; a symbol path) */
#include "bench.h"

#include <walker/dump_system.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    RUNS = 21,
    PAGES_MAX = 1 << 16,
    KNOWN = 256, /* pages that the caches have room for */
    ENTRIES = 512,
    PAGE_LEN = 0x1000,
};
#define OPEN_MS    50
#define PEAK_MIB   30
#define LOGGERS_MS 20
#define FILE_ROOM  ((uint64_t)64 << 20) /* of a file with holes */

static void need(enum kd_status st, const struct kd_diag *diag, const char *what)
{
    if (st != KD_OK)
        bench_fail(what, diag->text[0] ? diag->text : kd_status_text(st));
}

static void make_dump(const char *kdlab, const char *type, const char *option, const char *path)
{
    const char *const argv[] = {kdlab, "dump", "--kernel", "18362", "--type", type,
                                "-o",  path,   "--ram",    "16G",   option,   NULL};

    bench_run_program(1, argv);
}

/* ---- opening, and a walk ---- */

struct machine {
    struct kdw_dump *dump;
    struct kdw_dump_system system;
};

static void open_machine(const char *path, struct machine *out)
{
    struct kd_diag diag = {{0}};

    need(kdw_dump_open(path, &diag, &out->dump), &diag, path);
    need(kdw_dump_system_find(out->dump, &diag, &out->system), &diag, path);
}

static void close_machine(struct machine *m)
{
    kdw_dump_system_deinit(&m->system);
    kdw_dump_close(m->dump);
}

static double open_once(void *path)
{
    double begin = bench_now_s();
    struct machine m;

    open_machine(path, &m);
    return bench_now_s() - begin;
}

static double mib_of(const char *path)
{
    struct stat s;

    if (stat(path, &s) != 0)
        bench_die(path);
    return (double)s.st_size / (1 << 20);
}

static void print_row(const char *bin, const char *symbols, const char *type, const char *option)
{
    struct bench_file file = bench_memory_file(FILE_ROOM);
    char kdlab[1024], kdwalk[1024];
    const char *const argv[] = {kdwalk,  "loggers", "-v", "-z", file.path, symbols ? "-y" : NULL,
                                symbols, NULL};
    struct bench_runs opening, loggers;
    double beyond_ms, peak_mib;

    snprintf(kdlab, sizeof kdlab, "%s/kdlab", bin);
    snprintf(kdwalk, sizeof kdwalk, "%s/kdwalk", bin);
    make_dump(kdlab, type, option, file.path);
    opening = bench_run_apart(RUNS, open_once, file.path);
    loggers = bench_run_program(RUNS, argv);
    beyond_ms = 1e3 * (loggers.fastest_s - opening.fastest_s);
    peak_mib = loggers.peak_mib > opening.peak_mib ? loggers.peak_mib : opening.peak_mib;
    printf("%-8s%-10s %8.0f %8.2f  %-7s %8.1f  %-7s %8.2f  %-7s\n", type, option ? option : "",
           mib_of(file.path), 1e3 * opening.fastest_s,
           bench_verdict(1e3 * opening.fastest_s, OPEN_MS), peak_mib,
           bench_verdict(peak_mib, PEAK_MIB), beyond_ms, bench_verdict(beyond_ms, LOGGERS_MS));
}

/* ---- translation ---- */

struct pages {
    uint64_t vas[PAGES_MAX];
    size_t count;
};

/* Every page of the system's half that a table below this one leads to. The entry that leads back to the
 * root is left out: it would show the tables as pages. */
static void collect(struct kdw_mem *physical, uint64_t table_pa, uint64_t root_pa, unsigned level,
                    uint64_t va, struct pages *out)
{
    uint64_t entries[ENTRIES];

    if (kdw_mem_read(physical, table_pa, entries, sizeof entries, NULL) != KD_OK)
        return;
    for (uint64_t i = table_pa == root_pa ? ENTRIES / 2 : 0; i < ENTRIES; i++) {
        uint64_t below_va = va | i << (12 + 9 * (level - 1));
        uint64_t pa = entries[i] & 0x000FFFFFFFFFF000u;
        int is_page = level == 1 || (entries[i] & 0x80);

        if (!(entries[i] & 1) || pa == root_pa || out->count == PAGES_MAX)
            continue;
        if (is_page)
            out->vas[out->count++] = below_va;
        else
            collect(physical, pa, root_pa, level - 1, below_va, out);
    }
}

static void shuffle(struct pages *p)
{
    uint64_t random = 1;

    for (size_t i = p->count - 1; i > 0; i--) {
        uint64_t va = p->vas[i];
        size_t other;

        random = random * 6364136223846793005u + 1442695040888963407u;
        other = (size_t)(random >> 33) % (i + 1);
        p->vas[i] = p->vas[other];
        p->vas[other] = va;
    }
}

/* Seconds for each. */
static double translate_all(struct kdw_paging *paging, const struct pages *pages, size_t count)
{
    double begin = bench_now_s();

    for (size_t i = 0; i < count; i++) {
        struct kdw_translation t;

        if (kdw_paging_translate(paging, pages->vas[i], &t) != KD_OK)
            bench_fail("translation", kd_status_text(t.status));
    }
    return (bench_now_s() - begin) / (double)count;
}

static double read_all(struct kdw_mem *mem, const struct pages *pages)
{
    double begin = bench_now_s();
    uint64_t word;

    for (size_t i = 0; i < pages->count; i++)
        if (kdw_mem_u64(mem, pages->vas[i], &word) != KD_OK)
            bench_fail("translation", "a page cannot be read");
    return (bench_now_s() - begin) / (double)pages->count;
}

static void print_rate(const char *what, double *seconds, double known_s)
{
    double median = bench_median(seconds, RUNS);

    printf("%-34s %10.0f %8.1f\n", what, 1 / median, median / known_s);
}

static double measure_translation(void *path)
{
    static struct pages pages;
    double known[RUNS], unknown[RUNS], read[RUNS], known_s;
    struct kdw_paging *paging;
    struct machine m;

    open_machine(path, &m);
    paging = m.system.paging;
    collect(kdw_dump_physical(m.dump), m.system.target.dtb, m.system.target.dtb, 4,
            0xFFFF000000000000u, &pages);
    if (pages.count < KNOWN)
        bench_fail("translation", "the machine has too few pages");
    shuffle(&pages);
    for (int i = 0; i < RUNS; i++) {
        kdw_paging_drop(paging);
        unknown[i] = translate_all(paging, &pages, pages.count);
        (void)translate_all(paging, &pages, KNOWN);
        known[i] = translate_all(paging, &pages, KNOWN);
        kdw_paging_drop(paging);
        read[i] = read_all(m.system.mem, &pages);
    }
    known_s = bench_median(known, RUNS);
    printf("\ntranslation of the system's %zu pages, in any order\n"
           "%-34s %10s %8s\n",
           pages.count, "", "a second", "ratio");
    print_rate("256 of them, known before", known, known_s);
    print_rate("all, by tables not read before", unknown, known_s);
    print_rate("all, and a word of each read", read, known_s);
    fflush(stdout);
    close_machine(&m);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const files[][2] = {{"active", NULL}, {"bitmap", NULL},    {"full", NULL},
                                           {"raw", NULL},    {"raw", "--encode"}, {"elf", NULL}};
    struct bench_file file;
    char kdlab[1024];

    if (argc < 2) {
        fprintf(stderr, "usage: bench_dump BIN [SYMBOLS]\n");
        return 2;
    }
    printf("the memory of a machine of 16 GiB in a file: opened, walked by kdwalk loggers -v; the "
           "fastest "
           "of %d runs\n"
           "%-18s %8s %8s  %-7s %8s  %-7s %8s  %-7s\n"
           "%-18s %8s %8s  %-7d %8s  %-7d %8s  %-7d\n",
           RUNS, "type", "file", "open", "aim", "peak", "aim", "beyond", "aim", "", "MiB", "ms",
           OPEN_MS, "MiB", PEAK_MIB, "ms", LOGGERS_MS);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        print_row(argv[1], argv[2], files[i][0], files[i][1]);
    file = bench_memory_file(FILE_ROOM);
    snprintf(kdlab, sizeof kdlab, "%s/kdlab", argv[1]);
    make_dump(kdlab, "bitmap", NULL, file.path);
    (void)bench_run_apart(1, measure_translation, file.path);
    return 0;
}
