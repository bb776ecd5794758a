#include <kdproto/state_change.h>

#include <string.h>

#define ALTERNATE_FORM 0x10000u /* the same state told by a newer kernel [doc] */

enum { UNION_AT = 32, REPORT_AT = 192 };

static void read_exception(struct kd_reader *r, struct kd_state_change *sc)
{
    uint32_t count;

    sc->exception_code = kd_rd_u32(r);
    sc->exception_flags = kd_rd_u32(r);
    kd_rd_skip(r, 8); /* ExceptionRecord: where the target keeps it */
    sc->exception_va = kd_rd_u64(r);
    count = kd_rd_u32(r);
    kd_rd_skip(r, 4); /* padding: may be noise [seen] */
    if (count <= KD_EXCEPTION_PARAMETERS_MAX)
        sc->parameter_count = count; /* else noise: no exception has more [doc] */
    for (uint32_t i = 0; i < KD_EXCEPTION_PARAMETERS_MAX; i++) {
        uint64_t parameter = kd_rd_u64(r);

        if (i < sc->parameter_count) /* what lies behind is the target's stack [seen] */
            sc->parameters[i] = parameter;
    }
    sc->is_first_chance = kd_rd_u32(r) != 0;
}

/* The path that follows the fixed part: as much as there is of it, without its NUL. */
static struct kd_span read_path(struct kd_reader *r, uint32_t announced)
{
    size_t left = kd_reader_left(r);
    struct kd_span path = kd_rd_span(r, announced < left ? announced : left);
    const uint8_t *nul = path.len ? memchr(path.data, 0, path.len) : NULL;

    if (nul)
        path.len = (size_t)(nul - path.data);
    return path;
}

static void read_load_symbols(struct kd_reader *r, struct kd_state_change *sc)
{
    uint32_t path_len = kd_rd_u32(r);

    kd_rd_skip(r, 4); /* padding: noise [seen], so the length has 32 bits and no more */
    sc->image_base_va = kd_rd_u64(r);
    sc->process_id = kd_rd_u64(r);
    sc->image_checksum = kd_rd_u32(r);
    sc->image_size = kd_rd_u32(r);
    sc->is_unload = kd_rd_u8(r) != 0;
    kd_rd_seek(r, KD_STATE_CHANGE_LEN);
    sc->path = read_path(r, path_len);
}

static void read_control_report(struct kd_reader *r, struct kd_state_change *sc)
{
    uint16_t code_len;

    sc->dr6 = kd_rd_u64(r);
    sc->dr7 = kd_rd_u64(r);
    sc->eflags = kd_rd_u32(r);
    code_len = kd_rd_u16(r);
    sc->report_flags = kd_rd_u16(r);
    kd_rd_copy(r, sc->code, sizeof sc->code);
    sc->cs = kd_rd_u16(r);
    sc->ds = kd_rd_u16(r);
    sc->es = kd_rd_u16(r);
    sc->fs = kd_rd_u16(r);
    if (code_len <= sizeof sc->code)
        sc->code_len = code_len; /* else noise, and nothing in code[] can be believed */
}

enum kd_status kd_state_change_decode(const uint8_t *buf, size_t len, struct kd_state_change *out)
{
    struct kd_reader r = kd_reader_of(buf, len);
    struct kd_state_change sc = {0};

    sc.kind = kd_rd_u32(&r) & ~ALTERNATE_FORM;
    kd_rd_skip(&r, 2); /* ProcessorLevel: nothing uses it */
    sc.processor = kd_rd_u16(&r);
    sc.processor_count = kd_rd_u32(&r);
    kd_rd_skip(&r, 4); /* padding: may be noise [seen] */
    sc.thread_va = kd_rd_u64(&r);
    sc.pc_va = kd_rd_u64(&r);
    kd_rd_seek(&r, REPORT_AT);
    read_control_report(&r, &sc);
    kd_rd_seek(&r, UNION_AT);
    if (sc.kind == KD_STATE_EXCEPTION)
        read_exception(&r, &sc);
    else if (sc.kind == KD_STATE_LOAD_SYMBOLS)
        read_load_symbols(&r, &sc);
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    *out = sc;
    return KD_OK;
}

bool kd_state_change_is_farewell(const struct kd_state_change *sc)
{
    return sc->kind == KD_STATE_LOAD_SYMBOLS && sc->is_unload && sc->image_base_va == UINT64_MAX;
}
