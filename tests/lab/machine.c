#include "machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "machine_parts.h"
#include "random.h"

#define PATH_LEN 4096

static const struct {
    const struct lab_scene *scene;
    const struct nt_parts *parts;
} kernels[] = {
    {&lab_scene_14393, &nt_kernel_14393},
    {&lab_scene_18362, &nt_kernel_18362},
    {&lab_scene_19041, &nt_kernel_19041},
    {&lab_scene_22000, &nt_kernel_22000},
};
#define KERNELS (sizeof(kernels) / sizeof(kernels[0]))

/* What a processor begins with when the first one wakes it, in the first megabyte: a jump, where in the
 * kernel to go on, and the registers of then [doc]. Left there for as long as the machine runs. */
static void start_block(struct lab_machine *m)
{
    static const uint8_t jump[] = {0xe9, 0x4d, 0x06, 0x00, 0x01};
    const uint64_t entry_va = m->info.kernel_base + m->kernel_entry;

    lab_memory_write_physical(m->memory, LAB_START_BLOCK, jump, sizeof(jump));
    lab_memory_write_physical(m->memory, LAB_START_BLOCK + 0x70, &entry_va, 8);
    lab_memory_write_physical(m->memory, LAB_START_BLOCK + 0xa0, &m->info.cr3, 8);
}

static bool build(struct lab_machine *m, const struct lab_machine_options *o,
                  const char *kernel_dir, const char **why)
{
    const struct lab_scene *scene = m->scene;
    char path[PATH_LEN];

    m->info = (struct lab_machine_info){
        .name = scene->name,
        .build = scene->build,
        .processors = scene->processors,
        .kernel_base = scene->kernel_base,
        .kernel_path = "\\SystemRoot\\system32\\ntoskrnl.exe",
    };
    m->pool = scene->pool;
    m->cast = cast_create(scene, o->seed ? o->seed : CAST_USUAL);
    m->memory = lab_memory_create(scene->self_slot, o->ram ? o->ram : LAB_RAM_MIN);
    m->truth = o->tell ? truth_create() : NULL;
    if (!m->memory || !m->cast || (o->tell && !m->truth)) {
        *why = "out of memory";
        return false;
    }
    m->info.cr3 = lab_memory_cr3(m->memory);
    if (snprintf(path, sizeof(path), "%s/%s/ntoskrnl.exe", kernel_dir, scene->name) >= PATH_LEN) {
        *why = "the folder's name is too long";
        return false;
    }
    if (!image_load(m, path, why))
        return false;
    start_block(m);
    m->parts->processes(m);
    m->parts->user(m);
    m->parts->system(m);
    m->parts->etw(m);
    for (unsigned i = 1; i <= LAB_TAMPERS; i++)
        if (o->tampers >> (i - 1) & 1 && !m->parts->tamper(m, i)) {
            *why = "this machine has nothing that could be tampered with like that";
            return false;
        }
    if (o->race)
        m->parts->race(m);
    if (lab_memory_failed(m->memory) || truth_failed(m->truth)) {
        *why = "out of memory";
        return false;
    }
    return true;
}

struct lab_machine *lab_machine_create(const char *name, const char *kernel_dir, const char **why)
{
    const struct lab_machine_options usual = {0};

    return lab_machine_create_with(name, kernel_dir, &usual, why);
}

struct lab_machine *lab_machine_create_with(const char *name, const char *kernel_dir,
                                            const struct lab_machine_options *options,
                                            const char **why)
{
    const char *unused;

    if (!why)
        why = &unused;
    for (size_t i = 0; i < KERNELS; i++) {
        struct lab_machine *m;

        if (strcmp(kernels[i].scene->name, name) != 0)
            continue;
        m = calloc(1, sizeof(*m));
        if (!m) {
            *why = "out of memory";
            return NULL;
        }
        m->scene = kernels[i].scene;
        m->parts = kernels[i].parts;
        if (build(m, options, kernel_dir, why))
            return m;
        lab_machine_destroy(m);
        return NULL;
    }
    *why = "no such kernel: there are 14393, 18362, 19041 and 22000";
    return NULL;
}

void lab_machine_destroy(struct lab_machine *m)
{
    if (!m)
        return;
    lab_memory_destroy(m->memory);
    cast_destroy(m->cast);
    truth_destroy(m->truth);
    free(m);
}

size_t lab_machine_read_virtual(const struct lab_machine *m, uint64_t va, void *buf, size_t len)
{
    return lab_memory_read(m->memory, va, buf, len);
}

size_t lab_machine_read_physical(const struct lab_machine *m, uint64_t pa, void *buf, size_t len)
{
    return lab_memory_read_physical(m->memory, pa, buf, len);
}

static void page_out_header(void *ctx, uint64_t va, unsigned level, uint64_t *entry)
{
    const struct lab_machine *m = ctx;

    if (level == 0 && va == m->info.kernel_base)
        *entry = LAB_ENTRY_PAGED_OUT(0, 0x1234);
}

void lab_machine_page_out_header(struct lab_machine *m)
{
    lab_memory_visit(m->memory, page_out_header, m);
}

struct lots {
    uint64_t random;
    unsigned percent;
};

static void draw_lot(void *ctx, uint64_t va, unsigned level, uint64_t *entry)
{
    struct lots *l = ctx;

    if (level > 0 || !(va >> 63) || va >= LAB_POOL_END)
        return;
    if (lab_random(&l->random) % 100 < l->percent)
        *entry = LAB_ENTRY_PAGED_OUT(0, va / LAB_PAGE % 0x40000 + 1);
}

void lab_machine_page_out(struct lab_machine *m, unsigned percent, uint64_t seed)
{
    struct lots lots = {seed, percent};

    lab_memory_visit(m->memory, draw_lot, &lots);
}

const struct lab_machine_info *lab_machine_info(const struct lab_machine *m)
{
    return &m->info;
}

struct truth *lab_machine_truth(struct lab_machine *m)
{
    return m->truth;
}

static bool copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
    char block[0x4000];
    size_t n;
    bool ok = out != NULL;

    while (ok && (n = fread(block, 1, sizeof(block), in)) > 0)
        ok = fwrite(block, 1, n, out) == n;
    if (in) {
        ok = ok && !ferror(in);
        fclose(in);
    }
    if (out)
        ok = fclose(out) == 0 && ok;
    return ok;
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

/* dir/ntkrnlmp.pdb/<key>/ntkrnlmp.pdb; NULL, or what went wrong. */
static const char *store_one(const char *kernel_dir, const char *name, const char *dir)
{
    char image[PATH_LEN], pdb[PATH_LEN], to[PATH_LEN], key[LAB_KEY_TEXT];
    int len;

    if (snprintf(image, sizeof(image), "%s/%s/ntoskrnl.exe", kernel_dir, name) >= PATH_LEN ||
        snprintf(pdb, sizeof(pdb), "%s/%s/ntkrnlmp.pdb", kernel_dir, name) >= PATH_LEN ||
        (len = snprintf(to, sizeof(to), "%s/ntkrnlmp.pdb", dir)) >= PATH_LEN - 128)
        return "the folder's name is too long";
    if (!image_pdb_key(image, key))
        return "a kernel's image cannot be read";
    if (!make_folder(dir) || !make_folder(to))
        return "the folder cannot be made";
    len += snprintf(to + len, sizeof(to) - (size_t)len, "/%s", key);
    if (!make_folder(to))
        return "the folder cannot be made";
    snprintf(to + len, sizeof(to) - (size_t)len, "/ntkrnlmp.pdb");
    return copy_file(pdb, to) ? NULL : "a kernel's PDB cannot be copied";
}

bool lab_machine_write_store(const char *kernel_dir, const char *dir, const char **why)
{
    for (size_t i = 0; i < KERNELS; i++) {
        const char *wrong = store_one(kernel_dir, kernels[i].scene->name, dir);

        if (wrong) {
            if (why)
                *why = wrong;
            return false;
        }
    }
    return true;
}
