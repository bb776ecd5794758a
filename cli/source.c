#include "source.h"

#include "document.h"
#include "message.h"
#include "source_kind.h"

#include <inttypes.h>

enum { CHECKED_BUILD = 0x0C };

struct kdw_mem *source_mem(struct source *s)
{
    return s->mem;
}

const struct kdw_target *source_target(const struct source *s)
{
    return &s->target;
}

struct memory_gap source_gap(const struct source *s, uint64_t va, size_t max)
{
    return s->space ? source_space_gap(s, va, max) : s->kind->gap(s, va, max);
}

enum kd_status source_modules(struct source *s, struct kdw_module_list *out)
{
    if (s->kind->modules)
        return s->kind->modules(s, out);
    return kdw_modules(s->mem, s->target.module_list_va, &s->cli->diag, out);
}

struct kdw_target source_target_of(const struct kd_version *v, const struct kd_state_change *stop)
{
    struct kdw_target t = {
        .machine = v->machine,
        .build = v->minor,
        .is_checked = (v->major & 0xff) == CHECKED_BUILD,
        .is_mp = (v->flags & 1) != 0,
        .is_kernel = kd_version_is_nt_kernel(v),
        .processor_count = stop->processor_count,
        .kernel_base_va = v->kernel_base_va,
        .module_list_va = v->module_list_va,
        .debugger_data_list_va = v->debugger_data_list_va,
    };

    return t;
}

enum kd_status source_load_symbols(struct source *s, struct kdw_kernel *k)
{
    enum kd_status st = symbol_choice_load(&s->symbols, k);

    return st == KD_OK && s->kind->learn ? s->kind->learn(s, k) : st;
}

enum kd_status source_kernel(struct source *s, struct kdw_kernel *out)
{
    enum kd_status st = kdw_kernel_open(source_mem(s), &s->target, &s->cli->diag, out);

    if (st != KD_OK)
        return st;
    st = source_load_symbols(s, out);
    if (st != KD_OK)
        kdw_kernel_close(out);
    return st;
}

enum kd_status source_snapshot(struct source *s, unsigned parts, struct kdw_snapshot *out)
{
    struct kdw_kernel kernel;
    enum kd_status st = source_kernel(s, &kernel);

    if (st != KD_OK)
        return st;
    st = kdw_snapshot_take(&kernel, parts, out);
    kdw_kernel_close(&kernel);
    return st;
}

void source_tell_freeze(struct source *s)
{
    s->tells_freeze = true;
}

/* What was missing may be so in these symbols only. */
static void say_failure(const struct source *s, enum kd_status st)
{
    const struct cli *c = s->cli;

    if (st == KD_ERR_CANCELLED)
        message_error("interrupted");
    else if (st == KD_ERR_REBOOTED && !c->options.wait)
        message_error("the target restarted, and what was read of it is void; with --wait the work "
                      "starts over with its new boot");
    else if (st == KD_ERR_NO_MEMORY) /* anywhere, with no word on where */
        message_error("%s", kd_status_text(st));
    else if (st != KD_OK)
        message_error("%s", c->diag.text[0] ? c->diag.text : kd_status_text(st));
    if (st == KD_ERR_NOT_FOUND)
        symbol_choice_say_lacking(&s->symbols);
    else if (st != KD_OK)
        symbol_choice_say(&s->symbols, c->options.verbose);
}

static enum kd_status open_and_collect(struct source *s, const struct source_job *job, void *work)
{
    enum kd_status st = s->kind->open(s, job->need);
    bool is_done = false;

    while (st == KD_OK && !is_done) {
        st = job->collect(s->cli, s, work);
        is_done = st == KD_OK;
        if (!is_done && s->kind->again)
            st = s->kind->again(s, st);
    }
    return st;
}

/* A machine is not kept waiting for a server: it runs while its symbols are fetched, and then it is
 * all done again. */
static enum kd_status fetch_meanwhile(struct source *s, const struct source_job *job, void *work)
{
    struct cli *c = s->cli;
    enum kd_status st;

    source_space_drop(s);
    s->kind->leave(s, false);
    s->kind->close(s);
    s->state = NULL;
    s->mem = NULL;
    st = symbol_server_catch_up(&s->symbols.server, c->options.symbol_path, &c->diag);
    return st == KD_OK ? open_and_collect(s, job, work) : st;
}

static const struct source_kind *kind_of(const struct cli_options *o)
{
    if (o->dump)
        return &source_dump;
    return o->recording ? &source_recording : &source_live;
}

enum cli_exit source_run(struct cli *c, const struct source_job *job, void *work)
{
    struct source s = {.kind = kind_of(&c->options), .cli = c};
    bool has_gaps = false;
    enum kd_status st;

    symbol_choice_init(&s.symbols, &c->options);
    s.symbols.server.is_held_up = s.kind->stands_still;
    st = open_and_collect(&s, job, work);
    if (s.symbols.server.is_wanted)
        st = fetch_meanwhile(&s, job, work);
    message_progress_end();
    say_failure(&s, st);
    if (s.kind->leave)
        s.kind->leave(&s, st != KD_OK);
    message_take_back(); /* whatever is said from now on goes below what was in the terminal before */
    if (st == KD_OK) {
        symbol_choice_say(&s.symbols, c->options.verbose);
        document_name_symbols(s.symbols.origin.text, s.symbols.is_guess);
        if (s.remark.text[0])
            message_warning("%s", s.remark.text);
        if (s.tells_freeze && s.kind->stands_still)
            message_note("the target stood still for %" PRIu64 " ms", s.frozen_ms);
        has_gaps = job->print(c, work);
    }
    source_space_drop(&s);
    s.kind->close(&s);
    if (st != KD_OK)
        return CLI_FAILED;
    return has_gaps ? CLI_GAPS : CLI_COMPLETE;
}
