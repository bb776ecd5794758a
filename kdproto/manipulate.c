#include <kdproto/manipulate.h>

#include <string.h>

enum { UNION_LEN = 40 };

/* One function describes a union for both directions, so that writing and reading cannot disagree:
 * it runs over a reader or over a writer. */
struct wire {
    struct kd_reader *r; /* NULL: writing */
    struct kd_writer *w;
};

static void u8(struct wire *x, uint8_t *v)
{
    if (x->r)
        *v = kd_rd_u8(x->r);
    else
        kd_wr_u8(x->w, *v);
}

static void u16(struct wire *x, uint16_t *v)
{
    if (x->r)
        *v = kd_rd_u16(x->r);
    else
        kd_wr_u16(x->w, *v);
}

static void u32(struct wire *x, uint32_t *v)
{
    if (x->r)
        *v = kd_rd_u32(x->r);
    else
        kd_wr_u32(x->w, *v);
}

static void u64(struct wire *x, uint64_t *v)
{
    if (x->r)
        *v = kd_rd_u64(x->r);
    else
        kd_wr_u64(x->w, *v);
}

static void unused(struct wire *x, size_t n)
{
    if (x->r)
        kd_rd_skip(x->r, n);
    else
        kd_wr_zero(x->w, n);
}

static void nothing(struct wire *x, struct kd_manipulate *m)
{
    (void)x;
    (void)m;
}

static void memory(struct wire *x, struct kd_manipulate *m)
{
    u64(x, &m->u.memory.va);
    u32(x, &m->u.memory.count);
    u32(x, &m->u.memory.actual);
}

static void context_flags(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.context_flags);
}

static void context_ex(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.context.offset);
    u32(x, &m->u.context.count);
    u32(x, &m->u.context.copied);
}

static void breakpoint_at(struct wire *x, struct kd_manipulate *m)
{
    u64(x, &m->u.breakpoint.va);
    u32(x, &m->u.breakpoint.handle);
}

static void breakpoint_handle(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.breakpoint.handle);
}

static void go(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.go.status);
}

/* AMD64: Dr7 has 64 bits, so all behind it lies elsewhere than on x86 [seen]. */
static void go_with_control(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.go.status);
    u32(x, &m->u.go.trace);
    u64(x, &m->u.go.dr7);
    u64(x, &m->u.go.symbol_start_va);
    u64(x, &m->u.go.symbol_end_va);
}

/* Low half, then high half: the bytes of one little-endian value. */
static void model_register(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.msr.msr);
    u64(x, &m->u.msr.value);
}

static void io(struct wire *x, struct kd_manipulate *m)
{
    u64(x, &m->u.io.port);
    u32(x, &m->u.io.size);
    u32(x, &m->u.io.value);
}

static void io_extended(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.io.size);
    u32(x, &m->u.io.interface_type);
    u32(x, &m->u.io.bus);
    u32(x, &m->u.io.address_space);
    u64(x, &m->u.io.port);
    u32(x, &m->u.io.value);
}

static void search(struct wire *x, struct kd_manipulate *m)
{
    u64(x, &m->u.search.start_va);
    u64(x, &m->u.search.len);
    u32(x, &m->u.search.pattern_len);
}

static void query(struct wire *x, struct kd_manipulate *m)
{
    u64(x, &m->u.query.va);
    unused(x, 8);
    u32(x, &m->u.query.address_space);
    u32(x, &m->u.query.flags);
}

static void fill(struct wire *x, struct kd_manipulate *m)
{
    u64(x, &m->u.fill.va);
    u32(x, &m->u.fill.len);
    u16(x, &m->u.fill.flags);
    u16(x, &m->u.fill.pattern_len);
}

static void bus_data(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.bus.type);
    u32(x, &m->u.bus.bus);
    u32(x, &m->u.bus.slot);
    u32(x, &m->u.bus.offset);
    u32(x, &m->u.bus.len);
}

static void partition(struct wire *x, struct kd_manipulate *m)
{
    u32(x, &m->u.partition);
}

static void version(struct wire *x, struct kd_manipulate *m)
{
    struct kd_version *v = &m->u.version;

    u16(x, &v->major);
    u16(x, &v->minor);
    u8(x, &v->protocol);
    u8(x, &v->secondary);
    u16(x, &v->flags);
    u16(x, &v->machine);
    u8(x, &v->max_packet_type);
    u8(x, &v->max_state_change);
    u8(x, &v->max_manipulate);
    u8(x, &v->simulation);
    unused(x, 2);
    u64(x, &v->kernel_base_va);
    u64(x, &v->module_list_va);
    u64(x, &v->debugger_data_list_va);
}

/* What is known of one function of the target. */
struct api { /* NOLINT(*Padding): in the order in which the table reads */
    const char *name;
    enum kd_api_class class;
    bool has_reply;
    void (*layout)(struct wire *x, struct kd_manipulate *m); /* NULL: not known, never encoded */
    uint8_t id_at, id_len; /* which bytes of the union a reply repeats from its request */
};

enum { FIRST = KD_API_READ_VIRTUAL };

/* Where it is uncertain whether a reply comes, none is counted on: one that comes is dropped as
 * stale, one that does not come would be waited for. */
static const struct api apis[] = {
#define API(number, ...) [KD_API_##number - FIRST] = {__VA_ARGS__}
    API(READ_VIRTUAL, "ReadVirtualMemory", KD_API_READS, true, memory, 0, 8),
    API(WRITE_VIRTUAL, "WriteVirtualMemory", KD_API_ALTERS, true, memory, 0, 8),
    API(GET_CONTEXT, "GetContext", KD_API_READS, true, nothing, 0, 0),
    API(SET_CONTEXT, "SetContext", KD_API_ALTERS, true, context_flags, 0, 0),
    API(WRITE_BREAKPOINT, "WriteBreakPoint", KD_API_ALTERS, true, breakpoint_at, 0, 8),
    API(RESTORE_BREAKPOINT, "RestoreBreakPoint", KD_API_ALTERS, true, breakpoint_handle, 0, 4),
    API(CONTINUE, "Continue", KD_API_RUNS, false, go, 0, 0),
    API(READ_CONTROL_SPACE, "ReadControlSpace", KD_API_READS, true, memory, 0, 8),
    API(WRITE_CONTROL_SPACE, "WriteControlSpace", KD_API_ALTERS, true, memory, 0, 8),
    API(READ_IO, "ReadIoSpace", KD_API_ALTERS, true, io, 0, 12),
    API(WRITE_IO, "WriteIoSpace", KD_API_ALTERS, true, io, 0, 12),
    API(REBOOT, "Reboot", KD_API_RUNS, false, nothing, 0, 0),
    API(CONTINUE2, "Continue2", KD_API_RUNS, false, go_with_control, 0, 0),
    API(READ_PHYSICAL, "ReadPhysicalMemory", KD_API_READS, true, memory, 0, 8),
    API(WRITE_PHYSICAL, "WritePhysicalMemory", KD_API_ALTERS, true, memory, 0, 8),
    API(QUERY_SPECIAL_CALLS, "QuerySpecialCalls", KD_API_FORBIDDEN, false, NULL, 0, 0),
    API(SET_SPECIAL_CALL, "SetSpecialCall", KD_API_FORBIDDEN, false, NULL, 0, 0),
    API(CLEAR_SPECIAL_CALLS, "ClearSpecialCalls", KD_API_FORBIDDEN, false, NULL, 0, 0),
    API(SET_INTERNAL_BREAKPOINT, "SetInternalBreakpoint", KD_API_ALTERS, false, NULL, 0, 0),
    API(GET_INTERNAL_BREAKPOINT, "GetInternalBreakpoint", KD_API_READS, true, NULL, 0, 0),
    API(READ_IO_EXTENDED, "ReadIoSpaceExtended", KD_API_ALTERS, true, io_extended, 0, 24),
    API(WRITE_IO_EXTENDED, "WriteIoSpaceExtended", KD_API_ALTERS, true, io_extended, 0, 24),
    API(GET_VERSION, "GetVersion64", KD_API_READS, true, version, 0, 0),
    API(WRITE_BREAKPOINT_EX, "WriteBreakPointEx", KD_API_ALTERS, true, NULL, 0, 0),
    API(RESTORE_BREAKPOINT_EX, "RestoreBreakPointEx", KD_API_ALTERS, true, NULL, 0, 0),
    API(CAUSE_BUGCHECK, "CauseBugCheck", KD_API_RUNS, false, nothing, 0, 0),
    API(SWITCH_PROCESSOR, "SwitchProcessor", KD_API_RUNS, false, nothing, 0, 0),
    API(PAGE_IN, "PageIn", KD_API_FORBIDDEN, true, NULL, 0, 0),
    API(READ_MSR, "ReadMSR", KD_API_READS, true, model_register, 0, 4),
    API(WRITE_MSR, "WriteMSR", KD_API_ALTERS, true, model_register, 0, 4),
    API(OLD_VLM_1, "OldVlm1", KD_API_FORBIDDEN, false, NULL, 0, 0),
    API(OLD_VLM_2, "OldVlm2", KD_API_FORBIDDEN, false, NULL, 0, 0),
    /* The reply puts what it found where the request had its start; the lengths stay. */
    API(SEARCH_MEMORY, "SearchMemory", KD_API_READS, true, search, 8, 12),
    API(GET_BUS_DATA, "GetBusData", KD_API_READS, true, bus_data, 0, 16),
    API(SET_BUS_DATA, "SetBusData", KD_API_ALTERS, true, bus_data, 0, 16),
    API(CHECK_LOW_MEMORY, "CheckLowMemory", KD_API_READS, true, NULL, 0, 0),
    API(CLEAR_ALL_INTERNAL_BREAKPOINTS, "ClearAllInternalBreakpoints", KD_API_ALTERS, false, NULL,
        0, 0),
    API(FILL_MEMORY, "FillMemory", KD_API_ALTERS, true, fill, 0, 8),
    API(QUERY_MEMORY, "QueryMemory", KD_API_READS, true, query, 0, 8),
    API(SWITCH_PARTITION, "SwitchPartition", KD_API_ALTERS, true, partition, 0, 4),
    API(WRITE_CUSTOM_BREAKPOINT, "WriteCustomBreakpoint", KD_API_ALTERS, true, NULL, 0, 0),
    API(GET_CONTEXT_EX, "GetContextEx", KD_API_READS, true, context_ex, 0, 4),
    API(SET_CONTEXT_EX, "SetContextEx", KD_API_ALTERS, true, context_ex, 0, 4),
#undef API
};

/* What stands for a number that nobody knows, and for the gap before SwitchProcessor. */
static const struct api unknown = {NULL, KD_API_FORBIDDEN, false, NULL, 0, 0};

static const struct api *find(uint32_t number)
{
    uint32_t i = number - FIRST;

    if (number < FIRST || i >= sizeof apis / sizeof apis[0] || !apis[i].name)
        return &unknown;
    return &apis[i];
}

static void write_union(const struct api *api, const struct kd_manipulate *m,
                        uint8_t out[UNION_LEN])
{
    struct kd_manipulate copy = *m; /* a layout takes it as non-const, for it may read into it */
    struct kd_writer w = kd_writer_of(out, UNION_LEN);
    struct wire x = {NULL, &w};

    memset(out, 0, UNION_LEN);
    api->layout(&x, &copy);
}

enum kd_status kd_manipulate_encode(const struct kd_manipulate *m, uint8_t *buf, size_t cap,
                                    size_t *len)
{
    const struct api *api = find(m->api);
    struct kd_writer w = kd_writer_of(buf, cap);
    uint8_t fields[UNION_LEN];

    if (!api->layout)
        return KD_ERR_UNSUPPORTED;
    if (cap < KD_MANIPULATE_HEADER_LEN || m->data.len > cap - KD_MANIPULATE_HEADER_LEN)
        return KD_ERR_LIMIT;
    write_union(api, m, fields);
    kd_wr_u32(&w, m->api);
    kd_wr_u16(&w, m->processor_level);
    kd_wr_u16(&w, m->processor);
    kd_wr_u32(&w, m->status);
    kd_wr_zero(&w, 4);
    kd_wr_bytes(&w, fields, sizeof fields);
    kd_wr_bytes(&w, m->data.data, m->data.len);
    *len = w.pos;
    return KD_OK;
}

enum kd_status kd_manipulate_decode(const uint8_t *buf, size_t len, bool is_reply,
                                    struct kd_manipulate *out)
{
    struct kd_reader r = kd_reader_of(buf, len);
    struct wire x = {&r, NULL};
    struct kd_manipulate m = {0};
    const struct api *api;

    m.api = kd_rd_u32(&r);
    m.processor_level = kd_rd_u16(&r);
    m.processor = kd_rd_u16(&r);
    m.status = kd_rd_u32(&r);
    kd_rd_skip(&r, 4); /* padding; WinDbg leaves noise there [seen] */
    api = find(m.api);
    /* WinDbg asks for the version with noise in the union [seen]: only a reply has one. */
    if (api->layout && (is_reply || m.api != KD_API_GET_VERSION))
        api->layout(&x, &m);
    kd_rd_seek(&r, KD_MANIPULATE_HEADER_LEN);
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    m.data = kd_rd_span(&r, kd_reader_left(&r));
    *out = m;
    return KD_OK;
}

bool kd_manipulate_answers(const struct kd_manipulate *reply, const struct kd_manipulate *request)
{
    const struct api *api = find(request->api);
    uint8_t asked[UNION_LEN], answered[UNION_LEN];

    if (reply->api != request->api || reply->processor != request->processor || !api->layout)
        return false;
    write_union(api, request, asked);
    write_union(api, reply, answered);
    return memcmp(asked + api->id_at, answered + api->id_at, api->id_len) == 0;
}

struct kd_span kd_manipulate_read_data(const struct kd_manipulate *reply, uint32_t requested)
{
    struct kd_span s = reply->data;
    size_t claimed = 0;

    switch (reply->api) {
    case KD_API_READ_VIRTUAL:
    case KD_API_READ_PHYSICAL:
    case KD_API_READ_CONTROL_SPACE: /* some targets claim the whole structure whatever was asked */
        claimed = reply->u.memory.actual;
        break;
    case KD_API_GET_CONTEXT_EX:
        claimed = reply->u.context.copied;
        break;
    case KD_API_GET_BUS_DATA:
        claimed = reply->u.bus.len;
        break;
    case KD_API_GET_CONTEXT: /* has no count of its own */
        claimed = s.len;
        break;
    default: /* all others read nothing */
        break;
    }
    if (s.len > claimed)
        s.len = claimed;
    if (s.len > requested)
        s.len = requested;
    return s;
}

bool kd_ntstatus_is_failure(uint32_t ntstatus)
{
    return ntstatus >> 30 == 3;
}

bool kd_version_is_nt_kernel(const struct kd_version *v)
{
    return ((v->major >> 8) & 0x7f) == 0 && v->debugger_data_list_va != 0;
}

enum kd_api_class kd_api_class(uint32_t api)
{
    return find(api)->class;
}

bool kd_api_has_reply(uint32_t api)
{
    return find(api)->has_reply;
}

const char *kd_api_name(uint32_t api)
{
    return find(api)->name;
}
