/* source_dump.c - a file that holds a machine's memory (-z): its virtual memory, and what is known of
 * its kernel. What is not in it, or was not in memory, is gaps. */
#include "message.h"
#include "source_kind.h"

#include <walker/dump_system.h>

#include <stdlib.h>

enum { PAGE = 4096 };

struct dump {
    struct kdw_dump *file;
    struct kdw_dump_system system;
};

static bool is_triage(const struct dump *d)
{
    return kdw_dump_virtual(d->file) != NULL;
}

/* ---- symbols ---- */

static enum kd_status learn(struct source *s, struct kdw_kernel *k)
{
    struct dump *d = s->state;
    enum kd_status st = kdw_dump_system_learn(&d->system, k);

    s->target = d->system.target;
    return st;
}

/* Symbols that did not help are named here, and need not be told as used. */
static void warn_of_what_is_unknown(struct source *s)
{
    const char *what =
        s->target.module_list_va != 0 ? "build lab is" : "module list and build lab are";
    struct kd_diag *origin = &s->symbols.origin;
    const struct kd_diag *why = &s->cli->diag;

    if (origin->text[0])
        message_warning("it is not known where the kernel's %s, and its symbols do not say: %s",
                        what, origin->text);
    else
        message_warning("it is not known where the kernel's %s: %s", what, why->text);
    kd_diag_clear(origin);
}

/* An image of memory does not say where its build lab is, and not always where its module list is.
 * Symbols do, be it those that are built in; without any the rest can still be told. */
static enum kd_status complete_by_symbols(struct source *s)
{
    const struct dump *d = s->state;
    struct cli *c = s->cli;
    struct kdw_kernel k;
    enum kd_status st = kdw_kernel_open(s->mem, &s->target, &c->diag, &k);

    if (st == KD_OK) {
        st = source_load_symbols(s, &k);
        kdw_kernel_close(&k);
    }
    if (kdw_ends_walk(st))
        return st;
    if (!kdw_dump_system_is_complete(&d->system))
        warn_of_what_is_unknown(s);
    kd_diag_clear(&c->diag);
    return KD_OK;
}

/* ---- the kind ---- */

static void say_warnings(const struct source *s, const struct kdw_dump_facts *f)
{
    for (size_t i = 0; i < f->warning_count; i++)
        message_warning("%s: %s", s->cli->options.dump, f->warnings[i]);
}

static enum kd_status find_system(struct source *s, struct dump *d)
{
    const char *path = s->cli->options.dump;
    enum kd_status st = kdw_dump_system_find(d->file, &s->cli->diag, &d->system);

    if (st != KD_OK)
        return kd_diag_add(&s->cli->diag, st, "%s", path);
    s->mem = d->system.mem;
    s->target = d->system.target;
    return KD_OK;
}

static enum kd_status open_dump(struct source *s, enum source_need need)
{
    struct dump *d = calloc(1, sizeof *d);
    enum kd_status st;

    if (!d)
        return KD_ERR_NO_MEMORY;
    s->state = d;
    st = kdw_dump_open(s->cli->options.dump, &s->cli->diag, &d->file);
    if (st != KD_OK)
        return st;
    say_warnings(s, kdw_dump_facts(d->file));
    if (is_triage(d) && need == SOURCE_KERNEL)
        return kd_diag_set(&s->cli->diag, KD_ERR_UNSUPPORTED,
                           "%s is a triage dump: it holds a few structures and the list of "
                           "drivers, for vertarget, lm and read; a kernel memory dump holds the "
                           "rest",
                           s->cli->options.dump);
    st = find_system(s, d);
    if (st != KD_OK || is_triage(d) || need == SOURCE_KERNEL)
        return st; /* the kernel's symbols are asked for anyway */
    return kdw_dump_system_is_complete(&d->system) ? KD_OK : complete_by_symbols(s);
}

static void close_dump(struct source *s)
{
    struct dump *d = s->state;

    if (!d)
        return;
    kdw_dump_system_deinit(&d->system);
    kdw_dump_close(d->file);
    free(d);
}

/* Pages are missing as a whole; a triage dump has single bytes. */
static struct memory_gap gap_in_dump(const struct source *s, uint64_t va, size_t max)
{
    const struct dump *d = s->state;
    size_t rest = is_triage(d) ? 1 : PAGE - (size_t)(va & (PAGE - 1));
    uint8_t byte;

    return (struct memory_gap){.len = rest < max ? rest : max,
                               .status = kdw_mem_read(s->mem, va, &byte, 1, NULL)};
}

static enum kd_status physical_of_dump(struct source *s, struct kdw_paging_opts *out)
{
    const struct dump *d = s->state;

    if (is_triage(d))
        return kd_diag_set(&s->cli->diag, KD_ERR_UNSUPPORTED,
                           "%s is a triage dump: it holds no page tables", s->cli->options.dump);
    *out = kdw_paging_get_opts(d->system.paging);
    return KD_OK;
}

/* A triage dump has no list in memory, and one of its own. */
static enum kd_status list_modules(struct source *s, struct kdw_module_list *out)
{
    const struct dump *d = s->state;

    if (is_triage(d))
        return kdw_dump_modules(d->file, out);
    return kdw_modules(s->mem, s->target.module_list_va, &s->cli->diag, out);
}

const struct source_kind source_dump = {
    .open = open_dump,
    .close = close_dump,
    .gap = gap_in_dump,
    .learn = learn,
    .physical = physical_of_dump,
    .modules = list_modules,
};
