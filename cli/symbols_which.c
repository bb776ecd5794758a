#include "symbols.h"

#include "document.h"
#include "message.h"

#include <inttypes.h>
#include <stdio.h>

enum { BUILTIN = SYMBOLS_WAYS - 1 };

/* In the order of the walker (kernel.h), which tries one after the other. */
static const struct way {
    const char *text, *json;
    unsigned kind;
    bool is_first, is_last; /* of the two ways to ISF files */
} ways[SYMBOLS_WAYS] = {
    {"--isf", "isf-named", KDW_SYMBOLS_ISF, true, false},
    {"PDB", "pdb", KDW_SYMBOLS_PDB, false, false},
    {"ISF", "isf-usual", KDW_SYMBOLS_ISF, false, true},
    {"built-in", "built-in", KDW_SYMBOLS_BUILTIN, false, false},
};

static struct kdw_symbol_options this_way_only(const struct kdw_symbol_options *options, size_t i)
{
    struct kdw_symbol_options o = *options;

    o.kinds = ways[i].kind;
    if (!ways[i].is_first)
        o.isf_first = NULL;
    if (!ways[i].is_last)
        o.isf_last = NULL;
    return o;
}

static void look(struct symbols_which *w, const struct kdw_symbol_options *options, size_t i)
{
    const struct kdw_symbol_options only = this_way_only(options, i);
    struct symbols_way *way = &w->ways[i];
    struct kdw_kernel *k = &w->kernel;

    kd_diag_clear(k->diag);
    if (i != BUILTIN && !k->pe.has_pdb_id)
        way->status = kd_diag_set(k->diag, KD_ERR_NOT_FOUND, "the kernel does not name its PDB");
    else
        way->status = kdw_kernel_load_symbols(k, &only);
    way->remark = *k->diag;
    way->is_found = way->status == KD_OK;
    if (!way->is_found)
        return;
    kd_diag_set(&way->origin, KD_OK, "%s", kdw_symbols_origin(k->symbols));
    way->is_guess = kdw_symbols_is_guess(k->symbols);
    kdw_symbols_close(k->symbols);
    k->symbols = NULL;
}

enum kd_status symbols_which_read(struct symbols_which *w, const struct kdw_kernel *kernel,
                                  const struct kdw_symbol_options *options)
{
    *w = (struct symbols_which){.target = *kernel->target, .kernel = *kernel};
    if (!kernel->pe.has_pdb_id)
        w->headers = *kernel->diag;
    look(w, options, BUILTIN);
    w->kernel.mem = NULL;
    w->kernel.target = &w->target;
    return kdw_ends_walk(w->ways[BUILTIN].status) ? w->ways[BUILTIN].status : KD_OK;
}

void symbols_which_look(struct symbols_which *w, const struct kdw_symbol_options *options)
{
    w->kernel.target = &w->target; /* wherever this was copied to */
    for (size_t i = 0; i < BUILTIN; i++)
        look(w, options, i);
}

/* The first that there are, unless one before them is such that the search ends there. */
static const struct symbols_way *used(const struct symbols_which *w)
{
    for (size_t i = 0; i < SYMBOLS_WAYS; i++) {
        if (w->ways[i].is_found)
            return &w->ways[i];
        if (w->ways[i].status != KD_ERR_NOT_FOUND)
            return NULL;
    }
    return NULL;
}

static bool has_place(const struct kdw_symbol_options *options, size_t i)
{
    return !ways[i].is_first || options->isf_first;
}

static void print_text(const struct symbols_which *w, const struct kdw_symbol_options *options)
{
    const struct symbols_way *taken = used(w);

    if (w->kernel.pe.has_pdb_id)
        symbols_print_wanted(&w->kernel.pe.pdb_id);
    else
        printf("wanted    unknown: %s\n",
               w->headers.text[0] ? w->headers.text : "the kernel does not name its PDB");
    for (size_t i = 0; i < SYMBOLS_WAYS; i++) {
        const struct symbols_way *way = &w->ways[i];
        const char *remark = way->remark.text;

        if (!has_place(options, i))
            printf("%-9s not given\n", ways[i].text);
        else if (way->is_found)
            printf("%-9s %s%s%s%s\n", ways[i].text, way->origin.text,
                   way->is_guess ? " (a guess)" : "", remark[0] ? "; " : "", remark);
        else
            printf("%-9s none: %s\n", ways[i].text,
                   remark[0] ? remark : kd_status_text(way->status));
    }
    printf("used      %s%s\n", taken ? taken->origin.text : "none",
           taken && taken->is_guess ? " (a guess)" : "");
}

static json_t *text_or_null(const struct kd_diag *d)
{
    return d->text[0] ? json_string(d->text) : json_null();
}

static void print_json(const struct symbols_which *w)
{
    const struct kdw_pdb_id *id = &w->kernel.pe.pdb_id;
    const struct symbols_way *taken = used(w);
    char guid[KDW_PDB_GUID_MAX], key[KDW_PDB_KEY_MAX];
    json_t *document = json_object(), *list = json_array();

    if (w->kernel.pe.has_pdb_id) {
        kdw_pdb_id_guid(id, guid);
        kdw_pdb_id_key(id, key);
        document_put(document, "pdb", json_string(id->name));
        document_put(document, "guid", json_string(guid));
        document_put(document, "age", json_integer((json_int_t)id->age));
        document_put(document, "key", json_string(key));
    }
    for (size_t i = 0; i < SYMBOLS_WAYS; i++)
        document_add(list,
                     json_pack("{s:s, s:o, s:b, s:o}", "way", ways[i].json, "found",
                               text_or_null(&w->ways[i].origin), "guess", (int)w->ways[i].is_guess,
                               "remark", text_or_null(&w->ways[i].remark)));
    document_put(document, "ways", list);
    document_put(document, "used", taken ? json_string(taken->origin.text) : json_null());
    document_put(document, "guess", json_boolean(taken && taken->is_guess));
    document_print(document);
}

/* What ended the search, or the way on which most symbols are found. */
static void say_none(const struct symbols_which *w)
{
    size_t i = 0;

    while (i < SYMBOLS_WAYS && w->ways[i].status == KD_ERR_NOT_FOUND)
        i++;
    if (i == SYMBOLS_WAYS)
        i = 1;
    message_error("no symbols for this kernel: %s: %s", ways[i].text,
                  w->ways[i].remark.text[0] ? w->ways[i].remark.text
                                            : kd_status_text(w->ways[i].status));
}

enum cli_exit symbols_which_print(const struct symbols_which *w,
                                  const struct kdw_symbol_options *options, bool json)
{
    const struct symbols_way *taken = used(w);

    if (json)
        print_json(w);
    else
        print_text(w, options);
    if (!taken)
        say_none(w);
    else if (taken->is_guess)
        message_warning("the symbols may not be this kernel's own: %s", taken->origin.text);
    return taken ? CLI_COMPLETE : CLI_FAILED;
}
