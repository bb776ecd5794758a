#include "support/fake_mem.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_LEN = 4096 };

struct fake_page {
    struct fake_page *next;
    uint64_t no;
    uint8_t bytes[PAGE_LEN];
    bool is_unmapped[PAGE_LEN];
};

static struct fake_page *find(const struct fake_mem *m, uint64_t at)
{
    struct fake_page *p = m->pages;

    while (p && p->no != at / PAGE_LEN)
        p = p->next;
    return p;
}

static struct fake_page *find_or_add(struct fake_mem *m, uint64_t at)
{
    struct fake_page *p = find(m, at);

    if (!p) {
        p = calloc(1, sizeof *p);
        assert(p);
        p->no = at / PAGE_LEN;
        p->next = m->pages;
        m->pages = p;
    }
    return p;
}

static void count(struct fake_mem *m, uint64_t at, size_t len)
{
    m->reads++;
    m->bytes += len;
    m->last_at = at;
    m->last_len = len;
    m->requests += m->split ? (size_t)((at + len - 1) / m->split - at / m->split + 1) : 1;
}

static enum kd_status fake_read(struct kdw_mem *mem, uint64_t at, void *buf, size_t len,
                                uint64_t *fault)
{
    struct fake_mem *m = (struct fake_mem *)mem;
    uint8_t *out = buf;

    count(m, at, len);
    if (m->fail_with != KD_OK && m->reads >= m->fail_from) {
        *fault = at;
        return kd_diag_set(m->diag, m->fail_with, "the source explains: %s",
                           kd_status_text(m->fail_with));
    }
    for (size_t i = 0; i < len; i++) {
        const struct fake_page *p = find(m, at + i);
        size_t offset = (size_t)((at + i) % PAGE_LEN);

        if (!p || p->is_unmapped[offset]) {
            *fault = at + i;
            return kd_diag_set(m->diag, m->hole, "the source explains: %s",
                               kd_status_text(m->hole));
        }
        out[i] = p->bytes[offset];
    }
    return KD_OK;
}

void fake_mem_init(struct fake_mem *m)
{
    *m = (struct fake_mem){.mem = {fake_read}, .hole = KD_ERR_NOT_MAPPED};
}

void fake_mem_deinit(struct fake_mem *m)
{
    while (m->pages) {
        struct fake_page *p = m->pages;

        m->pages = p->next;
        free(p);
    }
}

void fake_mem_reset_counts(struct fake_mem *m)
{
    m->reads = 0;
    m->requests = 0;
    m->bytes = 0;
}

void fake_mem_write(struct fake_mem *m, uint64_t at, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;

    for (size_t i = 0; i < len; i++)
        find_or_add(m, at + i)->bytes[(at + i) % PAGE_LEN] = in[i];
}

static void write_le(struct fake_mem *m, uint64_t at, uint64_t v, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    fake_mem_write(m, at, bytes, len);
}

void fake_mem_u16(struct fake_mem *m, uint64_t at, uint16_t v)
{
    write_le(m, at, v, 2);
}

void fake_mem_u32(struct fake_mem *m, uint64_t at, uint32_t v)
{
    write_le(m, at, v, 4);
}

void fake_mem_u64(struct fake_mem *m, uint64_t at, uint64_t v)
{
    write_le(m, at, v, 8);
}

void fake_mem_zero(struct fake_mem *m, uint64_t at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        write_le(m, at + i, 0, 1);
}

void fake_mem_unicode(struct fake_mem *m, uint64_t at, uint64_t text_at, const char *text)
{
    size_t len = strlen(text);

    fake_mem_u16(m, at, (uint16_t)(2 * len));
    fake_mem_u16(m, at + 2, (uint16_t)(2 * len + 2));
    fake_mem_u64(m, at + 8, text_at);
    for (size_t i = 0; i < len; i++)
        fake_mem_u16(m, text_at + 2 * i, (uint8_t)text[i]);
}

void fake_mem_list(struct fake_mem *m, uint64_t head, const uint64_t *entries, size_t len)
{
    uint64_t last = head;

    for (size_t i = 0; i < len; i++) {
        fake_mem_u64(m, last, entries[i]);
        fake_mem_u64(m, entries[i] + 8, last);
        last = entries[i];
    }
    fake_mem_u64(m, last, head);
    fake_mem_u64(m, head + 8, last);
}

void fake_mem_unmap(struct fake_mem *m, uint64_t at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        find_or_add(m, at + i)->is_unmapped[(at + i) % PAGE_LEN] = true;
}
