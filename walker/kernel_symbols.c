#include <walker/builtin.h>
#include <walker/isf_store.h>
#include <walker/kernel.h>
#include <walker/symstore.h>

#include "landmarks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One way to symbols. KD_ERR_NOT_FOUND: try the next. */
typedef enum kd_status find_symbols(struct kdw_kernel *k, const struct kdw_symbol_options *o,
                                    struct kdw_symbols **out);

static enum kd_status find_isf(struct kdw_kernel *k, const char *folders, struct kdw_symbols **out)
{
    if (!folders || !k->pe.has_pdb_id)
        return KD_ERR_NOT_FOUND;
    return kdw_isf_store_open(folders, &k->pe.pdb_id, k->diag, out);
}

static enum kd_status find_isf_first(struct kdw_kernel *k, const struct kdw_symbol_options *o,
                                     struct kdw_symbols **out)
{
    return find_isf(k, o->isf_first, out);
}

static enum kd_status find_isf_last(struct kdw_kernel *k, const struct kdw_symbol_options *o,
                                    struct kdw_symbols **out)
{
    return find_isf(k, o->isf_last, out);
}

static enum kd_status find_pdb(struct kdw_kernel *k, const struct kdw_symbol_options *o,
                               struct kdw_symbols **out)
{
    if (!k->pe.has_pdb_id)
        return KD_ERR_NOT_FOUND;
    return kdw_symstore_open(o->symbol_path, o->server, &k->pe.pdb_id, k->diag, out);
}

static enum kd_status find_builtin(struct kdw_kernel *k, const struct kdw_symbol_options *o,
                                   struct kdw_symbols **out)
{
    struct kdw_landmarks landmarks;
    struct kdw_kernel_facts facts = {
        .pdb_id = k->pe.has_pdb_id ? &k->pe.pdb_id : NULL,
        .timestamp = k->pe.timestamp,
        .image_size = k->pe.image_size,
        .landmarks = landmarks.all,
        .mem = k->mem,
        .base_va = k->base_va,
    };
    enum kd_status st = kdw_landmarks_read(k->mem, k->target, &landmarks);

    (void)o;
    if (st != KD_OK)
        return kdw_explain_read(k->diag, st, "landmarks of the kernel");
    facts.landmark_count = landmarks.count;
    return kdw_builtin_open(&facts, k->diag, out);
}

static const struct {
    unsigned kind;
    find_symbols *find;
} ways[] = {{KDW_SYMBOLS_ISF, find_isf_first},
            {KDW_SYMBOLS_PDB, find_pdb},
            {KDW_SYMBOLS_ISF, find_isf_last},
            {KDW_SYMBOLS_BUILTIN, find_builtin}};

/* Why a way led nowhere, behind what was said of those before. */
static void append(struct kd_diag *said, const struct kd_diag *more)
{
    size_t have = strlen(said->text);

    if (more && more->text[0])
        snprintf(said->text + have, sizeof said->text - have, "%s%s", have ? "; " : "", more->text);
}

static enum kd_status use(struct kdw_kernel *k, struct kdw_symbols *symbols)
{
    enum kd_status st = kdw_kernel_use_symbols(k, symbols);

    if (st != KD_OK) {
        kd_diag_add(k->diag, st, "%s", kdw_symbols_origin(symbols));
        kdw_symbols_close(symbols);
    }
    return st;
}

enum kd_status kdw_kernel_load_symbols(struct kdw_kernel *k,
                                       const struct kdw_symbol_options *options)
{
    struct kd_diag said = {""};

    if (!k->pe.has_pdb_id) { /* pe.c said why */
        if (k->pe.image_size != 0)
            kd_diag_add(k->diag, KD_ERR_NOT_FOUND,
                        "the kernel image at 0x%" PRIx64 " does not name its PDB", k->base_va);
        append(&said, k->diag);
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct kdw_symbols *symbols;
        enum kd_status st;

        if (!(options->kinds & ways[i].kind))
            continue;
        kd_diag_clear(k->diag);
        st = ways[i].find(k, options, &symbols);
        if (st == KD_OK)
            return use(k, symbols);
        if (st != KD_ERR_NOT_FOUND)
            return st;
        append(&said, k->diag);
    }
    return kd_diag_set(k->diag, KD_ERR_NOT_FOUND, "%s",
                       said.text[0] ? said.text : "nowhere to look for symbols");
}
