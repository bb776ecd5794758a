#include <walker/system.h>

#include <kdproto/bytes.h>
#include <walker/stretch.h>
#include <walker/text.h>

/* KUSER_SHARED_DATA: mapped at one address in every x64 kernel [doc]; offsets as in the public
 * symbols of 18362, 19041 and 22000 [seen]. */
#define USER_SHARED_VA 0xfffff78000000000u

enum {
    SHARED_INTERRUPT_TIME = 0x08,
    SHARED_SYSTEM_TIME = 0x14,
    SHARED_TIME_ZONE_BIAS = 0x20,
    SHARED_NT_BUILD_NUMBER = 0x260, /* 0 before 14393 [doc] */
    SHARED_NT_PRODUCT_TYPE = 0x264,
    SHARED_NT_MAJOR_VERSION = 0x26c,
    SHARED_NT_MINOR_VERSION = 0x270,
    SHARED_SUITE_MASK = 0x2d0,
    SHARED_LEN = 0x2d4,
    SHARED_ACTIVE_PROCESSOR_COUNT = 0x3c0,
    TIME_LEN = 12,
    TIME_TRIES = 4,
};

/* KDDEBUGGER_DATA64, a build 9600 kernel's [seen]. */
enum {
    BLOCK_TAG = 0x10,
    BLOCK_KERN_BASE = 0x18,
    BLOCK_HEADER_LEN = 0x20,
    BLOCK_NT_BUILD_LAB = 0x208,
    BLOCK_SIZE_MIN = 0x2a0, /* beyond the last address in it */
    BLOCK_SIZE_MAX = 0x1000,
    BLOCKS_MAX = 8, /* other parts of the kernel may have registered theirs in the same list */
    TAG_KDBG = 0x4742444b,
};

/* ---- shared user data ---- */

static struct kdw_u64 unknown(enum kd_status st, uint64_t fault_va)
{
    return (struct kdw_u64){.status = st, .fault_va = fault_va};
}

static struct kdw_u64 known(uint64_t value)
{
    return (struct kdw_u64){.status = KD_OK, .value = value};
}

static struct kdw_u64 shared_u32(const struct kdw_stretch *s, size_t offset)
{
    const uint8_t *at = NULL;
    uint64_t fault = 0;
    enum kd_status st = kdw_stretch_part(s, offset, 4, &at, &fault);
    struct kd_reader r;

    if (st != KD_OK)
        return unknown(st, fault);
    r = kd_reader_of(at, 4);
    return known(kd_rd_u32(&r));
}

/* A KSYSTEM_TIME is written high half twice, around the low one: the two differ while it is being
 * written. */
static bool decode_time(const uint8_t *bytes, uint64_t *out)
{
    struct kd_reader r = kd_reader_of(bytes, TIME_LEN);
    uint32_t low = kd_rd_u32(&r);
    uint32_t high1 = kd_rd_u32(&r);
    uint32_t high2 = kd_rd_u32(&r);

    *out = (uint64_t)high1 << 32 | low;
    return high1 == high2;
}

static struct kdw_u64 shared_time(const struct kdw_stretch *s, size_t offset)
{
    uint8_t again[TIME_LEN];
    const uint8_t *at = NULL;
    uint64_t value, fault = 0;
    enum kd_status st = kdw_stretch_part(s, offset, TIME_LEN, &at, &fault);

    if (st != KD_OK)
        return unknown(st, fault);
    if (decode_time(at, &value))
        return known(value);
    for (int tries = 1; tries < TIME_TRIES; tries++) {
        st = kdw_mem_read(s->mem, s->va + offset, again, TIME_LEN, &fault);
        if (st != KD_OK)
            return unknown(st, fault);
        if (decode_time(again, &value))
            return known(value);
    }
    return unknown(KD_ERR_MISMATCH, 0); /* stopped in the middle of that very write */
}

static enum kd_status read_shared(struct kdw_mem *mem, struct kdw_system *out)
{
    uint8_t bytes[SHARED_LEN];
    struct kdw_stretch s;
    enum kd_status st = kdw_stretch_read(mem, USER_SHARED_VA, bytes, sizeof bytes, &s);

    if (st != KD_OK)
        return st;
    out->major = shared_u32(&s, SHARED_NT_MAJOR_VERSION);
    out->minor = shared_u32(&s, SHARED_NT_MINOR_VERSION);
    out->product_type = shared_u32(&s, SHARED_NT_PRODUCT_TYPE);
    out->suite_mask = shared_u32(&s, SHARED_SUITE_MASK);
    out->time_100ns = shared_time(&s, SHARED_SYSTEM_TIME);
    out->zone_bias_100ns = shared_time(&s, SHARED_TIME_ZONE_BIAS);
    out->uptime_100ns = shared_time(&s, SHARED_INTERRUPT_TIME);
    if (kdw_ends_walk(out->time_100ns.status))
        return out->time_100ns.status;
    if (kdw_ends_walk(out->zone_bias_100ns.status))
        return out->zone_bias_100ns.status;
    return kdw_ends_walk(out->uptime_100ns.status) ? out->uptime_100ns.status : KD_OK;
}

static void take_instead(struct kdw_u64 *fact, bool is_known, uint64_t value)
{
    if (fact->status != KD_OK && is_known)
        *fact = known(value);
}

static void fill_in(const struct kdw_target *t, struct kdw_system *s)
{
    take_instead(&s->product_type, t->product_type != 0, t->product_type);
    take_instead(&s->suite_mask, t->product_type != 0, t->suite_mask);
    take_instead(&s->time_100ns, t->time_100ns != 0, t->time_100ns);
    take_instead(&s->uptime_100ns, t->uptime_100ns != 0, t->uptime_100ns);
}

enum kd_status kdw_system_time(struct kdw_mem *mem, const struct kdw_target *target,
                               struct kdw_u64 *out)
{
    uint8_t bytes[TIME_LEN];
    struct kdw_stretch s;
    struct kdw_u64 time;
    enum kd_status st =
        kdw_stretch_read(mem, USER_SHARED_VA + SHARED_SYSTEM_TIME, bytes, TIME_LEN, &s);

    if (st != KD_OK)
        return st;
    time = shared_time(&s, 0);
    if (kdw_ends_walk(time.status))
        return time.status;
    take_instead(&time, target->time_100ns != 0, target->time_100ns);
    *out = time;
    return KD_OK;
}

static enum kd_status read_shared_u32(struct kdw_mem *mem, uint64_t offset, uint32_t *out)
{
    uint8_t bytes[4] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st = kdw_mem_read(mem, USER_SHARED_VA + offset, bytes, sizeof bytes, NULL);

    if (st == KD_OK)
        *out = kd_rd_u32(&r);
    return kdw_ends_walk(st) ? st : KD_OK;
}

enum kd_status kdw_system_complete(struct kdw_mem *mem, struct kdw_target *target)
{
    uint32_t build = 0, processors = 0;
    enum kd_status st = read_shared_u32(mem, SHARED_NT_BUILD_NUMBER, &build);

    if (st == KD_OK)
        st = read_shared_u32(mem, SHARED_ACTIVE_PROCESSOR_COUNT, &processors);
    if (st != KD_OK)
        return st;
    if (target->build == 0 && build <= UINT16_MAX)
        target->build = (uint16_t)build;
    if (target->processor_count == 0) {
        target->processor_count = processors;
        target->is_mp = processors > 1;
    }
    return KD_OK;
}

/* ---- the debugger data block ---- */

static bool is_kernels_block(const uint8_t *header, const struct kdw_target *target)
{
    struct kd_reader r = kd_reader_of(header, BLOCK_HEADER_LEN);
    uint32_t tag, size;

    kd_rd_seek(&r, BLOCK_TAG);
    tag = kd_rd_u32(&r);
    size = kd_rd_u32(&r);
    return tag == TAG_KDBG && size >= BLOCK_SIZE_MIN && size <= BLOCK_SIZE_MAX &&
           kd_rd_u64(&r) == target->kernel_base_va;
}

/* The kernel's block on the list. Its tag, size and kernel base prove it, so that the list's back
 * links need not. */
static enum kd_status find_block(struct kdw_mem *mem, const struct kdw_target *target,
                                 uint64_t *block_va, uint64_t *fault)
{
    uint64_t at = target->debugger_data_list_va;

    if (at == 0)
        return KD_ERR_NOT_FOUND;
    *fault = at;
    for (int i = 0; i < BLOCKS_MAX; i++) {
        uint8_t header[BLOCK_HEADER_LEN];
        enum kd_status st = kdw_mem_u64(mem, at, &at); /* Flink */

        if (st == KD_OK && at == target->debugger_data_list_va)
            break;
        if (st == KD_OK)
            st = kdw_mem_read(mem, at, header, sizeof header, fault);
        if (st != KD_OK)
            return st;
        if (is_kernels_block(header, target)) {
            *block_va = at;
            return KD_OK;
        }
        *fault = at;
    }
    return KD_ERR_NOT_FOUND;
}

static enum kd_status read_build_lab(struct kdw_mem *mem, const struct kdw_target *target,
                                     struct kdw_text *out)
{
    uint64_t block_va = 0, lab_va = target->build_lab_va, fault = 0;
    enum kd_status st = lab_va != 0 ? KD_OK : find_block(mem, target, &block_va, &fault);

    if (st == KD_OK && lab_va == 0) {
        fault = block_va + BLOCK_NT_BUILD_LAB;
        st = kdw_mem_u64(mem, fault, &lab_va);
    }
    if (st == KD_OK)
        return kdw_chars_read(mem, lab_va, KDW_CHARS_MAX, out);
    *out = (struct kdw_text){.status = st, .fault_va = fault};
    return st;
}

enum kd_status kdw_system_read(struct kdw_mem *mem, const struct kdw_target *target,
                               struct kd_diag *diag, struct kdw_system *out)
{
    struct kdw_system s = {0};
    enum kd_status st;

    st = read_shared(mem, &s);
    if (st != KD_OK)
        return kdw_explain_read(diag, st, "shared user data");
    st = read_build_lab(mem, target, &s.build_lab);
    if (kdw_ends_walk(st))
        return kdw_explain_read(diag, st, "debugger data block");
    fill_in(target, &s);
    s.has_gaps = st != KD_OK || s.major.status != KD_OK || s.minor.status != KD_OK ||
                 s.product_type.status != KD_OK || s.suite_mask.status != KD_OK ||
                 s.time_100ns.status != KD_OK || s.zone_bias_100ns.status != KD_OK ||
                 s.uptime_100ns.status != KD_OK;
    *out = s;
    return KD_OK;
}

void kdw_system_free(struct kdw_system *s)
{
    kdw_text_free(&s->build_lab);
}
