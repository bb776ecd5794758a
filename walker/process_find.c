#include <walker/process_find.h>

#include <walker/list.h>
#include <walker/object.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SAME_NAME_MAX = 32 }; /* ids that are told of those with one name */

enum { LINKS, ID, NAME, ROOT, FIELDS };
static const char *const field_names[FIELDS] = {"ActiveProcessLinks", "UniqueProcessId",
                                                "ImageFileName", "Pcb.DirectoryTableBase"};

struct search {
    struct kdw_kernel *k;
    struct kdw_field_ref refs[FIELDS];
    struct kdw_layout layout;
    const char *name; /* NULL: by id */
    uint64_t id;

    size_t found; /* those that match; the first of them: */
    uint64_t found_va;
    uint64_t found_ids[SAME_NAME_MAX];
    size_t unread; /* those of which nobody knows whether they match */
    struct kdw_list list;
};

/* ---- does it match? ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_name(const char *wanted, const char *kept)
{
    size_t i = 0;

    while (i < KDW_PROCESS_NAME_KEPT && wanted[i] && lower(wanted[i]) == lower(kept[i]))
        i++;
    return i == KDW_PROCESS_NAME_KEPT || (wanted[i] == '\0' && kept[i] == '\0');
}

static enum kd_status match_name(const struct search *s, uint64_t va, bool *matches)
{
    struct kdw_text name;
    enum kd_status st = kdw_field_chars(s->k->mem, &s->layout, NAME, va, &name);

    if (st == KD_OK)
        *matches = is_name(s->name, name.utf8);
    kdw_text_free(&name);
    return st;
}

/* Looks at the process; fails with what ends a walk only. */
static enum kd_status look_at(struct search *s, uint64_t va)
{
    struct kdw_u64 id;
    bool matches = false;
    enum kd_status st = kdw_field_u64(s->k->mem, &s->layout, ID, va, &id);

    if (s->name && !kdw_ends_walk(st))
        st = match_name(s, va, &matches);
    else if (st == KD_OK)
        matches = id.value == s->id;
    if (kdw_ends_walk(st))
        return st;
    s->unread += st != KD_OK;
    if (!matches)
        return KD_OK;
    if (s->found == 0)
        s->found_va = va;
    if (s->found < SAME_NAME_MAX)
        s->found_ids[s->found] = id.status == KD_OK ? id.value : 0;
    s->found++;
    return KD_OK;
}

/* Ids are unique, so the first one is it; of names there may be another at the very end. */
static enum kd_status walk(struct search *s)
{
    uint64_t head_va = 0, links_va = 0;
    enum kd_status st = kdw_kernel_symbol(s->k, "PsActiveProcessHead", &head_va);

    if (st != KD_OK)
        return st;
    kdw_list_begin(&s->list, s->k->mem, head_va, KDW_PROCESSES_MAX);
    while ((s->name || s->found == 0) && kdw_list_next(&s->list, &links_va)) {
        st = look_at(s, links_va - s->layout.refs[LINKS].offset);
        if (st != KD_OK)
            return kdw_explain_read(s->k->diag, st, "the list of processes");
    }
    if (kdw_ends_walk(s->list.end))
        return kdw_explain_read(s->k->diag, s->list.end, "the list of processes");
    return KD_OK;
}

/* ---- what is said of it ---- */

enum { LABEL_MAX = 64, REMARK_MAX = 160, IDS_MAX = 300 };

/* "with the id 712", "called lsass.exe" */
static void put_label(const struct search *s, char text[LABEL_MAX])
{
    if (s->name)
        snprintf(text, LABEL_MAX, "called %s", s->name);
    else
        snprintf(text, LABEL_MAX, "with the id %" PRIu64, s->id);
}

/* What the search did not see; empty where it saw everything. */
static void put_remark(const struct search *s, char text[REMARK_MAX])
{
    int n = 0;

    text[0] = '\0';
    if (s->list.end != KD_OK)
        n = snprintf(text, REMARK_MAX,
                     "the list of processes breaks off after %zu, at 0x%" PRIx64 ": %s",
                     s->list.count, s->list.end_va, kd_status_text(s->list.end));
    if (s->unread > 0)
        snprintf(text + n, REMARK_MAX - (size_t)n, "%s%zu of %zu processes could not be read",
                 n ? "; " : "", s->unread, s->list.count);
}

static enum kd_status none(const struct search *s)
{
    char label[LABEL_MAX], remark[REMARK_MAX];

    put_label(s, label);
    put_remark(s, remark);
    return kd_diag_set(s->k->diag, KD_ERR_NOT_FOUND, "there is no process %s among %zu%s%s", label,
                       s->list.count, remark[0] ? "; " : "", remark);
}

static enum kd_status several(const struct search *s)
{
    char ids[IDS_MAX] = "";
    size_t told = s->found < SAME_NAME_MAX ? s->found : SAME_NAME_MAX;

    for (size_t i = 0; i < told; i++) {
        size_t n = strlen(ids);

        snprintf(ids + n, sizeof ids - n, "%s%" PRIu64, i ? ", " : "", s->found_ids[i]);
    }
    return kd_diag_set(s->k->diag, KD_ERR_USAGE,
                       "%zu processes are called %s: give the id of one of them: %s%s", s->found,
                       s->name, ids, told < s->found ? ", ..." : "");
}

static enum kd_status read_root(const struct search *s, struct kdw_found_process *out)
{
    char label[LABEL_MAX], remark[REMARK_MAX];
    struct kdw_u64 root;
    enum kd_status st = kdw_field_u64(s->k->mem, &s->layout, ROOT, s->found_va, &root);

    put_label(s, label);
    put_remark(s, remark);
    if (st != KD_OK)
        return kdw_explain_read(s->k->diag, st, "the page-table root of the process %s", label);
    if (root.value == 0)
        return kd_diag_set(s->k->diag, KD_ERR_NOT_FOUND,
                           "the process %s has no page tables any more", label);
    kd_diag_clear(s->k->diag);
    if (remark[0])
        kd_diag_set(s->k->diag, KD_OK, "%s", remark);
    *out = (struct kdw_found_process){s->found_va, s->found_ids[0], root.value};
    return KD_OK;
}

static enum kd_status search(struct search *s, struct kdw_found_process *out)
{
    enum kd_status st =
        kdw_layout_resolve(s->k, "_EPROCESS", field_names, FIELDS, s->refs, &s->layout);

    for (size_t i = 0; st == KD_OK && i < FIELDS; i++)
        if (!kdw_layout_has(&s->layout, i))
            st = kd_diag_set(s->k->diag, KD_ERR_NOT_FOUND,
                             "field _EPROCESS.%s: the kernel's symbols have none", field_names[i]);
    if (st == KD_OK)
        st = walk(s);
    if (st != KD_OK)
        return st;
    if (s->found == 0)
        return none(s);
    return s->found > 1 ? several(s) : read_root(s, out);
}

enum kd_status kdw_process_by_id(struct kdw_kernel *k, uint64_t id, struct kdw_found_process *out)
{
    struct search s = {.k = k, .id = id};

    return search(&s, out);
}

enum kd_status kdw_process_by_name(struct kdw_kernel *k, const char *name,
                                   struct kdw_found_process *out)
{
    struct search s = {.k = k, .name = name};

    return search(&s, out);
}
