/* source_space.c - another address space than the one that the target stood still in: that of a process
 * (--process), or behind a page-table root (--dtb). Its tables are walked here, over the target's
 * physical memory. */
#include "message.h"
#include "source_kind.h"

#include <walker/process_find.h>

#include <inttypes.h>

enum { PAGE = 4096 };

bool source_space_needs_kernel(const struct source *s)
{
    enum cli_space_kind kind = s->cli->options.space.kind;

    return kind == CLI_SPACE_PROCESS_ID || kind == CLI_SPACE_PROCESS_NAME;
}

/* ---- where its tables begin, and how they are to be read ---- */

static enum kd_status find_root(struct source *s, struct kdw_kernel *k, uint64_t *root)
{
    const struct cli_space *wanted = &s->cli->options.space;
    struct kdw_found_process process = {.dtb = wanted->number};
    enum kd_status st = KD_OK;

    if (wanted->kind == CLI_SPACE_PROCESS_ID)
        st = kdw_process_by_id(k, wanted->number, &process);
    else if (wanted->kind == CLI_SPACE_PROCESS_NAME)
        st = kdw_process_by_name(k, wanted->name, &process);
    if (st != KD_OK)
        return st;
    if (wanted->kind != CLI_SPACE_ROOT && s->cli->diag.text[0])
        kd_diag_set(&s->remark, KD_OK, "%s", s->cli->diag.text);
    *root = process.dtb;
    return KD_OK;
}

/* A dump has no memory but what is in it. Of a machine that runs only what is known to be memory is
 * read; of a recording that was done before. */
static enum kd_status stay_in_memory(struct source *s, struct kdw_paging_opts *opts)
{
    struct kd_diag *diag = &s->cli->diag;
    enum kd_status st;

    if (opts->rules.highest_pfn != 0)
        return KD_OK;
    st = kdw_ram_init(&s->ram, opts->physical, s->mem, &s->target, diag);
    if (st == KD_OK) {
        opts->physical = kdw_ram_mem(&s->ram);
        opts->rules.highest_pfn = (kdw_ram_end_pa(&s->ram) - 1) / PAGE;
        return KD_OK;
    }
    if (kdw_ends_walk(st) || s->kind->stands_still)
        return kd_diag_add(diag, st, "physical memory cannot be read safely");
    kd_diag_clear(diag);
    return KD_OK;
}

static enum kd_status settle_levels(const struct source *s, struct kdw_paging_opts *opts)
{
    const uint64_t known_vas[] = {s->target.kernel_base_va, s->target.module_list_va};
    enum kd_status st = KD_OK;

    if (opts->levels == 0)
        st = kdw_paging_find_levels(opts, known_vas, sizeof known_vas / sizeof known_vas[0],
                                    &opts->levels);
    if (st == KD_ERR_NOT_FOUND) { /* neither leads to the kernel: most machines have four */
        opts->levels = 4;
        st = KD_OK;
    }
    return st;
}

/* A number that somebody typed may be anything. */
static enum kd_status doubt(struct source *s, uint64_t root)
{
    bool is_doubtful = false;
    enum kd_status st = kdw_paging_is_doubtful(s->space, &is_doubtful);

    if (st != KD_OK)
        return kdw_explain_read(&s->cli->diag, st, "the page-table root at 0x%" PRIx64, root);
    if (is_doubtful)
        kd_diag_set(&s->remark, KD_OK,
                    "0x%" PRIx64 " may be no page-table root: the page that every Windows has at "
                    "the same address is not where it leads",
                    root);
    return KD_OK;
}

static enum kd_status learn(struct source *s, struct kdw_kernel *k)
{
    enum kd_status st = KD_OK;

    if (k && !kdw_paging_get_opts(s->space).rules.knows_swizzle_mask)
        st = kdw_paging_learn(s->space, k->symbols, k->base_va);
    return st == KD_OK
               ? KD_OK
               : kd_diag_add(&s->cli->diag, st, "what the kernel's symbols say of page tables");
}

static enum kd_status open_space(struct source *s, struct kdw_kernel *k)
{
    struct kdw_paging_opts opts = {0};
    enum kd_status st = s->kind->physical(s, &opts);

    if (st == KD_OK)
        st = stay_in_memory(s, &opts);
    if (st == KD_OK)
        st = find_root(s, k, &opts.dtb);
    if (st == KD_OK)
        st = settle_levels(s, &opts);
    if (st == KD_OK)
        st = kdw_paging_create(&opts, &s->space);
    if (st == KD_OK && s->cli->options.space.kind == CLI_SPACE_ROOT)
        st = doubt(s, opts.dtb);
    return st == KD_OK ? learn(s, k) : st;
}

struct kdw_paging_opts source_paging_of(struct kdw_mem *physical, uint64_t cr4)
{
    struct kdw_paging_opts opts = {.physical = physical, .rules = kdw_pte_rules_default()};

    if (cr4 != 0)
        opts.levels = cr4 & KDW_CR4_LA57 ? 5 : 4;
    return opts;
}

/* ---- what source.c and the commands call ---- */

enum kd_status source_space(struct source *s, struct kdw_kernel *k, struct kdw_mem **out)
{
    enum kd_status st = KD_OK;

    source_space_drop(s); /* that of an earlier boot */
    kd_diag_clear(&s->remark);
    if (s->cli->options.space.kind != CLI_SPACE_CURRENT)
        st = open_space(s, k);
    if (st != KD_OK) {
        source_space_drop(s);
        return st;
    }
    *out = s->space ? kdw_paging_mem(s->space) : s->mem;
    return KD_OK;
}

void source_space_drop(struct source *s)
{
    kdw_paging_destroy(s->space);
    s->space = NULL;
}

/* Its tables know of whole pages; what lies in one, the source may have in parts. */
struct memory_gap source_space_gap(const struct source *s, uint64_t va, size_t max)
{
    size_t rest = PAGE - (size_t)(va & (PAGE - 1));
    struct memory_gap gap = {.len = rest < max ? rest : max};
    struct kdw_translation t;
    uint8_t byte;

    gap.status = kdw_paging_translate(s->space, va, &t);
    if (gap.status == KD_OK && s->kind->physical_gap)
        return s->kind->physical_gap(s, t.pa, gap.len);
    if (gap.status == KD_OK)
        gap.status = kdw_mem_read(kdw_paging_mem(s->space), va, &byte, 1, NULL);
    return gap;
}
