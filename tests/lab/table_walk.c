#include "table_walk.h"

#include <stddef.h>

#include "machine.h"

struct walk {
    const struct lab_machine *machine;
    uint64_t root;
    table_walk_fn *found;
    void *ctx;
};

static void walk_table(const struct walk *w, unsigned level, uint64_t va, uint64_t pa)
{
    uint64_t table[512];

    w->found(w->ctx, level, va, pa);
    if (level == 0 ||
        lab_machine_read_physical(w->machine, pa, table, sizeof table) != sizeof table)
        return;
    for (uint64_t i = 0; i < 512; i++) {
        uint64_t lower = table[i] & 0x000ffffffffff000;
        uint64_t at = va + (i << (3 + 9 * level));

        if (!(table[i] & 1) || lower == w->root) /* the root leads back to itself */
            continue;
        if (level == 4 && i >= 256)
            at |= 0xffff000000000000;
        if (level == 2 && (table[i] & 0x80)) /* 2 MiB */
            for (uint64_t n = 0; n < 512; n++)
                w->found(w->ctx, 0, at + (n << 12), (lower & ~UINT64_C(0x1fffff)) + (n << 12));
        else
            walk_table(w, level - 1, at, lower);
    }
}

void table_walk(const struct lab_machine *m, uint64_t root, table_walk_fn *found, void *ctx)
{
    const struct walk w = {m, root, found, ctx};

    walk_table(&w, 4, 0, root);
}
