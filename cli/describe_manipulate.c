/* describe_manipulate.c - what a host asked a halted target, and what that answered. */
#include "describe_parts.h"
#include "durations.h"
#include "ntstatus.h"

#include <kdproto/context_x64.h>

#include <inttypes.h>
#include <string.h>

enum { RIP_END = 0x100 }; /* in a CONTEXT [seen] */

static bool is_reply(const struct describing *d)
{
    return !d->record->is_from_host;
}

/* "1024 bytes", or, where a reply brought less than was asked for, "16 of 1024 bytes". */
static void add_length(const struct describing *d, uint32_t asked, uint64_t done)
{
    text_add(d->t, ", ");
    if (is_reply(d) && done != asked)
        text_add(d->t, "%" PRIu64 " of ", done);
    text_add(d->t, "%" PRIu32 " bytes", asked);
}

static void describe_memory(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;
    bool is_read = m->api == KD_API_READ_VIRTUAL || m->api == KD_API_READ_PHYSICAL;
    bool is_virtual = m->api == KD_API_READ_VIRTUAL || m->api == KD_API_WRITE_VIRTUAL;

    text_add(d->t, " ");
    if (is_virtual)
        describe_address(d, m->u.memory.va);
    else
        text_add(d->t, "0x%" PRIx64, m->u.memory.va);
    add_length(d, m->u.memory.count,
               is_read ? kd_manipulate_read_data(m, m->u.memory.count).len : m->u.memory.actual);
}

static void describe_control_space(const struct describing *d)
{
    static const char *const names[] = {
        [KD_X64_CONTROL_KPCR] = "KPCR address",
        [KD_X64_CONTROL_KPRCB] = "KPRCB address",
        [KD_X64_CONTROL_SPECIAL] = "special registers",
        [KD_X64_CONTROL_KTHREAD] = "KTHREAD address",
    };
    const struct kd_manipulate *m = &d->record->manipulate;

    if (m->u.memory.va < sizeof names / sizeof names[0])
        text_add(d->t, " %s", names[m->u.memory.va]);
    else
        text_add(d->t, " index %" PRIu64, m->u.memory.va);
    text_add(d->t, ", processor %u", m->processor);
    add_length(d, m->u.memory.count,
               m->api == KD_API_READ_CONTROL_SPACE
                   ? kd_manipulate_read_data(m, m->u.memory.count).len
                   : m->u.memory.actual);
}

/* Where the program counter is, or is set to, when that part of the CONTEXT is there: the extended
 * forms bring it in slices. */
static void describe_context(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;
    uint8_t context[KD_CONTEXT_LEN] = {0};

    text_add(d->t, " processor %u", m->processor);
    if (m->api == KD_API_GET_CONTEXT_EX || m->api == KD_API_SET_CONTEXT_EX) {
        text_add(d->t, ", offset %" PRIu32, m->u.context.offset);
        add_length(d, m->u.context.count, m->u.context.copied);
        if (m->u.context.offset != 0)
            return;
    }
    if (m->data.len < RIP_END)
        return;
    memcpy(context, m->data.data, m->data.len < sizeof context ? m->data.len : sizeof context);
    text_add(d->t, ", rip ");
    describe_address(d, kd_x64_context_rip(context));
}

static void describe_breakpoint(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;

    if (m->api == KD_API_WRITE_BREAKPOINT) {
        text_add(d->t, " ");
        describe_address(d, m->u.breakpoint.va);
        if (is_reply(d))
            text_add(d->t, ", handle %" PRIu32, m->u.breakpoint.handle);
    } else {
        text_add(d->t, " handle %" PRIu32, m->u.breakpoint.handle);
    }
}

static void describe_msr(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;

    text_add(d->t, " 0x%" PRIx32, m->u.msr.msr);
    if (is_reply(d) || m->api == KD_API_WRITE_MSR)
        text_add(d->t, ", value 0x%" PRIx64, m->u.msr.value);
}

static void describe_io(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;
    bool is_write = m->api == KD_API_WRITE_IO || m->api == KD_API_WRITE_IO_EXTENDED;

    text_add(d->t, " port 0x%" PRIx64 ", %" PRIu32 " bytes", m->u.io.port, m->u.io.size);
    if (is_reply(d) || is_write)
        text_add(d->t, ", value 0x%" PRIx32, m->u.io.value);
}

/* A reply has what it found where the request has its start. */
static void describe_search(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;

    text_add(d->t, is_reply(d) ? " at " : " from ");
    describe_address(d, m->u.search.start_va);
    text_add(d->t, ", a pattern of %" PRIu32 " in %" PRIu64 " bytes", m->u.search.pattern_len,
             m->u.search.len);
}

static void describe_query(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;

    text_add(d->t, " ");
    describe_address(d, m->u.query.va);
    if (is_reply(d))
        text_add(d->t, ", space %" PRIu32 ", flags 0x%" PRIx32, m->u.query.address_space,
                 m->u.query.flags);
}

static void describe_fill(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;

    text_add(d->t, " ");
    describe_address(d, m->u.fill.va);
    text_add(d->t, ", %" PRIu32 " bytes", m->u.fill.len);
}

static void describe_bus_data(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;

    text_add(d->t,
             " type %" PRIu32 ", bus %" PRIu32 ", slot %" PRIu32 ", offset %" PRIu32 ", %" PRIu32
             " bytes",
             m->u.bus.type, m->u.bus.bus, m->u.bus.slot, m->u.bus.offset, m->u.bus.len);
}

static void describe_get_version(const struct describing *d)
{
    if (!is_reply(d))
        return;
    if (d->record->boot) /* 0: a reply that nobody was seen asking for */
        text_add(d->t, " boot %u%s:", d->record->boot, d->record->is_new_boot ? " begins" : "");
    text_add(d->t, " ");
    describe_version(&d->record->manipulate.u.version, d->t);
}

static void describe_go(const struct describing *d)
{
    text_add(d->t, " ");
    ntstatus_add(d->t, d->record->manipulate.u.go.status);
}

static void describe_arguments(const struct describing *d)
{
    const struct kd_manipulate *m = &d->record->manipulate;

    switch (m->api) {
    case KD_API_READ_VIRTUAL:
    case KD_API_WRITE_VIRTUAL:
    case KD_API_READ_PHYSICAL:
    case KD_API_WRITE_PHYSICAL:
        describe_memory(d);
        break;
    case KD_API_READ_CONTROL_SPACE:
    case KD_API_WRITE_CONTROL_SPACE:
        describe_control_space(d);
        break;
    case KD_API_GET_CONTEXT:
    case KD_API_SET_CONTEXT:
    case KD_API_GET_CONTEXT_EX:
    case KD_API_SET_CONTEXT_EX:
        describe_context(d);
        break;
    case KD_API_CONTINUE:
    case KD_API_CONTINUE2:
        describe_go(d);
        break;
    case KD_API_WRITE_BREAKPOINT:
    case KD_API_RESTORE_BREAKPOINT:
        describe_breakpoint(d);
        break;
    case KD_API_READ_MSR:
    case KD_API_WRITE_MSR:
        describe_msr(d);
        break;
    case KD_API_READ_IO:
    case KD_API_WRITE_IO:
    case KD_API_READ_IO_EXTENDED:
    case KD_API_WRITE_IO_EXTENDED:
        describe_io(d);
        break;
    case KD_API_SEARCH_MEMORY:
        describe_search(d);
        break;
    case KD_API_QUERY_MEMORY:
        describe_query(d);
        break;
    case KD_API_FILL_MEMORY:
        describe_fill(d);
        break;
    case KD_API_GET_BUS_DATA:
    case KD_API_SET_BUS_DATA:
        describe_bus_data(d);
        break;
    case KD_API_SWITCH_PROCESSOR:
        text_add(d->t, " to %u", m->processor);
        break;
    case KD_API_SWITCH_PARTITION:
        text_add(d->t, " to %" PRIu32, m->u.partition);
        break;
    case KD_API_GET_VERSION:
        describe_get_version(d);
        break;
    default: /* the name is all that is known, or all there is */
        break;
    }
}

void describe_manipulate(const struct describing *d)
{
    const struct kdt_record *rec = d->record;
    const struct kd_manipulate *m = &rec->manipulate;
    const char *name = kd_api_name(m->api);

    if (name)
        text_add(d->t, "%s", name);
    else
        text_add(d->t, "function 0x%" PRIx32, m->api);
    describe_arguments(d);
    if (is_reply(d) && m->status != 0) {
        text_add(d->t, ", ");
        ntstatus_add(d->t, m->status);
    }
    if (rec->ends_stop)
        text_add(d->t, ", stop %u ends", rec->stop);
    if (rec->is_answer && rec->time_ns >= rec->asked_ns) {
        char took[DURATION_TEXT_MAX];

        text_add(d->t, ", %s", duration_text(rec->time_ns - rec->asked_ns, took));
    }
}
