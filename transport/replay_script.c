/* How a recording is cut into boots:
 *
 *   the target said farewell      what it says next begins a boot
 *   it shows that it restarted    what it says next begins one (recording.h says how)
 *   it tells another version      the stop it tells it in begins one
 *   another conversation          is another target
 *
 * Each boot is kept as three lists: what was said, what was answered, what was read. */
#include "replay_script.h"

#include <kdproto/debug_io.h>

#include <assert.h>
#include <stdlib.h>

struct talk {    /* what is going on in a conversation */
    size_t boot; /* its latest plus one; 0: none yet, or none since it restarted */
    unsigned restarts;
    bool has_parted; /* that boot said farewell */
    bool was_reset;  /* by a host that found it running: some targets halt for that */
    bool was_broken_into;
    bool has_asked;
    struct replay_asked asked; /* by the last request */
};

struct builder {
    struct replay_script *script;
    struct talk talks[KDT_CONVERSATIONS_MAX];
};

/* ---- boots ---- */

void replay_script_free(struct replay_script *s)
{
    for (size_t i = 0; i < s->boot_count; i++)
        replay_boot_deinit(&s->boots[i]);
    free(s->boots);
    *s = (struct replay_script){0};
}

static struct replay_boot *boot_of(const struct builder *b, const struct talk *t)
{
    return t->boot ? &b->script->boots[t->boot - 1] : NULL;
}

static enum kd_status begin_boot(struct builder *b, const struct kdt_record *r)
{
    struct replay_script *s = b->script;
    struct talk *t = &b->talks[r->conversation];
    struct replay_boot *boots = replay_grow(s->boots, s->boot_count, sizeof *boots);
    struct replay_boot *boot;
    enum kd_status st;

    if (!boots)
        return KD_ERR_NO_MEMORY;
    s->boots = boots;
    boot = &boots[s->boot_count];
    st = replay_boot_init(boot);
    if (st != KD_OK)
        return st;
    boot->conversation = r->conversation;
    boot->order = s->boot_count++;
    boot->kdnet_version = r->is_stream ? 0 : r->datagram.version;
    t->boot = s->boot_count;
    t->has_parted = false;
    return KD_OK;
}

/* ---- what is said ---- */

static bool is_break(const struct kd_state_change *sc)
{
    return sc->kind == KD_STATE_EXCEPTION && sc->exception_code == KD_STATUS_BREAKPOINT;
}

/* A break-in that came while something else halted the target is kept by it for the next time. */
static bool was_asked_for(struct talk *t, const struct kd_state_change *sc)
{
    bool was_asked = is_break(sc) && (t->was_broken_into || t->was_reset);

    t->was_reset = false;
    if (is_break(sc))
        t->was_broken_into = false;
    return was_asked;
}

/* false: nothing that a target says unasked, or that was not understood. */
static bool is_said(struct talk *t, const struct kdt_record *r, struct kdt_said *out)
{
    struct kd_debug_io io;

    *out = (struct kdt_said){.type = r->packet.type, .data = {r->packet.data, r->packet.len}};
    switch (r->packet.type) {
    case KD_PACKET_STATE_CHANGE64:
        if (!r->has_state_change || !r->is_new_stop)
            return false;
        out->kind = KDT_SAID_STOP;
        out->awaits_halt = was_asked_for(t, &r->state_change);
        return true;
    case KD_PACKET_DEBUG_IO:
        if (kd_debug_io_decode(r->packet.data, r->packet.len, &io) != KD_OK)
            return false;
        out->kind = io.kind == KD_DEBUG_IO_GET_STRING ? KDT_SAID_QUESTION : KDT_SAID_NOTE;
        return true;
    case KD_PACKET_FILE_IO:
        out->kind = KDT_SAID_QUESTION;
        return true;
    case KD_PACKET_TRACE_IO:
    case KD_PACKET_CONTROL_REQUEST:
        out->kind = KDT_SAID_NOTE;
        return true;
    default:
        return false;
    }
}

static enum kd_status take_said(struct builder *b, const struct kdt_record *r)
{
    struct talk *t = &b->talks[r->conversation];
    struct kdt_said said;
    enum kd_status st = KD_OK;

    if (!is_said(t, r, &said))
        return KD_OK;
    if (!t->boot || t->has_parted)
        st = begin_boot(b, r);
    if (st != KD_OK)
        return st;
    if (said.kind == KDT_SAID_STOP)
        t->has_parted = kd_state_change_is_farewell(&r->state_change);
    return replay_boot_say(boot_of(b, t), &said);
}

/* ---- what is answered ---- */

/* Its version tells that this is another boot: the stop at hand is its first. */
static enum kd_status begin_boot_in_stop(struct builder *b, const struct kdt_record *r)
{
    size_t old = b->talks[r->conversation].boot;
    enum kd_status st = begin_boot(b, r);
    struct replay_boot *before;

    if (st != KD_OK || !old || !r->stop)
        return st;
    before = &b->script->boots[old - 1];
    if (!before->said_count || before->said[before->said_count - 1].kind != KDT_SAID_STOP)
        return KD_OK; /* it spoke between the stop and this reply: too late to tell them apart */
    return replay_boot_take_stop(&b->script->boots[b->script->boot_count - 1], before);
}

static enum kd_status take_answer(struct builder *b, const struct kdt_record *r)
{
    struct talk *t = &b->talks[r->conversation];
    struct replay_boot *boot = boot_of(b, t);
    const struct kd_manipulate *reply = &r->manipulate;
    enum kd_status st = KD_OK;
    unsigned stop;

    if (!boot || (r->is_new_boot && boot->has_version))
        st = begin_boot_in_stop(b, r);
    if (st != KD_OK)
        return st;
    boot = boot_of(b, t);
    boot->has_version |= r->is_new_boot;
    if (!r->is_answer || !t->has_asked || kd_api_class(reply->api) != KD_API_READS)
        return KD_OK;
    stop = r->stop ? boot->stops : 0;
    if (reply->api == KD_API_READ_VIRTUAL || reply->api == KD_API_READ_PHYSICAL)
        return replay_boot_read(boot, stop, reply);
    return replay_boot_answer(boot, &t->asked, stop, reply);
}

/* ---- one record ---- */

static void take_from_host(struct talk *t, const struct kdt_record *r)
{
    if (r->packet.is_control) {
        t->was_reset |= r->packet.type == KD_PACKET_RESET && !r->stop;
    } else if (r->has_manipulate) {
        t->has_asked = true;
        t->asked = replay_asked_of(&r->manipulate);
    }
}

static enum kd_status take(struct builder *b, const struct kdt_record *r)
{
    struct talk *t;

    assert(r->conversation < KDT_CONVERSATIONS_MAX); /* as recording.h promises */
    t = &b->talks[r->conversation];
    if (r->restarts != t->restarts)
        t->boot = 0;
    t->restarts = r->restarts;
    if (r->kind == KDT_RECORD_BREAK_IN)
        t->was_broken_into = true;
    if (r->kind != KDT_RECORD_PACKET || r->is_repeat)
        return KD_OK;
    if (r->is_from_host) {
        take_from_host(t, r);
        return KD_OK;
    }
    if (r->packet.is_control)
        return KD_OK;
    return r->has_manipulate ? take_answer(b, r) : take_said(b, r);
}

/* ---- all of them ---- */

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_boots(const void *a, const void *b)
{
    const struct replay_boot *left = a, *right = b;
    int order = compare(left->conversation, right->conversation);

    return order ? order : compare(left->order, right->order);
}

static unsigned stops_of(const struct replay_script *s, unsigned conversation)
{
    unsigned stops = 0;

    for (size_t i = 0; i < s->boot_count; i++)
        if (s->boots[i].conversation == conversation)
            stops += s->boots[i].stops;
    return stops;
}

/* A target that never halted while it was recorded has nothing to play. */
static void drop_idle_targets(struct replay_script *s)
{
    bool is_idle[KDT_CONVERSATIONS_MAX];
    size_t kept = 0;

    for (unsigned i = 0; i < KDT_CONVERSATIONS_MAX; i++)
        is_idle[i] = stops_of(s, i) == 0;
    for (size_t i = 0; i < s->boot_count; i++) {
        if (is_idle[s->boots[i].conversation])
            replay_boot_deinit(&s->boots[i]);
        else
            s->boots[kept++] = s->boots[i];
    }
    s->boot_count = kept;
}

static bool is_farewell(const struct kdt_said *said)
{
    struct kd_state_change sc;

    return kd_state_change_decode(said->data.data, said->data.len, &sc) != KD_OK ||
           kd_state_change_is_farewell(&sc);
}

/* The last stop, of any kind only where there is no better one. */
static bool find_last_stop(struct replay_script *s, bool may_part)
{
    for (size_t i = s->boot_count; i-- > 0;)
        for (size_t k = s->boots[i].said_count; k-- > 0;) {
            const struct kdt_said *said = &s->boots[i].said[k];

            if (said->kind == KDT_SAID_STOP && (may_part || !is_farewell(said))) {
                s->last_boot = i;
                s->last_said = k;
                return true;
            }
        }
    return false;
}

static enum kd_status explain_nothing(const struct kdt_recording *recording, struct kd_diag *diag)
{
    char why[KDT_WHY_NOTHING_MAX];
    enum kd_status st = kdt_recording_why_nothing(recording, why);

    return kd_diag_set(diag, st, "%s", why);
}

static enum kd_status read_all(struct builder *b, struct kdt_recording *recording,
                               struct kd_diag *diag)
{
    struct kdt_record record;
    enum kd_status st, end;

    while ((end = kdt_recording_next(recording, &record)) == KD_OK) {
        st = take(b, &record);
        if (st != KD_OK)
            return kd_diag_set(diag, st, "what the target said does not fit into memory");
    }
    if (end == KD_ERR_LIMIT || end == KD_ERR_NO_MEMORY)
        return end;
    b->script->end = end == KD_ERR_NOT_FOUND ? KD_OK : end;
    return KD_OK;
}

static enum kd_status build(struct replay_script *s, struct kdt_recording *recording,
                            struct kd_diag *diag)
{
    struct builder b = {.script = s};
    enum kd_status st = read_all(&b, recording, diag);

    if (st != KD_OK)
        return st;
    drop_idle_targets(s);
    if (s->boot_count)
        qsort(s->boots, s->boot_count, sizeof *s->boots, compare_boots);
    for (size_t i = 0; i < s->boot_count; i++)
        replay_boot_sort(&s->boots[i]);
    if (find_last_stop(s, false) || find_last_stop(s, true))
        return KD_OK;
    /* Nothing to play: that the file broke off says more than that nothing is in it. */
    return s->end != KD_OK ? s->end : explain_nothing(recording, diag);
}

enum kd_status replay_script_read(struct kdt_recording *recording, struct kd_diag *diag,
                                  struct replay_script *out)
{
    struct replay_script s = {0};
    enum kd_status st = build(&s, recording, diag);

    if (st != KD_OK)
        replay_script_free(&s);
    else
        *out = s;
    return st;
}
