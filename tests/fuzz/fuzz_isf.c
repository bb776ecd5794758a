/* Any bytes as an ISF file, plain or packed: opened, and asked every question there is. */
#include <stdlib.h>
#include <string.h>

#include <walker/isf.h>
#include <walker/isf_write.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum {
    TYPES_MAX = 64, /* definitions, and the shapes behind them */
    MEMBERS_MAX = 300,
};

/* assert, but also in builds that leave assertions out: it is all that this program is for. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

struct visit {
    struct kdw_symbols *isf;
    kdw_type_id type;
    size_t count;
};

static bool look_at_member(void *ctx, const struct kdw_field *f)
{
    struct visit *v = ctx;
    struct kdw_field again;
    struct kdw_type t;

    require(f->name[0] != '\0'); /* parts without a name are looked into instead */
    require(kdw_type_describe(v->isf, f->type, &t) == KD_OK);
    if (v->count == 0 && !strchr(f->name, '.') && strlen(f->name) < 256)
        require(kdw_type_field(v->isf, v->type, f->name, &again) == KD_OK &&
                again.offset == f->offset);
    return ++v->count < MEMBERS_MAX;
}

static void look_at_type(struct kdw_symbols *isf, kdw_type_id type)
{
    struct visit v = {isf, type, 0};
    struct kdw_type t;
    const char *name;
    kdw_type_id by_name;

    require(kdw_type_describe(isf, type, &t) == KD_OK);
    if (t.kind == KDW_TYPE_BITFIELD)
        require(t.bit_length > 0 && (uint64_t)t.bit_position + t.bit_length <= 8 * t.size);
    if (t.name)
        (void)kdw_type_by_name(isf, t.name, &by_name);
    (void)kdw_type_each_field(isf, type, look_at_member, &v);
    (void)kdw_type_enum_name(isf, type, 1, &name);
}

/* What was read can be written, or is refused for what is in it; and what was written can be read. */
static void write_and_read(struct kdw_symbols *isf, const struct kdw_pdb_id *id)
{
    const struct kdw_isf_metadata metadata = {*id, 0x8664, "0"};
    struct kd_diag diag = {""};
    struct kdw_isf_counts counts;
    struct kdw_symbols *again;
    char *text;
    size_t len;
    enum kd_status st = kdw_isf_write(isf, &metadata, &diag, &text, &len, &counts);

    if (st != KD_OK) {
        require(diag.text[0] != '\0');
        return;
    }
    st = kdw_isf_open_bytes(text, len, &diag, &again);
    require(st == KD_OK || st == KD_ERR_LIMIT); /* a type of more text than readers take */
    if (st == KD_OK)
        kdw_symbols_close(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kd_diag diag = {""};
    struct kdw_symbols *isf;
    struct kdw_pdb_id id;
    uint64_t rva;

    if (kdw_isf_open_bytes(bytes, len, &diag, &isf) != KD_OK) {
        require(diag.text[0] != '\0');
        return 0;
    }
    kdw_isf_identity(isf, &id);
    require(kdw_pdb_name_is_safe(id.name));
    (void)kdw_symbol(isf, "PsLoadedModuleList", &rva);
    for (uint64_t at = 0; at <= 0x1000; at += 0x80) {
        const char *name;

        if (kdw_symbol_near(isf, at, &name, &rva) == KD_OK)
            require(rva <= at && kdw_symbol(isf, name, &rva) == KD_OK);
    }
    for (kdw_type_id type = 0; type < TYPES_MAX; type++)
        look_at_type(isf, type);
    look_at_type(isf, UINT32_MAX);
    write_and_read(isf, &id);
    kdw_symbols_close(isf);
    return 0;
}
