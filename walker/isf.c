#include <walker/isf.h>

#include "isf_json.h"
#include "map.h"
#include "unxz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void isf_close(struct kdw_symbol_table *t)
{
    struct kdw_isf *isf = (struct kdw_isf *)t;

    free(t->by_name);
    free(t->aliases);
    free(t->types);
    free(t->shapes);
    kdw_arena_free(&isf->arena);
    free(isf);
}

static enum kd_status open_text(const char *text, size_t len, struct kd_diag *diag,
                                struct kdw_symbols **out)
{
    struct kdw_isf *isf;
    enum kd_status st;

    if (len == 0)
        return kd_diag_set(diag, KD_ERR_TRUNCATED, "nothing in it");
    isf = calloc(1, sizeof *isf);
    if (!isf)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    isf->table.diag = diag;
    isf->table.what = "the ISF file has";
    isf->table.close = isf_close;
    st = kdw_isf_parse(text, len, isf);
    if (st != KD_OK) {
        isf_close(&isf->table);
        return st;
    }
    *out = &isf->table.symbols;
    return KD_OK;
}

static bool begins(const uint8_t *data, size_t len, const char *magic)
{
    return len >= strlen(magic) && memcmp(data, magic, strlen(magic)) == 0;
}

enum kd_status kdw_isf_open_bytes(const void *data, size_t len, struct kd_diag *diag,
                                  struct kdw_symbols **out)
{
    uint8_t *text;
    size_t text_len;
    enum kd_status st;

    if (begins(data, len, "\x1f\x8b"))
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "compressed, expand it with gunzip");
    if (begins(data, len, "BZh"))
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "compressed, expand it with bunzip2");
    if (begins(data, len, "PK\x03\x04"))
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "an archive, expand it with unzip");
    if (!kdw_is_xz(data, len))
        return open_text(data, len, diag, out);
    st = kdw_unxz(data, len, diag, &text, &text_len);
    if (st != KD_OK)
        return st;
    st = open_text((const char *)text, text_len, diag, out);
    free(text);
    return st;
}

enum kd_status kdw_isf_open(const char *path, struct kd_diag *diag, struct kdw_symbols **out)
{
    struct kdw_map map;
    enum kd_status st = kdw_map_open(path, diag, &map);

    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_ERR_IO : st; /* "not found" is for what is inside */
    st = kdw_isf_open_bytes(map.data, map.len, diag, out);
    kdw_map_close(&map);
    if (st != KD_OK)
        return kd_diag_add(diag, st, "%s", path);
    kdw_symbols_set_origin(*out, "ISF %s", path);
    return KD_OK;
}

void kdw_isf_identity(const struct kdw_symbols *isf, struct kdw_pdb_id *out)
{
    *out = ((const struct kdw_isf *)isf)->id;
}
