#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

enum { PAGE = 0x1000 };

static enum kd_status try_open(struct dump_opened *o, const struct dump_build *b, size_t len)
{
    memset(o, 0, sizeof *o);
    o->file = malloc(len ? len : 1);
    assert_non_null(o->file);
    if (len > 0)
        memcpy(o->file, b->data, len);
    return kdw_dump_open_bytes(o->file, len, &o->diag, &o->dump);
}

void dump_open_ok(struct dump_opened *o, const struct dump_build *b)
{
    enum kd_status st = try_open(o, b, b->len);

    if (st != KD_OK)
        fail_msg("refused: %s: %s", kd_status_text(st), o->diag.text);
    assert_string_equal(o->diag.text, "");
    o->facts = kdw_dump_facts(o->dump);
}

void dump_done(struct dump_opened *o)
{
    kdw_dump_close(o->dump);
    free(o->file);
    memset(o, 0, sizeof *o);
}

void dump_is_refused(const struct dump_build *b, enum kd_status status, const char *text)
{
    struct dump_opened o;
    enum kd_status st = try_open(&o, b, b->len);

    assert_null(o.dump);
    if (st != status || !strstr(o.diag.text, text))
        fail_msg("refused as: %s: %s", kd_status_text(st), o.diag.text);
    dump_done(&o);
}

static struct kdw_mem *mem_of(struct dump_opened *o)
{
    struct kdw_mem *physical = kdw_dump_physical(o->dump);

    return physical ? physical : kdw_dump_virtual(o->dump);
}

void dump_has(struct dump_opened *o, uint64_t at, size_t len)
{
    uint8_t *bytes = malloc(len);

    assert_non_null(bytes);
    assert_int_equal(kdw_mem_read(mem_of(o), at, bytes, len, NULL), KD_OK);
    for (size_t i = 0; i < len; i++) {
        uint64_t word = dump_build_word((at + i) & ~(uint64_t)7);

        if (bytes[i] != (uint8_t)(word >> 8 * ((at + i) % 8)))
            fail_msg("0x%llx has another address's byte", (unsigned long long)(at + i));
    }
    free(bytes);
}

void dump_fails(struct dump_opened *o, uint64_t at, size_t len, enum kd_status status,
                uint64_t fault)
{
    uint8_t *bytes = malloc(len);
    uint64_t where = 0;

    assert_non_null(bytes);
    assert_int_equal(kdw_mem_read(mem_of(o), at, bytes, len, &where), status);
    assert_true(where == fault);
    free(bytes);
}

void dump_has_pages(struct dump_opened *o, const uint64_t *pfns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dump_has(o, PAGE * pfns[i], PAGE);
}

void dump_warns(const struct dump_opened *o, const char *text)
{
    for (size_t i = 0; i < o->facts->warning_count; i++)
        if (strstr(o->facts->warnings[i], text))
            return;
    fail_msg("no warning of: %s", text);
}

void dump_warns_nothing(const struct dump_opened *o)
{
    if (o->facts->warning_count > 0)
        fail_msg("a warning: %s", o->facts->warnings[0]);
}

static void read_all(struct dump_opened *o)
{
    struct kdw_mem *mem = mem_of(o);
    uint64_t end = kdw_dump_facts(o->dump)->physical_end;
    uint64_t first = end ? 0 : DUMP_BUILD_BLOCKS;
    uint64_t pages = end ? end / PAGE : 1;

    for (uint64_t i = 0; i <= pages && i < 64; i++) {
        uint8_t page[PAGE];
        uint64_t fault = 0;
        enum kd_status st = kdw_mem_read(mem, first + PAGE * i, page, sizeof page, &fault);

        if (st != KD_OK) {
            assert_true(st == KD_ERR_NOT_IN_DUMP || st == KD_ERR_CUT_OFF);
            assert_in_range(fault, first + PAGE * i, first + PAGE * i + PAGE - 1);
        }
    }
}

void dump_stands_cuts(const struct dump_build *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct dump_opened o;
        struct kdw_module_list modules;
        enum kd_status st = try_open(&o, b, b->len * i / count);

        if (st == KD_OK) {
            read_all(&o);
            if (kdw_dump_modules(o.dump, &modules) == KD_OK)
                kdw_module_list_free(&modules);
        } else {
            assert_true(st == KD_ERR_TRUNCATED || st == KD_ERR_MALFORMED ||
                        st == KD_ERR_UNSUPPORTED);
            assert_true(o.diag.text[0] != '\0');
        }
        dump_done(&o);
    }
}
