#include <walker/builtin_list.h>

#include "builtin_data.h"

#include <stdio.h>
#include <string.h>

static struct kdw_builtin_entry entry_of(uint16_t build, uint16_t revision)
{
    struct kdw_builtin_entry e = {.has_pdb = false};

    snprintf(e.version, sizeof e.version, "10.0.%u.%u", (unsigned)build, (unsigned)revision);
    return e;
}

bool kdw_builtin_entry_at(size_t i, struct kdw_builtin_entry *out)
{
    if (i < kdw_builtin_kernel_count) {
        const struct kdw_builtin_kernel *k = &kdw_builtin_kernels[i];

        *out = entry_of(k->build, k->revision);
        out->has_pdb = true;
        memcpy(out->pdb.guid, k->guid, sizeof k->guid);
        out->pdb.age = k->age;
        return true;
    }
    i -= kdw_builtin_kernel_count;
    if (i < kdw_builtin_revision_count) {
        const struct kdw_builtin_revision *r = &kdw_builtin_revisions[i];

        *out = entry_of(r->build, r->revision);
        out->timestamp = r->timestamp;
        out->size = r->image_size;
        return true;
    }
    return false;
}
