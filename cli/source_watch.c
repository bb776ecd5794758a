#include "source_watch.h"

#include "source_kind.h"

enum kd_status source_watch(struct source *s, const struct source_hearing *hearing)
{
    if (!s->kind->watching)
        return kd_diag_set(&s->cli->diag, KD_ERR_UNSUPPORTED,
                           "a dump stands still: only a live target, -k, or a recording, -r, can "
                           "be watched");
    return s->kind->watching->begin(s, hearing);
}

enum kd_status source_let_go(struct source *s)
{
    return s->kind->watching->let_go(s);
}

enum kd_status source_listen(struct source *s, uint32_t ms, struct kd_state_change *stop)
{
    return s->kind->watching->listen(s, ms, stop);
}

enum kd_status source_catch(struct source *s)
{
    return s->kind->watching->catch (s);
}

enum kd_status source_return(struct source *s, enum kd_status st)
{
    return s->kind->again ? s->kind->again(s, st) : st;
}

void source_abandon(struct source *s)
{
    s->kind->watching->abandon(s);
}

void source_limit(struct source *s, uint64_t freeze_us)
{
    s->kind->watching->limit(s, freeze_us);
}

void source_get_cost(const struct source *s, struct source_cost *out)
{
    s->kind->watching->get_cost(s, out);
}

uint64_t source_time_ns(const struct source *s)
{
    return s->kind->watching->time_ns(s);
}
