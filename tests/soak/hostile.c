/* hostile.c - kernels whose memory somebody hostile wrote, walked and shown in every way that kdwalk has.
 *
 *     test_hostile [--first-seed N] [--images N] [--costs]
 *
 * An image is the memory of a lab machine with one to two hundred mutations, told by a seed. Of each a whole
 * snapshot is taken and all views of it are shown, in one process. Nothing may crash; each command ends within
 * two seconds of a processor, prints at most 10 MiB, no character that a terminal obeys, and JSON that can be
 * read; a snapshot that is read back is the one that was written.
 *
 * A second process only watches: whatever becomes of the first, the seed is told. */
#define _DEFAULT_SOURCE 1

#include "hostile_mutate.h"
#include "hostile_thin.h"
#include "hostile_views.h"
#include "random.h"

#include <walker/kernel.h>
#include <walker/mem_cache.h>
#include <walker/pdb.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    IMAGES = 1000,
    KERNELS = 4,
    WHOLE_ONE_OF = 16,        /* images with all providers */
    IMAGES_OF_A_SHAPE = 4000, /* then all machines are built anew, with another crowd */
    HANG_S = 60,
    TELL_S = 60,        /* how far it has come */
    MOST_KIB = 2 << 20, /* sanitizers keep what was freed, and shadow it */
    CACHE_LINE = 1024,
    CACHE_BYTES = 16 << 20,
};

static const char *const names[KERNELS] = {"14393", "18362", "19041", "22000"};

struct settings {
    uint64_t first_seed, images;
    bool costs; /* say what each view took */
};

/* What both processes see. */
struct progress {
    uint64_t seed;
    uint64_t done, mutations;
    const char *doing; /* a constant of the program, which both are */
};

/* ---- one kernel ---- */

struct target {
    struct lab_machine *machine;
    struct hostile_memory *memory;
    struct hostile_places places;
    struct kdw_cache *cache; /* over it, as a live session has one */
    struct kdw_target facts;
    struct kd_diag diag;
    struct kdw_kernel kernel;
    struct kdw_snapshot clean;
    struct hostile_thin thin;
    struct kdw_snapshot clean_thin;
};

/* What a seed decides beside the mutations. */
struct image {
    uint64_t seed;
    bool is_whole;  /* all providers are there */
    bool is_cached; /* it is read as a live session is */
};

static struct image image_of(uint64_t seed)
{
    uint64_t random = ~seed;

    return (struct image){
        .seed = seed,
        .is_whole = lab_random(&random) % WHOLE_ONE_OF == 0,
        .is_cached = lab_random(&random) % 2 == 0,
    };
}

static const char *const doors[] = {
    "PsActiveProcessHead",
    "PsInitialSystemProcess",
    "PspCidTable",
    "PspJobList",
    "PspSiloMonitorList",
    "PspHostSiloGlobals",
    "EtwpHostSiloState",
    "EtwpDebuggerData",
    "ObHeaderCookie",
    "PsProcessType",
    "PsJobType",
    "KiProcessorBlock",
    "PsLoadedModuleList",
    "EtwpSystemLogger",
    "EtwpActiveSystemLoggers",
    "EtwpGroupMasks",
    "EtwpRealTimeConnectionObjectType",
};

static void find_doors(struct target *t)
{
    for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++)
        if (kdw_kernel_symbol(&t->kernel, doors[i], &t->places.doors[t->places.doors_len]) == KD_OK)
            t->places.doors_len++;
}

static void find_codes(struct target *t, uint64_t table_va, uint64_t offset)
{
    struct hostile_places *p = &t->places;

    if (table_va && p->codes_len < sizeof p->codes / sizeof p->codes[0])
        p->codes[p->codes_len++] = table_va + offset;
}

/* Of all processes, and of all ids. */
static void find_tables(struct target *t)
{
    uint64_t variable, ids = 0;
    struct kdw_field field;
    kdw_type_id type;

    if (kdw_type_by_name(t->kernel.symbols, "_HANDLE_TABLE", &type) != KD_OK ||
        kdw_type_field(t->kernel.symbols, type, "TableCode", &field) != KD_OK)
        return;
    if (kdw_kernel_symbol(&t->kernel, "PspCidTable", &variable) == KD_OK &&
        hostile_memory_u64(t->memory, variable, &ids))
        find_codes(t, ids, field.offset);
    KDW_EACH(&t->clean, KDW_TABLE_PROCESSES, struct kdw_process, p)
    find_codes(t, p->handle_table_va.value, field.offset);
}

static void tell_facts(struct target *t)
{
    const struct lab_machine_info *info = lab_machine_info(t->machine);

    t->facts = (struct kdw_target){
        .machine = 0x8664,
        .build = info->build,
        .is_mp = true,
        .is_kernel = true,
        .processor_count = info->processors,
        .kernel_base_va = info->kernel_base,
        .module_list_va = info->module_list,
        .debugger_data_list_va = info->debugger_data_list,
        .dtb = info->cr3,
    };
}

static bool open_kernel(struct target *t, const char *name)
{
    struct kdw_symbols *pdb = NULL;
    char path[512];
    enum kd_status st;

    snprintf(path, sizeof path, "%s/%s/ntkrnlmp.pdb", LAB_KERNEL_DIR, name);
    st = kdw_kernel_open(hostile_memory_mem(t->memory), &t->facts, &t->diag, &t->kernel);
    if (st == KD_OK)
        st = kdw_pdb_open(path, &t->diag, &pdb);
    if (st == KD_OK)
        st = kdw_kernel_use_symbols(&t->kernel, pdb);
    if (st != KD_OK) {
        fprintf(stderr, "hostile: %s: %s\n", name, t->diag.text);
        kdw_symbols_close(pdb);
    }
    return st == KD_OK;
}

static bool take_clean_ones(struct target *t)
{
    bool ok;

    if (kdw_snapshot_take(&t->kernel, KDW_PART_ALL, &t->clean) != KD_OK)
        return false;
    find_tables(t);
    if (!hostile_thin_find(&t->kernel, &t->clean, &t->places, &t->thin))
        return false;
    hostile_thin_apply(t->memory, &t->thin);
    ok = kdw_snapshot_take(&t->kernel, KDW_PART_ALL, &t->clean_thin) == KD_OK;
    hostile_memory_restore(t->memory);
    return ok;
}

static bool open_target(struct target *t, const char *name, uint64_t shape)
{
    const struct lab_machine_options options = {.seed = shape, .tell = true};
    struct kdw_cache_opts cache = {
        .line_len = CACHE_LINE, .max_bytes = CACHE_BYTES, .hole_len = HOSTILE_PAGE};
    const char *why = "";

    *t = (struct target){.machine = lab_machine_create_with(name, LAB_KERNEL_DIR, &options, &why)};
    if (!t->machine || !hostile_places_find(t->machine, &t->places)) {
        fprintf(stderr, "hostile: %s: %s\n", name, why);
        return false;
    }
    tell_facts(t);
    t->memory = hostile_memory_create(t->machine);
    cache.below = hostile_memory_mem(t->memory);
    if (kdw_cache_create(&cache, &t->cache) != KD_OK || !open_kernel(t, name))
        return false;
    find_doors(t);
    return take_clean_ones(t);
}

static void close_target(struct target *t)
{
    kdw_snapshot_free(&t->clean);
    kdw_snapshot_free(&t->clean_thin);
    hostile_thin_free(&t->thin);
    if (t->memory)
        kdw_kernel_close(&t->kernel);
    kdw_cache_destroy(t->cache);
    hostile_memory_destroy(t->memory);
    hostile_places_free(&t->places);
    lab_machine_destroy(t->machine);
    *t = (struct target){0};
}

/* ---- one image ---- */

/* For who looks into it: what the walk made of the image. */
static void say_tables(const struct kdw_snapshot *s)
{
    for (size_t i = 0; i < KDW_TABLES; i++)
        if (s->tables[i].len)
            fprintf(stderr, "hostile: %zu %s%s\n", s->tables[i].len, kdw_snapshot_tables[i].name,
                    s->tables[i].is_cut ? ", cut" : "");
    fprintf(stderr, "hostile: %zu gaps\n", kdw_snapshot_gaps(s, NULL, NULL));
}

static bool show(struct target *t, struct progress *p, const struct image *image,
                 const struct kdw_snapshot *s, double seconds)
{
    struct hostile_views v = {.clean = image->is_whole ? &t->clean : &t->clean_thin,
                              .s = s,
                              .seed = image->seed,
                              .walk_seconds = seconds,
                              .doing = &p->doing};

    if (hostile_views_run(&v))
        return true;
    fprintf(stderr, "hostile: %s: %s\n", v.failed, v.why);
    say_tables(s);
    return false;
}

static bool walk_and_show(struct target *t, struct progress *p, const struct image *image)
{
    double begun = hostile_cpu_seconds(), seconds;
    struct kdw_snapshot s;
    enum kd_status st;
    bool ok;

    p->doing = "the walk";
    kdw_cache_drop(t->cache);
    t->kernel.mem = image->is_cached ? kdw_cache_mem(t->cache) : hostile_memory_mem(t->memory);
    st = kdw_snapshot_take(&t->kernel, KDW_PART_ALL, &s);
    seconds = hostile_cpu_seconds() - begun;
    hostile_note_cost(p->doing, seconds, 0);
    if (st != KD_OK) {
        fprintf(stderr, "hostile: the walk: %s\n", t->diag.text);
        return false;
    }
    ok = show(t, p, image, &s, seconds);
    kdw_snapshot_free(&s);
    return ok;
}

static bool run_image(struct target *t, struct progress *p, uint64_t seed)
{
    const struct image image = image_of(seed);
    bool ok;

    p->seed = seed;
    p->doing = "mutations";
    if (!image.is_whole)
        hostile_thin_apply(t->memory, &t->thin);
    p->mutations += hostile_mutate(t->memory, image.is_whole ? &t->places : &t->thin.places, seed);
    ok = walk_and_show(t, p, &image);
    hostile_memory_restore(t->memory);
    p->done++;
    return ok;
}

/* ---- all of them ---- */

static bool open_all(struct target targets[KERNELS], uint64_t shape)
{
    bool ok = true;

    for (size_t i = 0; i < KERNELS && ok; i++) {
        close_target(&targets[i]);
        ok = open_target(&targets[i], names[i], shape);
    }
    return ok;
}

static bool run_images(const struct settings *s, struct progress *p, struct target targets[KERNELS])
{
    uint64_t shape = 0;
    bool ok = true;

    for (uint64_t seed = s->first_seed; ok && seed < s->first_seed + s->images; seed++) {
        if (shape != 1 + seed / IMAGES_OF_A_SHAPE) {
            shape = 1 + seed / IMAGES_OF_A_SHAPE;
            ok = open_all(targets, shape);
        }
        ok = ok && run_image(&targets[seed % KERNELS], p, seed);
    }
    return ok;
}

static void say_costs(void)
{
    for (const struct hostile_view_cost *c = hostile_view_costs(); c->name; c++)
        fprintf(stderr, "%-20s %8.2f s, %6.3f s at most, %8zu bytes at most\n", c->name, c->seconds,
                c->most_seconds, c->most_len);
}

static int work(const struct settings *s, struct progress *p)
{
    struct target targets[KERNELS] = {{0}};
    struct rusage usage;
    bool ok = hostile_output_open() && run_images(s, p, targets);

    for (size_t i = 0; i < KERNELS; i++)
        close_target(&targets[i]);
    if (s->costs)
        say_costs();
    if (ok && getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > MOST_KIB) {
        fprintf(stderr, "hostile: it took %ld KiB\n", usage.ru_maxrss);
        ok = false;
    }
    return ok ? 0 : 1;
}

/* ---- the one who watches ---- */

/* Its status; *hung: it had to be killed. */
static int wait_for(pid_t worker, const struct progress *p, bool *hung)
{
    const volatile struct progress *now = p;
    const struct timespec tick = {.tv_nsec = 100000000};
    uint64_t seed = UINT64_MAX;
    time_t since = time(NULL), told = since;
    int status = 0;

    while (waitpid(worker, &status, WNOHANG) == 0) {
        if (now->seed != seed) {
            seed = now->seed;
            since = time(NULL);
        }
        *hung = time(NULL) - since > HANG_S;
        if (*hung)
            kill(worker, SIGKILL);
        if (time(NULL) - told >= TELL_S) {
            told = time(NULL);
            fprintf(stderr, "hostile: %" PRIu64 " images\n", now->done);
        }
        nanosleep(&tick, NULL);
    }
    return status;
}

static int report(const struct progress *p, int status, bool hung)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        printf("hostile: %" PRIu64 " images with %" PRIu64 " mutations\n", p->done, p->mutations);
        return 0;
    }
    if (hung)
        fprintf(stderr, "hostile: %s: no end after %d s\n", p->doing, HANG_S);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "hostile: %s: %s\n", p->doing, strsignal(WTERMSIG(status)));
    else
        fprintf(stderr, "hostile: %s: see above\n", p->doing ? p->doing : "building machines");
    fprintf(stderr,
            "after %" PRIu64 " images; again: ./dev soak hostile --first-seed %" PRIu64
            " --mutations 1\n",
            p->done, p->seed);
    return 1;
}

static bool take_number(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = text ? strtoull(text, &end, 10) : 0;
    return text && errno == 0 && *text && *end == '\0';
}

static bool take_settings(int argc, char **argv, struct settings *s)
{
    bool ok = true;

    for (int i = 1; ok && i < argc; i++) {
        if (strcmp(argv[i], "--costs") == 0)
            s->costs = true;
        else if (strcmp(argv[i], "--first-seed") == 0)
            ok = take_number(argv[++i], &s->first_seed);
        else if (strcmp(argv[i], "--images") == 0)
            ok = take_number(argv[++i], &s->images);
        else
            ok = false;
    }
    if (!ok)
        fprintf(stderr, "usage: test_hostile [--first-seed N] [--images N] [--costs]\n");
    return ok;
}

int main(int argc, char **argv)
{
    struct settings settings = {.first_seed = 1, .images = IMAGES};
    struct progress *p =
        mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool hung = false;
    pid_t worker;
    int status;

    if (!take_settings(argc, argv, &settings))
        return 2;
    worker = p == MAP_FAILED ? -1 : fork();
    if (worker < 0) {
        perror("hostile");
        return 2;
    }
    if (worker == 0)
        exit(work(&settings, p));
    status = wait_for(worker, p, &hung);
    return report(p, status, hung);
}
