#include "builtin_structures.h"

#include "builtin_probe.h"
#include "builtin_table.h"

#include <kdproto/bytes.h>

#include <assert.h>
#include <string.h>

enum {
    LAYOUTS_MAX = 64,
    SEEN_MIN = 2, /* one structure may be anything */
    /* How far behind EtwpDebuggerData a pointer to the state is looked for: in kernels of 14393 it is
     * 0x80b8 to 0x8188 bytes [seen]; newer ones have the state's own way back. */
    POINTER_NEAR = 0x10000,
    CHUNK_LEN = 0x1000,
    POINTER_LEN = 8,
};

/* ---- layouts ---- */

static bool is_candidate(const struct kdw_choice *c, uint8_t layout)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->candidates[i].layout == layout)
            return true;
    return c->count == 0;
}

static enum kd_status judge(const struct kdw_probe *p, uint8_t layout,
                            struct kdw_probe_finding *out)
{
    const struct kdw_choice alone = {.candidates = {{.layout = layout}}, .count = 1};
    struct kdw_symbols *symbols;
    struct kd_diag diag = {""}; /* of symbols that are gone when this returns */
    enum kd_status st = kdw_builtin_table(&alone, NULL, 0, &diag, &symbols);

    if (st == KD_OK) {
        st = kdw_probe_judge(p, symbols, out);
        kdw_symbols_close(symbols);
    }
    return st;
}

static unsigned count_bits(unsigned v)
{
    unsigned count = 0;

    for (; v != 0; v &= v - 1)
        count++;
    return count;
}

static enum kd_status judge_all(const struct kdw_probe *p, const struct kdw_choice *c,
                                struct kdw_probe_finding findings[LAYOUTS_MAX], unsigned *best)
{
    enum kd_status st = KD_OK;

    assert(kdw_builtin_layout_count <= LAYOUTS_MAX);
    for (uint8_t i = 0; i < kdw_builtin_layout_count && st == KD_OK; i++) {
        if (!is_candidate(c, i))
            continue;
        st = judge(p, i, &findings[i]);
        if (st == KD_OK && findings[i].fits && count_bits(findings[i].seen) > *best)
            *best = count_bits(findings[i].seen);
    }
    return st;
}

/* A layout that says less of what is there is not as good as one that fits more of it: partial ones
 * would else leave nothing that all agree on. */
static bool is_best(const struct kdw_probe_finding *f, unsigned best)
{
    return f->fits && count_bits(f->seen) == best;
}

/* The candidates whose layouts are among the best; layouts, where there was none. False: no room. */
static bool take_best(const struct kdw_probe_finding findings[LAYOUTS_MAX], unsigned best,
                      struct kdw_choice *c)
{
    struct kdw_choice kept = {.way = c->way};

    for (size_t i = 0; i < c->count; i++)
        if (is_best(&findings[c->candidates[i].layout], best))
            kept.candidates[kept.count++] = c->candidates[i];
    for (uint8_t i = 0; c->count == 0 && i < kdw_builtin_layout_count; i++) {
        if (!is_best(&findings[i], best))
            continue;
        if (kept.count == KDW_CANDIDATES_MAX)
            return false;
        kept.candidates[kept.count++] = (struct kdw_candidate){.layout = i};
    }
    *c = kept;
    return true;
}

/* What all of the candidates found. */
static struct kdw_probe_finding agreed(const struct kdw_probe_finding findings[LAYOUTS_MAX],
                                       const struct kdw_choice *c)
{
    struct kdw_probe_finding all = findings[c->candidates[0].layout];

    for (size_t i = 1; i < c->count; i++) {
        const struct kdw_probe_finding *f = &findings[c->candidates[i].layout];

        all.seen &= f->seen;
        if (f->state_va != all.state_va)
            all.state_va = 0;
        if (f->globals_va != all.globals_va)
            all.globals_va = 0;
    }
    return all;
}

/* ---- addresses ---- */

static void add(struct kdw_found *found, const struct kdw_probe *p, const char *name, uint64_t va)
{
    found->all[found->count++] = (struct kdw_landmark){name, va - p->base_va};
}

/* The first pointer to the state behind EtwpDebuggerData. *va stays 0 where there is none. */
static enum kd_status find_pointer(const struct kdw_probe *p, uint64_t etw_va, uint64_t state_va,
                                   uint64_t *va)
{
    for (uint64_t at = etw_va; at < etw_va + POINTER_NEAR; at += CHUNK_LEN) {
        uint8_t bytes[CHUNK_LEN] = {0};
        struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
        enum kd_status st = kdw_mem_read(p->mem, at, bytes, sizeof bytes, NULL);

        if (kdw_ends_walk(st))
            return st;
        if (st != KD_OK)
            continue;
        for (uint64_t k = 0; k < CHUNK_LEN; k += POINTER_LEN) {
            if (kd_rd_u64(&r) == state_va) {
                *va = at + k;
                return KD_OK;
            }
        }
    }
    return KD_OK;
}

/* A way to the state: the globals that hold it, or the variable that points to it. */
static enum kd_status find_addresses(const struct kdw_kernel_facts *facts,
                                     const struct kdw_probe *p,
                                     const struct kdw_probe_finding *finding,
                                     struct kdw_found *found)
{
    uint64_t va = 0;
    enum kd_status st = KD_OK;

    if (finding->globals_va != 0)
        add(found, p, "PspHostSiloGlobals", finding->globals_va);
    if (finding->seen & KDW_SEES_SILO || finding->state_va == 0)
        return KD_OK;
    for (size_t i = 0; i < facts->landmark_count && st == KD_OK; i++)
        if (strcmp(facts->landmarks[i].name, "EtwpDebuggerData") == 0)
            st = find_pointer(p, p->base_va + facts->landmarks[i].rva, finding->state_va, &va);
    if (va != 0)
        add(found, p, "EtwpHostSiloState", va);
    return st;
}

enum kd_status kdw_builtin_look(const struct kdw_kernel_facts *facts, struct kdw_choice *choice,
                                struct kdw_found *found)
{
    struct kdw_probe_finding findings[LAYOUTS_MAX] = {{0}};
    struct kdw_probe_finding finding;
    struct kdw_found f = {.count = 0};
    struct kdw_choice c = *choice;
    struct kdw_probe probe;
    unsigned best = 0;
    enum kd_status st = kdw_probe_begin(facts, &probe);

    if (st == KD_OK)
        st = judge_all(&probe, &c, findings, &best);
    if (st != KD_OK || best < SEEN_MIN || !take_best(findings, best, &c))
        return st;
    finding = agreed(findings, &c);
    st = find_addresses(facts, &probe, &finding, &f);
    if (st != KD_OK)
        return st;
    c.seen = finding.seen;
    c.has_found_addresses = f.count > 0;
    *choice = c;
    *found = f;
    return KD_OK;
}
