#include <transport/recorded_target.h>

#include "recorded_boot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS_BETWEEN_PROGRESS = 4096 };

struct kdt_recorded_target {
    struct kdt_recorded_boot *boot;
    struct kdt_recorded_facts facts;
};

/* A conversation with one target: the boot that it is in, and a stop of which it is not known yet
 * whether it belongs to that boot. The first reply tells: GetVersion64's may begin a new one. A sign of
 * a restart ends a boot as well: the version's reply may be missing. */
struct talk {
    struct kdt_recorded_boot *boot; /* NULL: nothing was heard of it yet */
    unsigned restarts;              /* before that boot */
    bool has_new_stop;
    struct kd_state_change new_stop;
    bool was_halted;
};

/* One pass over the file. */
struct pass {
    const struct kdt_recorded_target_opts *opts;
    struct kd_diag *diag;
    struct kdt_recording *recording;
    struct talk talks[KDT_CONVERSATIONS_MAX];
    struct kdt_recorded_boot *best; /* of the boots that are over */
    bool has_stop;                  /* MOMENT_STOP: that stop was met, in this conversation */
    unsigned stop_conversation;
    bool is_stop_over;
    bool begins_later;      /* than the moment */
    bool has_boot_debugger; /* a version that is not fit was heard */
    uint64_t records, last_ns;
    uint64_t until_ns; /* MOMENT_TIME, MOMENT_OFFSET */
    struct kdt_recorded_facts facts;
};

/* ---- which boot ---- */

static bool is_fit(const struct pass *p, const struct kdt_recorded_boot *b)
{
    if (!p->opts->needs_kernel)
        return true;
    return b->has_version && kd_version_is_nt_kernel(&b->version);
}

/* Of two that may be NULL. One whose version is known is worth more than any without. */
static bool is_better(const struct pass *p, const struct kdt_recorded_boot *a,
                      const struct kdt_recorded_boot *b)
{
    if (!a || !is_fit(p, a))
        return false;
    if (!b)
        return true;
    if (a->has_version != b->has_version)
        return a->has_version;
    return a->stood_at > b->stood_at;
}

/* The boot is over; it may still be the last that is fit. */
static void retire(struct pass *p, struct kdt_recorded_boot *b)
{
    if (b->has_version && !is_fit(p, b))
        p->has_boot_debugger = true;
    if (is_better(p, b, p->best)) {
        kdt_recorded_boot_destroy(p->best);
        p->best = b;
    } else {
        kdt_recorded_boot_destroy(b);
    }
}

static struct kdt_recorded_boot *take_best(struct pass *p)
{
    struct kdt_recorded_boot *best;

    for (unsigned i = 0; i < KDT_CONVERSATIONS_MAX; i++) {
        if (p->talks[i].boot)
            retire(p, p->talks[i].boot);
        p->talks[i].boot = NULL;
    }
    best = p->best;
    p->best = NULL;
    return best;
}

/* ---- the records ---- */

/* The stop is one of the boot that the conversation is in. */
static enum kd_status settle_stop(struct talk *t)
{
    enum kd_status st = t->boot ? KD_OK : kdt_recorded_boot_create(&t->boot);

    if (st == KD_OK && t->has_new_stop) {
        kdt_recorded_boot_stop(t->boot, &t->new_stop);
        t->has_new_stop = false;
    }
    return st;
}

static void end_boot(struct pass *p, struct talk *t)
{
    if (t->boot)
        retire(p, t->boot);
    t->boot = NULL;
}

static enum kd_status hear_reply(struct pass *p, struct talk *t, const struct kdt_record *rec)
{
    enum kd_status st;

    /* What was read before the first version of a conversation, or after a restart, is of that boot. */
    if (rec->is_new_boot && t->boot && t->boot->has_version)
        end_boot(p, t);
    st = settle_stop(t);
    if (st != KD_OK)
        return st;
    t->boot->number = rec->boot;
    if (rec->stop)
        t->boot->stood_at = p->records;
    return kdt_recorded_boot_reply(t->boot, &rec->manipulate);
}

static enum kd_status hear_packet(struct pass *p, const struct kdt_record *rec)
{
    struct talk *t = &p->talks[rec->conversation];

    if (rec->restarts != t->restarts) {
        end_boot(p, t);
        t->has_new_stop = false;
        t->restarts = rec->restarts;
    }
    if (rec->is_new_stop) {
        t->has_new_stop = true;
        t->new_stop = rec->state_change;
        p->facts.targets += !t->was_halted;
        t->was_halted = true;
    }
    if (rec->has_manipulate && !rec->is_from_host && !rec->is_repeat)
        return hear_reply(p, t, rec);
    return KD_OK;
}

static enum kd_status hear(struct pass *p, const struct kdt_record *rec)
{
    p->records++;
    p->last_ns = rec->time_ns;
    p->facts.boots += rec->is_new_boot;
    p->facts.sealed += rec->kind == KDT_RECORD_UNVERIFIED;
    return rec->kind == KDT_RECORD_PACKET ? hear_packet(p, rec) : KD_OK;
}

/* ---- the moment ---- */

static void begin(struct pass *p, uint64_t first_ns)
{
    const struct kdt_recorded_target_opts *o = p->opts;

    p->facts.start_ns = first_ns;
    p->until_ns = o->time_ns;
    if (o->moment == KDT_MOMENT_OFFSET)
        p->until_ns = o->time_ns > UINT64_MAX - first_ns ? UINT64_MAX : first_ns + o->time_ns;
    else if (o->moment != KDT_MOMENT_TIME)
        p->until_ns = UINT64_MAX;
}

/* Does the moment lie before this record? */
static bool is_beyond(struct pass *p, const struct kdt_record *rec)
{
    if (rec->time_ns > p->until_ns)
        return true;
    if (p->opts->moment != KDT_MOMENT_STOP)
        return false;
    if (p->is_stop_over)
        return true;
    if (rec->stop == p->opts->stop && rec->stop != 0) {
        p->has_stop = true;
        p->stop_conversation = rec->conversation;
        p->is_stop_over = rec->ends_stop; /* the Continue still belongs to it */
        return false;
    }
    return p->has_stop && rec->conversation == p->stop_conversation;
}

static bool goes_on(const struct pass *p)
{
    uint64_t done, total;

    if (!p->opts->on_progress || p->records % RECORDS_BETWEEN_PROGRESS != 0)
        return true;
    kdt_recording_position(p->recording, &done, &total);
    return p->opts->on_progress(p->opts->ctx, done, total);
}

/* A stop at the end in which nobody asked anything may be the first of a new boot. It counts where it
 * was chosen, or nothing else is known. */
static bool is_told_by_stop(const struct pass *p, const struct talk *t)
{
    return t->has_new_stop &&
           (p->opts->moment == KDT_MOMENT_STOP || !t->boot || !t->boot->has_stop);
}

/* All records until the moment. Fails with what makes all of them worthless. */
static enum kd_status listen(struct pass *p)
{
    enum kd_status st = KD_OK;

    while (st == KD_OK) {
        struct kdt_record rec;

        if (!goes_on(p))
            return kd_diag_set(p->diag, KD_ERR_CANCELLED, "cancelled");
        p->facts.end = kdt_recording_next(p->recording, &rec);
        if (p->facts.end == KD_ERR_NO_MEMORY)
            return p->facts.end;
        if (p->facts.end != KD_OK)
            break;
        if (p->records == 0)
            begin(p, rec.time_ns);
        if (is_beyond(p, &rec)) {
            p->begins_later = p->records == 0;
            break;
        }
        st = hear(p, &rec);
    }
    if (p->facts.end == KD_ERR_NOT_FOUND)
        p->facts.end = KD_OK;
    for (unsigned i = 0; i < KDT_CONVERSATIONS_MAX && st == KD_OK; i++)
        if (is_told_by_stop(p, &p->talks[i]))
            st = settle_stop(&p->talks[i]);
    kdt_recording_get_counts(p->recording, &p->facts.counts);
    return st == KD_OK ? KD_OK : kd_diag_set(p->diag, st, "%s", kd_status_text(st));
}

/* ---- what came of it ---- */

/* How the file broke off, if it did, is in the diag and goes with what is said here. */
static enum kd_status fail(const struct pass *p, enum kd_status st, const char *what)
{
    if (p->facts.end == KD_OK)
        return kd_diag_set(p->diag, st, "%s: %s", p->opts->recording.path, what);
    return kd_diag_add(p->diag, st, "%s: %s; it breaks off", p->opts->recording.path, what);
}

static enum kd_status no_stop(const struct pass *p)
{
    char what[80];

    snprintf(what, sizeof what, "there is no stop %u in it, but %u stop%s", p->opts->stop,
             p->facts.counts.stops, p->facts.counts.stops == 1 ? "" : "s");
    return fail(p, KD_ERR_NOT_FOUND, what);
}

/* Why nobody in it is fit. */
static enum kd_status no_target(const struct pass *p)
{
    char what[KDT_WHY_NOTHING_MAX];
    enum kd_status st;

    if (p->begins_later)
        return fail(p, KD_ERR_NOT_FOUND, "it begins after that time");
    if (p->has_boot_debugger)
        return fail(p, KD_ERR_UNSUPPORTED,
                    "only a boot debugger is in it, not the NT kernel that this needs");
    if (p->facts.targets > 0)
        return fail(p, KD_ERR_NOT_FOUND,
                    "nobody asked the target in it for its version, so its kernel is not known");
    st = kdt_recording_why_nothing(p->recording, what);
    return fail(p, st, what);
}

/* The boot that the chosen stop is one of. */
static struct kdt_recorded_boot *take_stopped(struct pass *p)
{
    struct talk *t = &p->talks[p->stop_conversation];
    struct kdt_recorded_boot *boot = t->boot;

    if (boot && !is_fit(p, boot)) {
        p->has_boot_debugger = boot->has_version;
        return NULL;
    }
    t->boot = NULL;
    return boot;
}

static bool is_by_stop(const struct pass *p)
{
    return p->opts->moment == KDT_MOMENT_STOP;
}

/* NULL: nobody is fit. */
static struct kdt_recorded_boot *take_chosen(struct pass *p)
{
    if (is_by_stop(p))
        return p->has_stop ? take_stopped(p) : NULL;
    return take_best(p);
}

static enum kd_status explain_none(const struct pass *p)
{
    return is_by_stop(p) && !p->has_stop && p->facts.targets > 0 ? no_stop(p) : no_target(p);
}

static void tell(struct pass *p, const struct kdt_recorded_boot *b)
{
    struct kdt_recorded_facts *f = &p->facts;

    f->has_version = b->has_version;
    f->version = b->version;
    f->has_stop = b->has_stop;
    f->stop = b->stop;
    f->has_dtb = b->has_dtb;
    f->dtb = b->dtb;
    f->cr4 = b->cr4;
    f->moment_ns = p->last_ns;
    f->boot = b->number;
}

static enum kd_status make(struct pass *p, struct kdt_recorded_target **out)
{
    struct kdt_recorded_target *t = calloc(1, sizeof *t);
    enum kd_status st;

    if (!t)
        return kd_diag_set(p->diag, KD_ERR_NO_MEMORY, "%s", kd_status_text(KD_ERR_NO_MEMORY));
    st = listen(p);
    if (st == KD_OK)
        t->boot = take_chosen(p);
    if (!t->boot) {
        free(t);
        return st == KD_OK ? explain_none(p) : st;
    }
    tell(p, t->boot);
    t->facts = p->facts;
    *out = t;
    return KD_OK;
}

enum kd_status kdt_recorded_target_open(const struct kdt_recorded_target_opts *opts,
                                        struct kdt_recorded_target **out)
{
    struct pass *p = calloc(1, sizeof *p);
    enum kd_status st;

    if (!p)
        return kd_diag_set(opts->recording.diag, KD_ERR_NO_MEMORY, "%s",
                           kd_status_text(KD_ERR_NO_MEMORY));
    p->opts = opts;
    p->diag = opts->recording.diag;
    st = kdt_recording_open(&opts->recording, &p->recording);
    if (st == KD_OK)
        st = make(p, out);
    kdt_recorded_boot_destroy(take_best(p)); /* those that were not taken */
    kdt_recording_close(p->recording);
    free(p);
    return st;
}

void kdt_recorded_target_close(struct kdt_recorded_target *t)
{
    if (!t)
        return;
    kdt_recorded_boot_destroy(t->boot);
    free(t);
}

const struct kdt_recorded_facts *kdt_recorded_target_facts(const struct kdt_recorded_target *t)
{
    return &t->facts;
}

const struct kdt_recorded_memory *kdt_recorded_target_virtual(const struct kdt_recorded_target *t)
{
    return t->boot->virt;
}

const struct kdt_recorded_memory *kdt_recorded_target_physical(const struct kdt_recorded_target *t)
{
    return t->boot->phys;
}
