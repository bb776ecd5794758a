#include "read_back.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#define LONGEST 10000 /* list */

void read_all(const struct lab_machine *m, uint64_t va, void *buf, size_t len)
{
    if (lab_machine_read_virtual(m, va, buf, len) != len)
        fail_msg("0x%" PRIx64 " is not mapped", va);
}

uint64_t u64(const struct lab_machine *m, uint64_t va)
{
    uint64_t v;

    read_all(m, va, &v, 8);
    return v;
}

uint32_t u32(const struct lab_machine *m, uint64_t va)
{
    uint32_t v;

    read_all(m, va, &v, 4);
    return v;
}

uint16_t u16(const struct lab_machine *m, uint64_t va)
{
    uint16_t v;

    read_all(m, va, &v, 2);
    return v;
}

uint8_t u8(const struct lab_machine *m, uint64_t va)
{
    uint8_t v;

    read_all(m, va, &v, 1);
    return v;
}

void text_at(const struct lab_machine *m, uint64_t va, char *out, size_t size)
{
    uint16_t len = u16(m, va);
    uint64_t buffer = u64(m, va + 8);

    assert_true(len % 2 == 0 && len + 2 <= u16(m, va + 2) && len / 2u < size);
    for (uint16_t i = 0; i < len / 2; i++)
        out[i] = (char)u16(m, buffer + 2u * i);
    out[len / 2] = '\0';
}

size_t list_length(const struct lab_machine *m, uint64_t head)
{
    uint64_t before = head, at = u64(m, head);
    size_t len = 0;

    for (; at != head; len++) {
        assert_true(len < LONGEST);
        assert_int_equal(u64(m, at + 8), before);
        before = at;
        at = u64(m, at);
    }
    assert_int_equal(u64(m, head + 8), before);
    return len;
}

uint64_t handle_target(const struct lab_machine *m, uint64_t table, uint32_t handle)
{
    uint64_t code = u64(m, table + 8), leaf = code & ~(uint64_t)3, entry;
    uint32_t index = handle / 4;

    assert_true((code & 3) <= 1);
    if (code & 1)
        leaf = u64(m, leaf + 8 * (index / 256));
    else if (index >= 256)
        return 0;
    if (leaf == 0)
        return 0;
    entry = u64(m, leaf + 16 * (index % 256));
    return entry & 1 ? (uint64_t)((int64_t)entry >> 16) & ~(uint64_t)15 : 0;
}
