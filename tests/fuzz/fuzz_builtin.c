/* fuzz_builtin.c - layouts told by structures, in memory that makes no sense or almost does.
 *
 * The first byte chooses. Either the rest of the input is the target's memory, as in fuzz_walk.c: every
 * address falls somewhere into it, but for holes, and its first bytes say where the landmarks are. Or
 * memory holds what one layout says, and the input is writes to its structures. A guess may come out
 * of it that is wrong; what it names must then answer like any other symbols. */
#include "support/layout_memory.h"

#include "builtin_data.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HEADER_LEN = 8,
    BLOCK_LEN = 512,    /* mapped or not as a whole */
    READS_MAX = 100000, /* far above what all layouts together may ask for */
    WRITE_LEN = 11,
    WRITES_MAX = 32,
};

#define BASE 0xfffff80412000000u

struct image {
    struct kdw_mem mem; /* first */
    const uint8_t *bytes;
    size_t len;
    uint8_t holes;
    size_t reads;
};

static enum kd_status image_read(struct kdw_mem *mem, uint64_t at, void *buf, size_t len,
                                 uint64_t *fault)
{
    struct image *m = (struct image *)mem;
    uint8_t *out = buf;

    if (++m->reads > READS_MAX)
        abort();
    for (size_t i = 0; i < len; i++) {
        if ((at + i) / BLOCK_LEN % 256 < m->holes) {
            *fault = at + i;
            return KD_ERR_NOT_MAPPED;
        }
        out[i] = m->bytes[(at + i) % m->len];
    }
    return KD_OK;
}

static bool visit(void *ctx, const struct kdw_field *field)
{
    *(size_t *)ctx += strlen(field->name);
    return true;
}

static void ask(struct kdw_symbols *s)
{
    kdw_type_id type;
    uint64_t rva;
    size_t total = 0;

    if (kdw_symbols_origin(s)[0] == '\0' || !kdw_symbols_is_guess(s))
        abort();
    if (kdw_type_by_name(s, "_ETW_SILODRIVERSTATE", &type) == KD_OK &&
        kdw_type_each_field(s, type, visit, &total) != KD_OK)
        abort();
    if (kdw_symbol(s, "PspHostSiloGlobals", &rva) == KD_OK && rva > UINT32_MAX)
        abort();
}

static void open_builtin(const struct kdw_kernel_facts *facts)
{
    struct kd_diag diag = {""};
    struct kdw_symbols *s;

    if (kdw_builtin_open(facts, &diag, &s) == KD_OK) {
        ask(s);
        kdw_symbols_close(s);
    }
}

static void look_at_anything(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"EtwpDebuggerData", "PsActiveProcessHead",
                                        "KdDebuggerDataBlock"};
    struct kdw_landmark landmarks[3];
    struct kdw_kernel_facts facts = {.landmarks = landmarks, .base_va = BASE};
    struct image m = {.mem = {image_read}};

    if (size <= HEADER_LEN)
        return;
    m.holes = data[0];
    facts.landmark_count = data[1] % 4;
    for (size_t i = 0; i < 3; i++)
        landmarks[i] =
            (struct kdw_landmark){names[i], 8u * (data[2 + 2 * i] | data[3 + 2 * i] << 8)};
    m.bytes = data + HEADER_LEN;
    m.len = size - HEADER_LEN;
    facts.mem = &m.mem;
    open_builtin(&facts);
}

/* Each write: to which structure, where in it, eight bytes; or a hole instead of them. */
static void look_at_altered(const uint8_t *data, size_t size)
{
    struct layout_memory m;

    layout_memory_init(&m, data[0] % kdw_builtin_layout_count);
    for (size_t at = 1; at + WRITE_LEN <= size && at < WRITES_MAX * WRITE_LEN; at += WRITE_LEN) {
        const uint64_t structures[] = {m.state_va,     m.array_va,    m.globals_va,
                                       m.process_va,   m.provider_va, m.logger_va[0],
                                       m.logger_va[1], m.logger_va[2]};
        uint64_t va = structures[data[at] % 8] + 4u * (data[at + 1] | data[at + 2] << 8) % 0x2000;

        if (data[at] & 0x80)
            fake_mem_unmap(&m.mem, va, 8);
        else
            fake_mem_write(&m.mem, va, data + at + 3, 8);
    }
    open_builtin(&m.facts);
    layout_memory_deinit(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (data[0] & 1)
        look_at_altered(data + 1, size - 1);
    else
        look_at_anything(data + 1, size - 1);
    return 0;
}
