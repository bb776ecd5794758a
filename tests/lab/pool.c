#include <string.h>

#include "machine_parts.h"

#define HEADER 0x10u

void put(struct lab_machine *m, uint64_t va, const void *bytes, size_t len)
{
    lab_memory_write(m->memory, va, bytes, len);
}

void put_u64(struct lab_machine *m, uint64_t va, uint64_t value)
{
    put(m, va, &value, sizeof(value));
}

void put_u32(struct lab_machine *m, uint64_t va, uint32_t value)
{
    put(m, va, &value, sizeof(value));
}

size_t put_text(struct lab_machine *m, uint64_t va, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i <= len; i++) {
        uint8_t unit[2] = {(uint8_t)text[i], 0};

        put(m, va + 2 * i, unit, sizeof(unit));
    }
    return 2 * len;
}

uint64_t get_u64(const struct lab_machine *m, uint64_t va)
{
    uint64_t value = 0;

    lab_memory_read(m->memory, va, &value, sizeof(value));
    return value;
}

void list_init(struct lab_machine *m, uint64_t head)
{
    put_u64(m, head, head);
    put_u64(m, head + 8, head);
}

void list_append(struct lab_machine *m, uint64_t head, uint64_t node)
{
    uint64_t last = get_u64(m, head + 8);

    put_u64(m, node, head);
    put_u64(m, node + 8, last);
    put_u64(m, last, node);
    put_u64(m, head + 8, node);
}

void list_remove(struct lab_machine *m, uint64_t node)
{
    uint64_t next = get_u64(m, node), last = get_u64(m, node + 8);

    put_u64(m, last, next);
    put_u64(m, next + 8, last);
}

void put_string(struct lab_machine *m, uint64_t va, const char *text, const char tag[4])
{
    uint64_t buffer = pool_alloc(m, 2 * strlen(text) + 2, tag);
    uint32_t len = (uint32_t)put_text(m, buffer, text);

    put_u32(m, va, len | (len + 2) << 16);
    put_u64(m, va + 8, buffer);
}

/* Layout: _POOL_HEADER of public symbols [seen]; sizes in units of 16 bytes, two pool types [doc]. */
void pool_header(struct lab_machine *m, uint64_t va, size_t len, const char tag[4])
{
    uint8_t header[HEADER] = {0};

    if (va % LAB_PAGE == 0)
        return;
    header[2] = (uint8_t)((len + HEADER + HEADER - 1) / HEADER);
    header[3] = 2; /* non-paged, in use */
    memcpy(header + 4, tag, 4);
    put(m, va - HEADER, header, sizeof(header));
}

/* Small ones never cross a page, large ones start one. */
uint64_t pool_alloc(struct lab_machine *m, size_t len, const char tag[4])
{
    size_t left = LAB_PAGE - m->pool % LAB_PAGE;
    uint64_t va;

    len = (len + HEADER - 1) / HEADER * HEADER;
    if (len + HEADER > left)
        m->pool += left;
    va = len + HEADER > LAB_PAGE ? m->pool : m->pool + HEADER;
    m->pool = va + len;
    lab_memory_map(m->memory, va, len);
    pool_header(m, va, len, tag);
    return va;
}

uint64_t pool_alloc_at_edge(struct lab_machine *m, size_t len, const char tag[4])
{
    uint64_t end = (m->pool + HEADER + len + LAB_PAGE) / LAB_PAGE * LAB_PAGE;
    uint64_t va = end - len;

    lab_memory_map(m->memory, va, len);
    pool_header(m, va, len, tag);
    m->pool = end + LAB_PAGE; /* a page that nobody gets */
    return va;
}
