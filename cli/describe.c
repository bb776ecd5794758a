#include "describe.h"

#include "describe_parts.h"
#include "ntstatus.h"

#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>
#include <walker/text.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *label, *plural;
} kinds[DESCRIBE_KINDS] = {
    [DESCRIBE_POKE] = {"poke", "pokes"},
    [DESCRIBE_RESPONSE] = {"response", "responses"},
    [DESCRIBE_HOST_POKE] = {"host poke", "host pokes"},
    [DESCRIBE_PING] = {"ping", "pings"},
    [DESCRIBE_BREAK_IN] = {"break-in", "break-ins"},
    [DESCRIBE_ACKNOWLEDGE] = {"ack", "acknowledgements"},
    [DESCRIBE_RESEND] = {"RESEND", "RESEND"},
    [DESCRIBE_RESET] = {"RESET", "RESET"},
    [DESCRIBE_EXCEPTION] = {"stop", "exception state changes"},
    [DESCRIBE_LOAD_SYMBOLS] = {"stop", "load-symbols state changes"},
    [DESCRIBE_OTHER_STATE_CHANGE] = {"stop", "other state changes"},
    [DESCRIBE_REQUEST] = {"request", "requests"},
    [DESCRIBE_REPLY] = {"reply", "replies"},
    [DESCRIBE_PRINT] = {"print", "prints"},
    [DESCRIBE_PROMPT] = {"prompt", "prompts"},
    [DESCRIBE_ANSWER] = {"answer", "answers to prompts"},
    [DESCRIBE_FILE_REQUEST] = {"file", "file requests"},
    [DESCRIBE_FILE_ANSWER] = {"file", "file answers"},
    [DESCRIBE_OTHER_PACKET] = {"other", "other packets"},
    [DESCRIBE_UNKNOWN] = {"unknown", "unknown datagrams"},
    [DESCRIBE_DAMAGED] = {"damaged", "damaged"},
    [DESCRIBE_UNVERIFIED] = {"unopened", "unopened datagrams"},
};

const char *describe_kind_label(enum describe_kind kind)
{
    return kinds[kind].label;
}

const char *describe_kind_plural(enum describe_kind kind)
{
    return kinds[kind].plural;
}

/* --- which kind -------------------------------------------------------------------------------- */

static enum describe_kind kind_of_state_change(const struct kdt_record *rec)
{
    if (!rec->has_state_change)
        return DESCRIBE_DAMAGED;
    switch (rec->state_change.kind) {
    case KD_STATE_EXCEPTION:
        return DESCRIBE_EXCEPTION;
    case KD_STATE_LOAD_SYMBOLS:
        return DESCRIBE_LOAD_SYMBOLS;
    default:
        return DESCRIBE_OTHER_STATE_CHANGE;
    }
}

static enum describe_kind kind_of_debug_io(const struct kdt_record *rec)
{
    struct kd_debug_io io;

    if (kd_debug_io_decode(rec->packet.data, rec->packet.len, &io) != KD_OK)
        return DESCRIBE_DAMAGED;
    if (io.kind == KD_DEBUG_IO_PRINT)
        return DESCRIBE_PRINT;
    return rec->is_from_host ? DESCRIBE_ANSWER : DESCRIBE_PROMPT;
}

static enum describe_kind kind_of_packet(const struct kdt_record *rec)
{
    switch (rec->packet.type) {
    case KD_PACKET_ACKNOWLEDGE:
        return DESCRIBE_ACKNOWLEDGE;
    case KD_PACKET_RESEND:
        return DESCRIBE_RESEND;
    case KD_PACKET_RESET:
        return DESCRIBE_RESET;
    case KD_PACKET_STATE_MANIPULATE:
        if (!rec->has_manipulate)
            return DESCRIBE_DAMAGED;
        return rec->is_from_host ? DESCRIBE_REQUEST : DESCRIBE_REPLY;
    case KD_PACKET_STATE_CHANGE64:
        return kind_of_state_change(rec);
    case KD_PACKET_DEBUG_IO:
        return kind_of_debug_io(rec);
    case KD_PACKET_FILE_IO:
        if (rec->packet.len < KD_FILE_IO_HEADER_LEN)
            return DESCRIBE_DAMAGED;
        return rec->is_from_host ? DESCRIBE_FILE_ANSWER : DESCRIBE_FILE_REQUEST;
    default:
        return DESCRIBE_OTHER_PACKET;
    }
}

enum describe_kind describe_kind(const struct kdt_record *rec)
{
    switch (rec->kind) {
    case KDT_RECORD_PACKET:
        return kind_of_packet(rec);
    case KDT_RECORD_BREAK_IN:
        return DESCRIBE_BREAK_IN;
    case KDT_RECORD_PING:
        return DESCRIBE_PING;
    case KDT_RECORD_POKE:
        return DESCRIBE_POKE;
    case KDT_RECORD_RESPONSE:
        return DESCRIBE_RESPONSE;
    case KDT_RECORD_HOST_POKE:
        return DESCRIBE_HOST_POKE;
    case KDT_RECORD_UNKNOWN:
        return DESCRIBE_UNKNOWN;
    case KDT_RECORD_UNVERIFIED:
        return DESCRIBE_UNVERIFIED;
    default: /* KDT_RECORD_DAMAGED: the only one left */
        return DESCRIBE_DAMAGED;
    }
}

/* --- pieces ------------------------------------------------------------------------------------ */

void describe_endpoint(const struct kdt_endpoint *e, struct text *t)
{
    static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    if (memcmp(e->ip, v4_mapped, sizeof v4_mapped) == 0) {
        text_add(t, "%u.%u.%u.%u:%u", e->ip[12], e->ip[13], e->ip[14], e->ip[15], e->port);
        return;
    }
    text_add(t, "[");
    for (size_t i = 0; i < sizeof e->ip; i += 2)
        text_add(t, "%s%x", i ? ":" : "", e->ip[i] << 8 | e->ip[i + 1]);
    text_add(t, "]:%u", e->port);
}

void describe_address(const struct describing *d, uint64_t va)
{
    text_add(d->t, "0x%" PRIx64, va);
    if (d->names)
        d->names->add(d->names, d->record, va, d->t);
}

/* Words of somebody's making: escaped, in the meaning and for themselves. */
static void add_words(const struct describing *d, const void *chars, size_t len)
{
    text_add_escaped(d->t, chars, len);
    text_add_escaped(d->words, chars, len);
}

const char *describe_version_kind(const struct kd_version *v)
{
    if (kd_version_is_nt_kernel(v))
        return "NT kernel";
    switch (v->major >> 8 & 0x7f) { /* kind of target [doc], boot debuggers [seen] */
    case 4:
        return "boot debugger";
    case 5:
        return "EFI debugger";
    case 8:
        return "hypervisor";
    default:
        return "target of another kind";
    }
}

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case 0x014c:
        return "x86";
    case 0x01c4:
        return "ARM";
    case 0x8664:
        return "x64";
    case 0xaa64:
        return "ARM64";
    default:
        return NULL;
    }
}

void describe_version(const struct kd_version *v, struct text *t)
{
    const char *machine = machine_name(v->machine);

    text_add(t, "%s, build %u, ", describe_version_kind(v), v->minor);
    if (machine)
        text_add(t, "%s", machine);
    else
        text_add(t, "machine 0x%x", v->machine);
    text_add(t, ", base 0x%" PRIx64, v->kernel_base_va);
}

/* --- KDNET ------------------------------------------------------------------------------------- */

static void add_poke_address(struct text *t, const struct kdnet_address *a)
{
    struct kdt_endpoint e = {.port = a->port};

    memcpy(e.ip, a->ip, sizeof e.ip);
    describe_endpoint(&e, t);
}

static void describe_poke(const struct describing *d)
{
    const struct kd_span *payload = &d->record->datagram.payload;
    struct kdnet_poke poke;

    if (kdnet_poke_decode(payload->data, payload->len, &poke) != KD_OK)
        return; /* the recording would not have called it a poke */
    add_poke_address(d->t, &poke.target);
    text_add(d->t, " calls ");
    add_poke_address(d->t, &poke.host);
    if (poke.connected.port == 0) { /* before the first handshake [seen] */
        text_add(d->t, ", no session");
    } else if (memcmp(&poke.connected, &poke.host, sizeof poke.host) != 0) {
        text_add(d->t, ", session with ");
        add_poke_address(d->t, &poke.connected);
    } else {
        text_add(d->t, ", in session");
    }
}

static void describe_unverified(const struct describing *d)
{
    const char *why = kd_status_text(d->record->status);

    if (d->record->status == KD_ERR_AUTH)
        why = "it is damaged, or the key is another";
    else if (d->record->status == KD_ERR_NOT_FOUND)
        why = "its handshake is not in the recording";
    else if (d->record->status == KD_ERR_USAGE)
        why = "no key was given";
    text_add(d->t, "%zu bytes: %s", d->record->wire_len, why);
}

static void describe_damaged(const struct describing *d)
{
    const struct kdt_record *rec = d->record;
    const char *name =
        rec->kind == KDT_RECORD_PACKET ? kd_packet_type_name(rec->packet.type) : NULL;

    if (name)
        text_add(d->t, "%s of %zu bytes that make no sense", name, rec->packet.len);
    else
        text_add(d->t, "%zu bytes that are no packet", rec->wire_len);
}

/* --- packets ----------------------------------------------------------------------------------- */

static void add_load_symbols(const struct describing *d, const struct kd_state_change *sc)
{
    if (kd_state_change_is_farewell(sc)) {
        text_add(d->t, "the target leaves this stage");
        return;
    }
    text_add(d->t, "%s symbols of ", sc->is_unload ? "unload" : "load");
    if (sc->path.len)
        add_words(d, sc->path.data, sc->path.len);
    else
        text_add(d->t, "a nameless image");
    text_add(d->t, ", base 0x%" PRIx64 ", size 0x%" PRIx32, sc->image_base_va, sc->image_size);
}

/* A name and a command, one NUL behind each [doc]. */
static void add_command_string(const struct describing *d)
{
    const struct kd_packet *p = &d->record->packet;

    text_add(d->t, "command string \"");
    if (p->len > KD_STATE_CHANGE_LEN)
        add_words(d, p->data + KD_STATE_CHANGE_LEN, p->len - KD_STATE_CHANGE_LEN);
    text_add(d->t, "\"");
}

static void describe_state_change(const struct describing *d)
{
    const struct kdt_record *rec = d->record;
    const struct kd_state_change *sc = &rec->state_change;

    text_add(d->t, "stop %u%s: ", rec->stop, rec->is_new_stop || rec->is_repeat ? "" : " again");
    switch (sc->kind) {
    case KD_STATE_EXCEPTION:
        ntstatus_add(d->t, sc->exception_code);
        text_add(d->t, " at ");
        describe_address(d, sc->pc_va);
        if (!sc->is_first_chance)
            text_add(d->t, ", second chance");
        break;
    case KD_STATE_LOAD_SYMBOLS:
        add_load_symbols(d, sc);
        break;
    case KD_STATE_COMMAND_STRING:
        add_command_string(d);
        break;
    default:
        text_add(d->t, "state 0x%" PRIx32, sc->kind);
        break;
    }
    if (sc->processor_count > 1)
        text_add(d->t, ", processor %u of %" PRIu32, sc->processor, sc->processor_count);
}

static void describe_debug_io(const struct describing *d)
{
    const struct kd_packet *p = &d->record->packet;
    struct kd_debug_io io;

    if (kd_debug_io_decode(p->data, p->len, &io) != KD_OK)
        return; /* it is of another kind */
    if (io.kind == KD_DEBUG_IO_GET_STRING && d->record->is_from_host) {
        /* An answer: its length stands where a prompt has the room for it [doc]. */
        size_t left = p->len - KD_DEBUG_IO_HEADER_LEN;

        io.text.data = p->data + KD_DEBUG_IO_HEADER_LEN;
        io.text.len = io.answer_max < left ? io.answer_max : left;
    }
    text_add(d->t, "\"");
    add_words(d, io.text.data, io.text.len);
    text_add(d->t, "\"");
}

static void add_path(const struct describing *d, struct kd_span path)
{
    struct kdw_text utf8;

    if (kdw_utf16_text(path.data, path.len, &utf8) == KD_OK)
        add_words(d, utf8.utf8, strlen(utf8.utf8));
    else
        text_add(d->t, "a path of %zu bytes: %s", path.len, kd_status_text(utf8.status));
    kdw_text_free(&utf8);
}

static void describe_file_io(const struct describing *d)
{
    static const char *const verbs[] = {"create", "read", "write", "close"};
    const struct kd_packet *p = &d->record->packet;
    struct kd_reader r = kd_reader_of(p->data, p->len);
    struct kd_file_io io;

    if (kd_file_io_decode(p->data, p->len, &io) != KD_OK)
        return; /* it is of another kind */
    if (io.kind >= KD_FILE_IO_CREATE && io.kind <= KD_FILE_IO_CLOSE)
        text_add(d->t, "%s", verbs[io.kind - KD_FILE_IO_CREATE]);
    else
        text_add(d->t, "function 0x%" PRIx32, io.kind);
    if (d->record->is_from_host) {
        kd_rd_skip(&r, 4); /* the function; its status is behind it */
        text_add(d->t, ": ");
        ntstatus_add(d->t, kd_rd_u32(&r));
    } else if (io.kind == KD_FILE_IO_CREATE) {
        text_add(d->t, " ");
        add_path(d, io.path);
    } else {
        text_add(d->t, " handle 0x%" PRIx64, io.handle);
        if (io.kind == KD_FILE_IO_READ || io.kind == KD_FILE_IO_WRITE)
            text_add(d->t, ", offset 0x%" PRIx64 ", %" PRIu32 " bytes", io.offset, io.len);
    }
}

static void describe_other_packet(const struct describing *d)
{
    const struct kd_packet *p = &d->record->packet;
    const char *name = kd_packet_type_name(p->type);

    if (name)
        text_add(d->t, "%s, %zu bytes", name, p->len);
    else
        text_add(d->t, "type %u, %zu bytes", p->type, p->len);
}

static void describe(const struct describing *d)
{
    switch (describe_kind(d->record)) {
    case DESCRIBE_POKE:
        describe_poke(d);
        break;
    case DESCRIBE_EXCEPTION:
    case DESCRIBE_LOAD_SYMBOLS:
    case DESCRIBE_OTHER_STATE_CHANGE:
        describe_state_change(d);
        break;
    case DESCRIBE_REQUEST:
    case DESCRIBE_REPLY:
        describe_manipulate(d);
        break;
    case DESCRIBE_PRINT:
    case DESCRIBE_PROMPT:
    case DESCRIBE_ANSWER:
        describe_debug_io(d);
        break;
    case DESCRIBE_FILE_REQUEST:
    case DESCRIBE_FILE_ANSWER:
        describe_file_io(d);
        break;
    case DESCRIBE_OTHER_PACKET:
        describe_other_packet(d);
        break;
    case DESCRIBE_UNKNOWN:
        text_add(d->t, "%s payload of %zu bytes",
                 d->record->datagram.is_control ? "control" : "data",
                 d->record->datagram.payload.len);
        break;
    case DESCRIBE_DAMAGED:
        describe_damaged(d);
        break;
    case DESCRIBE_UNVERIFIED:
        describe_unverified(d);
        break;
    default: /* the label says it all */
        break;
    }
}

void describe_record(const struct kdt_record *record, struct describe_names *names,
                     struct description *out)
{
    struct describing d = {record, names, &out->meaning, &out->words};

    *out = (struct description){0};
    describe(&d);
    if (record->is_repeat)
        text_add(&out->meaning, "%s(repeated)", out->meaning.len ? " " : "");
}

void describe_free(struct description *d)
{
    free(d->meaning.chars);
    free(d->words.chars);
    *d = (struct description){0};
}
