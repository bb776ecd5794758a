/* What a halted target is asked (kd-protocol.md 3.4-3.7): acknowledged first, then answered with the
 * request's own header, changed only where the reply has something to say. */
#include "target_parts.h"

#include <string.h>

#define API(number)   [(number)-LAB_API_FIRST]
#define CHATTER_EVERY 3 /* requests */
#define SEARCH_MAX    (64u << 20)
#define KERNEL_SPACE  0xFFFF800000000000u

/* ---- memory ---- */

typedef size_t reader(const struct lab_target *t, uint64_t at, void *buf, size_t len);

/* A count above the limit is cut, which is a success; a hole in what is left is none (3.7). */
static void read_memory(struct lab_target *t, struct lab_call *c, reader *read)
{
    uint32_t wanted = c->in->u.memory.count;

    if (wanted > t->rules->read_max)
        wanted = t->rules->read_max;
    c->out_len = read(t, c->in->u.memory.address, c->out_data, wanted);
    if (c->out_len < wanted && !t->rules->reads_in_part)
        c->out_len = 0;
    c->out->u.memory.actual = (uint32_t)c->out_len;
    c->out->status = c->out_len == wanted ? LAB_STATUS_SUCCESS : LAB_STATUS_UNSUCCESSFUL;
    t->stats.bytes_read += c->out_len;
}

static void read_virtual(struct lab_target *t, struct lab_call *c)
{
    read_memory(t, c, stage_read);
}

static void read_physical(struct lab_target *t, struct lab_call *c)
{
    read_memory(t, c, stage_read_physical);
}

static bool is_at(const struct lab_target *t, uint64_t va, const struct lab_call *c)
{
    uint8_t there[LAB_DATA_MAX];

    return stage_read(t, va, there, c->data_len) == c->data_len &&
           memcmp(there, c->data, c->data_len) == 0;
}

/* Pages that are not there hold no match; a length without end does not hold the machine up. */
static bool find(const struct lab_target *t, const struct lab_call *c, uint64_t *found)
{
    uint64_t at = c->in->u.search.address;
    uint64_t left = c->in->u.search.length < SEARCH_MAX ? c->in->u.search.length : SEARCH_MAX;
    uint8_t page[0x1000];

    while (left > 0) {
        size_t n = sizeof page - (size_t)(at & (sizeof page - 1));
        size_t have;

        if (n > left)
            n = (size_t)left;
        have = stage_read(t, at, page, n);
        for (size_t i = 0; i < have; i++)
            if (page[i] == c->data[0] && left - i >= c->data_len && is_at(t, at + i, c)) {
                *found = at + i;
                return true;
            }
        at += n;
        left -= n;
    }
    return false;
}

static void search_memory(struct lab_target *t, struct lab_call *c)
{
    uint64_t found;

    c->out->status = LAB_STATUS_UNSUCCESSFUL;
    if (c->data_len == 0 || c->in->u.search.pattern_length != c->data_len)
        return;
    c->out->status = LAB_STATUS_NO_MORE_ENTRIES;
    if (!find(t, c, &found))
        return;
    c->out->u.search.address = found;
    c->out->status = LAB_STATUS_SUCCESS;
}

static void query_memory(struct lab_target *t, struct lab_call *c)
{
    uint64_t va = c->in->u.query.address;
    uint8_t byte;

    c->out->u.query.reserved = 0;
    c->out->u.query.address_space = va >= KERNEL_SPACE ? 2 : 0;       /* kernel, process */
    c->out->u.query.flags = stage_read(t, va, &byte, 1) == 1 ? 7 : 0; /* readable, writable, code */
    c->out->status = LAB_STATUS_SUCCESS;
}

static void check_low_memory(struct lab_target *t, struct lab_call *c)
{
    (void)t;
    c->out->status = LAB_STATUS_SUCCESS;
}

/* ---- processors ---- */

/* NULL: there is no such processor, or nobody recorded its context. */
static struct lab_context *context_asked(struct lab_target *t, const struct lab_call *c)
{
    uint16_t processor = c->in->processor;

    if (processor < stage_processors(t) && t->halt.has_context[processor])
        return &t->halt.now[processor];
    if (t->opts.tape)
        tape_unexpected(t, c->in);
    return NULL;
}

/* A CONTEXT does not fit a version-5 packet; such a target is asked in parts (1.16). */
static void get_context(struct lab_target *t, struct lab_call *c)
{
    const struct lab_context *context = context_asked(t, c);

    c->out->status = LAB_STATUS_UNSUCCESSFUL;
    if (!context || sizeof *context > c->out_max)
        return;
    memcpy(c->out_data, context, sizeof *context);
    c->out_len = sizeof *context;
    c->out->status = LAB_STATUS_SUCCESS;
}

/* Old kernels and the boot debugger know no parts. A version-5 boot debugger has to: see above. */
static bool knows_context_ex(const struct lab_target *t)
{
    if (t->opts.tape)
        return !tape_lacks_context_ex(t) ||
               sizeof(struct lab_context) > link_data_max(t) - sizeof(struct lab_manipulate);
    return t->opts.version == 5 || (t->opts.version == 4 && !t->is_boot);
}

static void get_context_ex(struct lab_target *t, struct lab_call *c)
{
    const struct lab_context *context = context_asked(t, c);
    uint32_t offset = c->in->u.context_ex.offset, n = c->in->u.context_ex.count;

    c->out->status = LAB_STATUS_UNSUCCESSFUL;
    c->out->u.context_ex.copied = 0;
    if (!knows_context_ex(t) || !context || offset >= sizeof *context)
        return;
    if (n > sizeof *context - offset)
        n = (uint32_t)sizeof *context - offset;
    if (n > c->out_max)
        n = (uint32_t)c->out_max;
    memcpy(c->out_data, (const uint8_t *)context + offset, n);
    c->out_len = n;
    c->out->u.context_ex.copied = n;
    c->out->status = LAB_STATUS_SUCCESS;
}

/* May a session for reading write these bytes there (3.6)? Only what makes the processor that stands
 * at an int3 go on behind it: the context of this halt, byte for byte, but for Rip, one higher. No
 * int3 here is ever the host's: its breakpoints are refused. */
static bool is_rip_advance(const struct lab_target *t, const struct lab_call *c, size_t offset)
{
    struct lab_context advanced;

    if (!t->halt.is_at_int3 || c->in->processor != t->halt.processor)
        return false;
    advanced = t->halt.before[t->halt.processor];
    advanced.rip++;
    return memcmp(c->data, (const uint8_t *)&advanced + offset, c->data_len) == 0;
}

static void store_context(struct lab_target *t, struct lab_call *c, size_t offset)
{
    struct lab_context *context = context_asked(t, c);
    size_t rip = offsetof(struct lab_context, rip);

    if (!is_rip_advance(t, c, offset))
        t->stats.altering++;
    else if (offset < rip + sizeof context->rip && offset + c->data_len > rip)
        t->stats.rip_advances++;
    else
        t->stats.rip_unchanged++;
    memcpy((uint8_t *)context + offset, c->data, c->data_len);
    c->out->status = LAB_STATUS_SUCCESS;
}

static void set_context(struct lab_target *t, struct lab_call *c)
{
    c->out->status = LAB_STATUS_UNSUCCESSFUL;
    if (context_asked(t, c) && c->data_len == sizeof(struct lab_context))
        store_context(t, c, 0);
    else
        t->stats.altering++;
}

static void set_context_ex(struct lab_target *t, struct lab_call *c)
{
    uint32_t offset = c->in->u.context_ex.offset;

    c->out->status = LAB_STATUS_UNSUCCESSFUL;
    c->out->u.context_ex.copied = 0;
    if (!knows_context_ex(t) || !context_asked(t, c) || c->data_len == 0 ||
        c->in->u.context_ex.count != c->data_len || offset >= sizeof(struct lab_context) ||
        c->data_len > sizeof(struct lab_context) - offset) {
        t->stats.altering++;
        return;
    }
    store_context(t, c, offset);
    c->out->u.context_ex.copied = (uint32_t)c->data_len;
}

static void read_control_space(struct lab_target *t, struct lab_call *c)
{
    uint8_t space[sizeof(struct lab_special_registers)];
    size_t len = 0;

    if (c->in->processor < stage_processors(t))
        len = registers_control_space(t, c->in->processor, c->in->u.memory.address, space);
    c->out_len = len < c->in->u.memory.count ? len : c->in->u.memory.count;
    memcpy(c->out_data, space, c->out_len);
    /* Some targets report the whole size, however little was asked for [guess]; version 2 does here. */
    c->out->u.memory.actual = (uint32_t)(t->opts.version == 2 ? len : c->out_len);
    c->out->status = len > 0 ? LAB_STATUS_SUCCESS : LAB_STATUS_UNSUCCESSFUL;
}

static void read_msr(struct lab_target *t, struct lab_call *c)
{
    uint64_t value;

    c->out->status = LAB_STATUS_NO_SUCH_DEVICE;
    if (c->in->processor >= stage_processors(t) ||
        !registers_msr(t, c->in->processor, c->in->u.msr.number, &value))
        return;
    c->out->u.msr.low = (uint32_t)value;
    c->out->u.msr.high = (uint32_t)(value >> 32);
    c->out->status = LAB_STATUS_SUCCESS;
}

static void get_version(struct lab_target *t, struct lab_call *c)
{
    stage_version(t, c->out);
    c->out->status = LAB_STATUS_SUCCESS;
}

/* ---- what ends a halt, and has no reply ---- */

static void go_on(struct lab_target *t, struct lab_call *c)
{
    if (c->in->u.go_on.status != LAB_DBG_CONTINUE)
        t->stats.altering++;
    run_continue(t);
}

static void go_on_2(struct lab_target *t, struct lab_call *c)
{
    (void)c;
    run_continue(t);
}

static void switch_processor(struct lab_target *t, struct lab_call *c)
{
    run_switch_processor(t, c->in->processor);
}

static void reboot(struct lab_target *t, struct lab_call *c)
{
    (void)c;
    target_reboot(t);
}

static void only_acknowledge(struct lab_target *t, struct lab_call *c)
{
    (void)t;
    (void)c;
}

/* ---- the table ---- */

enum effect {
    ALTERS, /* or is none of a session for reading's business (3.6) */
    READS,
    JUDGED, /* depends on what it says: its handler counts */
};
struct api {
    const char *name;
    enum effect effect;
    void (*reply)(struct lab_target *t, struct lab_call *c); /* NULL: refused with C0000001 */
    void (*act)(struct lab_target *t, struct lab_call *c);   /* instead of a reply */
};

static const struct api apis[LAB_API_COUNT] = {
    API(0x3130) = {"ReadVirtualMemory", READS, read_virtual, NULL},
    API(0x3131) = {"WriteVirtualMemory", ALTERS, NULL, NULL},
    API(0x3132) = {"GetContext", READS, get_context, NULL},
    API(0x3133) = {"SetContext", JUDGED, set_context, NULL},
    API(0x3134) = {"WriteBreakPoint", ALTERS, NULL, NULL},
    API(0x3135) = {"RestoreBreakPoint", ALTERS, NULL, NULL},
    API(0x3136) = {"Continue", JUDGED, NULL, go_on},
    API(0x3137) = {"ReadControlSpace", READS, read_control_space, NULL},
    API(0x3138) = {"WriteControlSpace", ALTERS, NULL, NULL},
    API(0x3139) = {"ReadIoSpace", ALTERS, NULL, NULL},
    API(0x313A) = {"WriteIoSpace", ALTERS, NULL, NULL},
    API(0x313B) = {"Reboot", ALTERS, NULL, reboot},
    API(0x313C) = {"Continue2", ALTERS, NULL, go_on_2},
    API(0x313D) = {"ReadPhysicalMemory", READS, read_physical, NULL},
    API(0x313E) = {"WritePhysicalMemory", ALTERS, NULL, NULL},
    API(0x313F) = {"QuerySpecialCalls", ALTERS, NULL, NULL},
    API(0x3140) = {"SetSpecialCall", ALTERS, NULL, NULL},
    API(0x3141) = {"ClearSpecialCalls", ALTERS, NULL, NULL},
    API(0x3142) = {"SetInternalBreakPoint", ALTERS, NULL, NULL},
    API(0x3143) = {"GetInternalBreakPoint", READS, NULL, NULL},
    API(0x3144) = {"ReadIoSpaceExtended", ALTERS, NULL, NULL},
    API(0x3145) = {"WriteIoSpaceExtended", ALTERS, NULL, NULL},
    API(0x3146) = {"GetVersion64", READS, get_version, NULL},
    API(0x3147) = {"WriteBreakPointEx", ALTERS, NULL, NULL},
    API(0x3148) = {"RestoreBreakPointEx", ALTERS, NULL, NULL},
    API(0x3149) = {"CauseBugCheck", ALTERS, NULL, reboot},
    API(0x3150) = {"SwitchProcessor", ALTERS, NULL, switch_processor},
    API(0x3151) = {"PageIn", ALTERS, NULL, NULL},
    API(0x3152) = {"ReadMachineSpecificRegister", READS, read_msr, NULL},
    API(0x3153) = {"WriteMachineSpecificRegister", ALTERS, NULL, NULL},
    API(0x3154) = {"OldVlm1", ALTERS, NULL, NULL},
    API(0x3155) = {"OldVlm2", ALTERS, NULL, NULL},
    API(0x3156) = {"SearchMemory", READS, search_memory, NULL},
    API(0x3157) = {"GetBusData", READS, NULL, NULL},
    API(0x3158) = {"SetBusData", ALTERS, NULL, NULL},
    API(0x3159) = {"CheckLowMemory", READS, check_low_memory, NULL},
    API(0x315A) = {"ClearAllInternalBreakpoints", ALTERS, NULL, only_acknowledge},
    API(0x315B) = {"FillMemory", ALTERS, NULL, NULL},
    API(0x315C) = {"QueryMemory", READS, query_memory, NULL},
    API(0x315D) = {"SwitchPartition", ALTERS, NULL, NULL},
    API(0x315E) = {"WriteCustomBreakpoint", ALTERS, NULL, NULL},
    API(0x315F) = {"GetContextEx", READS, get_context_ex, NULL},
    API(0x3160) = {"SetContextEx", JUDGED, set_context_ex, NULL},
};

const char *requests_name(size_t index)
{
    return apis[index].name;
}

static const struct api *count(struct lab_target *t, uint32_t number)
{
    static const struct api unknown = {"unknown", ALTERS, NULL, NULL};
    uint32_t index = number - LAB_API_FIRST;
    const struct api *api = &unknown;

    if (index < LAB_API_COUNT && apis[index].name)
        api = &apis[index];
    else
        index = LAB_API_COUNT;
    t->stats.requests++;
    t->stats.by_api[index]++;
    if (api->effect == ALTERS)
        t->stats.altering++;
    return api;
}

/* What a recorded target says of itself; but contexts are the halt's, which keeps what is set. */
static bool is_on_tape(const struct lab_target *t, const struct api *api)
{
    return t->opts.tape && api->effect == READS && api->reply != get_context &&
           api->reply != get_context_ex;
}

static void answer(struct lab_target *t, const struct api *api, struct lab_call *c)
{
    struct lab_manipulate out = *c->in;
    struct lab_packet *p;

    /* The host has its ACK; whatever is said now comes between it and the reply. */
    if (t->opts.chatter && t->stats.requests % CHATTER_EVERY == 0)
        run_print(t, "labdrv: busy\n");
    p = link_slot(t);
    c->out = &out;
    c->out_data = link_data(p) + sizeof out;
    c->out_max = link_data_max(t) - sizeof out;
    out.status = LAB_STATUS_UNSUCCESSFUL;
    if (is_on_tape(t, api))
        tape_reply(t, c);
    else if (api->reply)
        api->reply(t, c);
    memcpy(link_data(p), &out, sizeof out);
    link_queue(t, p, LAB_PACKET_MANIPULATE, sizeof out + c->out_len, LAB_REPEATS_FOR_EVER);
}

void requests_handle(struct lab_target *t, uint32_t id, const uint8_t *data, size_t len)
{
    struct lab_manipulate in;
    struct lab_call c = {.in = &in, .data = data + sizeof in, .data_len = len - sizeof in};
    const struct api *api;

    memcpy(&in, data, sizeof in);
    link_accept(t, id);
    api = count(t, in.api);
    if (t->opts.tape && api->effect == ALTERS)
        tape_unexpected(t, &in);
    if (api->act)
        api->act(t, &c);
    else
        answer(t, api, &c);
    if (t->stats.requests == t->opts.silent_after)
        t->is_silent = true;
    if (t->stats.requests == t->opts.reboot_after)
        target_reboot(t);
}
