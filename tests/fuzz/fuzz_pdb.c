/* Any bytes as a PDB: opened, and asked every question there is. */
#include <stdlib.h>
#include <string.h>

#include <walker/pdb.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum {
    TYPES_MAX = 300, /* looked at: the first and, by name, those their members lead to */
    MEMBERS_MAX = 300,
};

/* assert, but also in builds that leave assertions out: it is all that this program is for. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

struct visit {
    struct kdw_symbols *pdb;
    kdw_type_id type;
    size_t count;
};

static bool look_at_member(void *ctx, const struct kdw_field *f)
{
    struct visit *v = ctx;
    struct kdw_type t;
    struct kdw_field again;

    require(f->name[0] != '\0'); /* parts without a name are looked into instead */
    require(kdw_type_describe(v->pdb, f->type, &t) == KD_OK);
    (void)kdw_type_field(v->pdb, v->type, f->name, &again);
    return ++v->count < MEMBERS_MAX;
}

static void look_at_type(struct kdw_symbols *pdb, kdw_type_id type)
{
    struct visit v = {pdb, type, 0};
    struct kdw_type t;
    const char *name;
    kdw_type_id by_name;

    /* The only failure of a description is a PDB without usable types. */
    if (kdw_type_describe(pdb, type, &t) != KD_OK)
        return;
    if (t.name)
        (void)kdw_type_by_name(pdb, t.name, &by_name);
    (void)kdw_type_each_field(pdb, type, look_at_member, &v);
    (void)kdw_type_enum_name(pdb, type, 1, &name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const names[] = {"PsLoadedModuleList", "EtwpDebuggerData", "Symbol1", ""};
    struct kd_diag diag;
    struct kdw_symbols *pdb;
    struct kdw_pdb_id id;
    kdw_type_id type;

    if (kdw_pdb_open_bytes(bytes, len, &diag, &pdb) != KD_OK)
        return 0;
    kdw_pdb_identity(pdb, &id);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint64_t rva;

        (void)kdw_symbol(pdb, names[i], &rva);
        (void)kdw_type_by_name(pdb, names[i], &type);
    }
    for (uint64_t rva = 0; rva <= 0x10000; rva += 0x130) {
        const char *name;
        uint64_t name_rva;

        if (kdw_symbol_near(pdb, rva, &name, &name_rva) == KD_OK)
            require(name_rva <= rva && strlen(name) < len);
    }
    for (type = 0x1000; type < 0x1000 + TYPES_MAX; type++)
        look_at_type(pdb, type);
    look_at_type(pdb, UINT32_MAX);
    kdw_symbols_close(pdb);
    return 0;
}
