#include "describe.h"

#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>
#include <kdproto/manipulate.h>
#include <kdproto/state_change.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *describe_kind_name(enum describe_kind kind)
{
    static const char *const names[DESCRIBE_KINDS] = {
        [DESCRIBE_POKE] = "pokes",
        [DESCRIBE_RESPONSE] = "responses",
        [DESCRIBE_HOST_POKE] = "host pokes",
        [DESCRIBE_PING] = "pings",
        [DESCRIBE_BREAK_IN] = "break-ins",
        [DESCRIBE_ACKNOWLEDGE] = "acknowledgements",
        [DESCRIBE_RESEND] = "resends",
        [DESCRIBE_RESET] = "resets",
        [DESCRIBE_EXCEPTION] = "exception state changes",
        [DESCRIBE_LOAD_SYMBOLS] = "load-symbols state changes",
        [DESCRIBE_OTHER_STATE_CHANGE] = "other state changes",
        [DESCRIBE_REQUEST] = "requests",
        [DESCRIBE_REPLY] = "replies",
        [DESCRIBE_PRINT] = "prints",
        [DESCRIBE_PROMPT] = "prompts and their answers",
        [DESCRIBE_FILE_REQUEST] = "file requests",
        [DESCRIBE_FILE_ANSWER] = "file answers",
        [DESCRIBE_OTHER_PACKET] = "other packets",
        [DESCRIBE_DAMAGED] = "damaged packets",
    };

    return names[kind];
}

/* --- control channel --------------------------------------------------------------------------- */

static void add_address(struct text *t, const struct kdnet_address *a)
{
    static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    if (memcmp(a->ip, v4_mapped, sizeof v4_mapped) == 0) {
        text_add(t, "%u.%u.%u.%u:%u", a->ip[12], a->ip[13], a->ip[14], a->ip[15], a->port);
        return;
    }
    text_add(t, "[");
    for (size_t i = 0; i < sizeof a->ip; i += 2)
        text_add(t, "%s%x", i ? ":" : "", a->ip[i] << 8 | a->ip[i + 1]);
    text_add(t, "]:%u", a->port);
}

static enum describe_kind describe_control(const struct kdnet_datagram *d, struct text *t)
{
    struct kdnet_poke poke;

    if (d->from_host && kdnet_is_response(d->payload.data, d->payload.len)) {
        text_add(t, "response");
        return DESCRIBE_RESPONSE;
    }
    if (d->from_host && d->payload.len == 0) {
        text_add(t, "host poke");
        return DESCRIBE_HOST_POKE;
    }
    if (!d->from_host && kdnet_poke_decode(d->payload.data, d->payload.len, &poke) == KD_OK) {
        text_add(t, "poke from ");
        add_address(t, &poke.target);
        text_add(t, " to ");
        add_address(t, &poke.host);
        text_add(t, ", connected to ");
        add_address(t, &poke.connected);
        return DESCRIBE_POKE;
    }
    text_add(t, "unknown control payload of %zu bytes", d->payload.len);
    return DESCRIBE_DAMAGED;
}

/* --- data channel ------------------------------------------------------------------------------ */

static void add_memory(struct text *t, const struct kd_manipulate *m, bool is_reply)
{
    text_add(t, " 0x%" PRIx64 ", %" PRIu32 " bytes", m->u.memory.va, m->u.memory.count);
    if (is_reply)
        text_add(t, ", %" PRIu32 " done", m->u.memory.actual);
}

static void add_version(struct text *t, const struct kd_version *v)
{
    text_add(t,
             " build %u, machine 0x%x, protocol %u, base 0x%" PRIx64 ", modules 0x%" PRIx64
             ", debugger data 0x%" PRIx64,
             v->minor, v->machine, v->protocol, v->kernel_base_va, v->module_list_va,
             v->debugger_data_list_va);
}

static void add_union(struct text *t, const struct kd_manipulate *m, bool is_reply)
{
    switch (m->api) {
    case KD_API_READ_VIRTUAL:
    case KD_API_WRITE_VIRTUAL:
    case KD_API_READ_PHYSICAL:
    case KD_API_WRITE_PHYSICAL:
        add_memory(t, m, is_reply);
        break;
    case KD_API_READ_CONTROL_SPACE:
    case KD_API_WRITE_CONTROL_SPACE:
        text_add(t, " index %" PRIu64 ", %" PRIu32 " bytes, processor %u", m->u.memory.va,
                 m->u.memory.count, m->processor);
        break;
    case KD_API_GET_CONTEXT_EX:
    case KD_API_SET_CONTEXT_EX:
        text_add(t, " offset %" PRIu32 ", %" PRIu32 " bytes", m->u.context.offset,
                 m->u.context.count);
        break;
    case KD_API_CONTINUE:
    case KD_API_CONTINUE2:
        text_add(t, " 0x%" PRIx32, m->u.go.status);
        break;
    case KD_API_WRITE_BREAKPOINT:
        text_add(t, " 0x%" PRIx64, m->u.breakpoint.va);
        break;
    case KD_API_RESTORE_BREAKPOINT:
        text_add(t, " handle %" PRIu32, m->u.breakpoint.handle);
        break;
    case KD_API_READ_MSR:
    case KD_API_WRITE_MSR:
        text_add(t, " 0x%" PRIx32, m->u.msr.msr);
        break;
    case KD_API_GET_VERSION:
        if (is_reply)
            add_version(t, &m->u.version);
        break;
    default:
        break;
    }
}

static enum describe_kind describe_manipulate(const struct kd_packet *p, bool from_host,
                                              struct description *out)
{
    struct kd_manipulate m;
    const char *name;

    if (kd_manipulate_decode(p->data, p->len, !from_host, &m) != KD_OK) {
        text_add(&out->text, ", damaged");
        return DESCRIBE_DAMAGED;
    }
    out->api = m.api;
    name = kd_api_name(m.api);
    text_add(&out->text, " %s", from_host ? "request" : "reply");
    if (name)
        text_add(&out->text, " %s", name);
    else
        text_add(&out->text, " 0x%" PRIx32, m.api);
    add_union(&out->text, &m, !from_host);
    if (!from_host && m.status != 0)
        text_add(&out->text, ", status 0x%08" PRIx32, m.status);
    return from_host ? DESCRIBE_REQUEST : DESCRIBE_REPLY;
}

static enum describe_kind describe_state_change(const struct kd_packet *p, struct text *t)
{
    struct kd_state_change sc;

    if (kd_state_change_decode(p->data, p->len, &sc) != KD_OK) {
        text_add(t, ", damaged");
        return DESCRIBE_DAMAGED;
    }
    switch (sc.kind) {
    case KD_STATE_EXCEPTION:
        text_add(t, " exception 0x%08" PRIx32 " at 0x%" PRIx64 ", processor %u of %" PRIu32,
                 sc.exception_code, sc.pc_va, sc.processor, sc.processor_count);
        return DESCRIBE_EXCEPTION;
    case KD_STATE_LOAD_SYMBOLS:
        text_add(t, " %s symbols, base 0x%" PRIx64 ", size 0x%" PRIx32 ", ",
                 sc.is_unload ? "unload" : "load", sc.image_base_va, sc.image_size);
        text_add_escaped(t, (const char *)sc.path.data, sc.path.len);
        if (kd_state_change_is_farewell(&sc))
            text_add(t, "leaving this stage");
        return DESCRIBE_LOAD_SYMBOLS;
    default:
        text_add(t, " 0x%" PRIx32, sc.kind);
        return DESCRIBE_OTHER_STATE_CHANGE;
    }
}

static enum describe_kind describe_debug_io(const struct kd_packet *p, struct text *t)
{
    struct kd_debug_io io;

    if (kd_debug_io_decode(p->data, p->len, &io) != KD_OK) {
        text_add(t, ", damaged");
        return DESCRIBE_DAMAGED;
    }
    text_add(t, io.kind == KD_DEBUG_IO_PRINT ? " print \"" : " prompt \"");
    text_add_escaped(t, (const char *)io.text.data, io.text.len);
    text_add(t, "\"");
    return io.kind == KD_DEBUG_IO_PRINT ? DESCRIBE_PRINT : DESCRIBE_PROMPT;
}

/* UTF-16LE, shown as ASCII: what lies beyond is rare in paths and shown by number. */
static void add_path(struct text *t, struct kd_span path)
{
    struct kd_reader r = kd_reader_of(path.data, path.len);

    while (kd_reader_left(&r) >= 2) {
        uint16_t unit = kd_rd_u16(&r);

        if (unit >= 0x20 && unit < 0x7f)
            text_add(t, "%c", (char)unit);
        else
            text_add(t, "\\u%04x", unit);
    }
}

static enum describe_kind describe_file_io(const struct kd_packet *p, bool from_host,
                                           struct text *t)
{
    static const char *const kinds[] = {"create", "read", "write", "close"};
    struct kd_file_io io;
    struct kd_reader r = kd_reader_of(p->data, p->len);

    if (kd_file_io_decode(p->data, p->len, &io) != KD_OK) {
        text_add(t, ", damaged");
        return DESCRIBE_DAMAGED;
    }
    if (io.kind >= KD_FILE_IO_CREATE && io.kind <= KD_FILE_IO_CLOSE)
        text_add(t, " %s", kinds[io.kind - KD_FILE_IO_CREATE]);
    else
        text_add(t, " 0x%" PRIx32, io.kind);
    if (from_host) {
        kd_rd_skip(&r, 4);
        text_add(t, " answer, status 0x%08" PRIx32, kd_rd_u32(&r));
        return DESCRIBE_FILE_ANSWER;
    }
    text_add(t, " ");
    add_path(t, io.path);
    return DESCRIBE_FILE_REQUEST;
}

static enum describe_kind describe_control_packet(const struct kd_packet *p)
{
    switch (p->type) {
    case KD_PACKET_ACKNOWLEDGE:
        return DESCRIBE_ACKNOWLEDGE;
    case KD_PACKET_RESEND:
        return DESCRIBE_RESEND;
    case KD_PACKET_RESET:
        return DESCRIBE_RESET;
    default:
        return DESCRIBE_OTHER_PACKET;
    }
}

static enum describe_kind describe_packet(const struct kd_packet *p, bool from_host,
                                          struct description *out)
{
    const char *name = kd_packet_type_name(p->type);

    if (name)
        text_add(&out->text, "%s", name);
    else
        text_add(&out->text, "type %u", p->type);
    text_add(&out->text, " id %" PRIx32, p->id);
    if (p->is_control)
        return describe_control_packet(p);
    switch (p->type) {
    case KD_PACKET_STATE_MANIPULATE:
        return describe_manipulate(p, from_host, out);
    case KD_PACKET_STATE_CHANGE64:
        return describe_state_change(p, &out->text);
    case KD_PACKET_DEBUG_IO:
        return describe_debug_io(p, &out->text);
    case KD_PACKET_FILE_IO:
        return describe_file_io(p, from_host, &out->text);
    default:
        return DESCRIBE_OTHER_PACKET;
    }
}

static enum describe_kind describe_data(const struct kdnet_datagram *d, struct description *out)
{
    const struct kd_span *payload = &d->payload;
    enum kd_status st;

    if (d->from_host && payload->len == 1 && payload->data[0] == KD_BREAKIN) {
        text_add(&out->text, "break-in");
        return DESCRIBE_BREAK_IN;
    }
    if (!d->from_host && payload->len == KDNET_PING_LEN) {
        text_add(&out->text, "ping");
        return DESCRIBE_PING;
    }
    st = kd_packet_decode(payload->data, payload->len, &out->packet);
    if (st != KD_OK) {
        text_add(&out->text, "damaged packet of %zu bytes: %s", payload->len, kd_status_text(st));
        return DESCRIBE_DAMAGED;
    }
    out->has_packet = true;
    return describe_packet(&out->packet, d->from_host, out);
}

void describe_datagram(const struct kdnet_datagram *d, struct description *out)
{
    *out = (struct description){0};
    out->kind = d->is_control ? describe_control(d, &out->text) : describe_data(d, out);
}
