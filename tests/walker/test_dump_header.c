#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

enum {
    MAJOR = 0x08,
    MACHINE = 0x30,
    BUGCHECK = 0x38,
    CONTEXT_FLAGS = 0x378,
    RIP = 0x440,
    TYPE = 0xF98,
    WRITER_STATUS = 0x1048,
    ATTRIBUTES = 0x1050,
};

static const struct dump_build_range run = {0, 3};
static const uint64_t pfns[] = {0, 1, 2};

static void make(struct dump_build *b, uint32_t type)
{
    *b = (struct dump_build){0};
    dump_build_header(b, type);
    dump_build_runs(b, &run, 1);
}

static void make_bitmap(struct dump_build *b, uint32_t type)
{
    *b = (struct dump_build){0};
    dump_build_header(b, type);
    dump_build_bitmap(b, "SDMP", 3, pfns, 3);
}

static void what_the_header_says_is_read(void **state)
{
    const struct kdw_dump_facts *f;
    struct kdw_target t;
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 1);
    dump_open_ok(&o, &b);
    f = o.facts;
    assert_true(f->has_header);
    assert_int_equal(f->dump_type, 1);
    assert_int_equal(f->machine, 0x8664);
    assert_int_equal(f->build, DUMP_BUILD_BUILD);
    assert_false(f->is_checked);
    assert_int_equal(f->processor_count, 4);
    assert_true(f->dtb == DUMP_BUILD_DTB); /* without its flags */
    assert_true(f->pfn_database_va == 0xfffff8047c6fc500u);
    assert_true(f->module_list_va == DUMP_BUILD_MODULE_LIST);
    assert_true(f->process_list_va == DUMP_BUILD_PROCESS_LIST);
    assert_true(f->debugger_data_va == DUMP_BUILD_DEBUGGER);
    assert_true(f->kernel_hint_va == DUMP_BUILD_MODULE_LIST);
    assert_true(f->has_bugcheck);
    assert_int_equal(f->bugcheck_code, DUMP_BUILD_BUGCHECK);
    assert_true(f->bugcheck_parameters[0] == 0x1111111111111111u);
    assert_true(f->bugcheck_parameters[3] == 0x4444444444444444u);
    assert_true(f->time_100ns == 0x01d707f23dbb3399u);
    assert_true(f->uptime_100ns == 0x23bc1e9);
    assert_true(f->has_product);
    assert_int_equal(f->product_type, 1);
    assert_int_equal(f->suite_mask, 0x110);
    assert_true(f->rip == DUMP_BUILD_RIP);
    t = kdw_dump_target(o.dump);
    assert_int_equal(t.machine, 0x8664);
    assert_int_equal(t.build, DUMP_BUILD_BUILD);
    assert_int_equal(t.processor_count, 4);
    assert_true(t.is_mp && t.is_kernel && !t.is_checked);
    assert_true(t.module_list_va == DUMP_BUILD_MODULE_LIST && t.dtb == DUMP_BUILD_DTB);
    assert_true(t.kernel_base_va == 0);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

/* The fill reads as LiveDump, Filter and Encrypted at once. */
static void what_the_writer_left_out_is_unknown(void **state)
{
    const struct kdw_dump_facts *f;
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 1);
    for (uint32_t at = 0x0C; at < 0x88; at += 4)
        dump_build_bytes(&b, at, "PAGE", 4);
    for (uint32_t at = 0x348; at < TYPE; at += 4)
        dump_build_bytes(&b, at, "PAGE", 4);
    for (uint32_t at = TYPE + 4; at < 0x2000; at += 4)
        dump_build_bytes(&b, at, "PAGE", 4);
    dump_open_ok(&o, &b);
    f = o.facts;
    assert_true(f->attributes == 0 && f->writer_status == 0 && f->machine == 0 && f->build == 0);
    assert_true(f->dtb == 0 && f->module_list_va == 0 && f->process_list_va == 0);
    assert_true(f->debugger_data_va == 0 && f->pfn_database_va == 0 && f->kernel_hint_va == 0);
    assert_true(f->time_100ns == 0 && f->uptime_100ns == 0 && f->rip == 0);
    assert_false(f->has_bugcheck);
    assert_false(f->has_product);
    assert_int_equal(f->processor_count, 0);
    for (size_t i = 0; i < 4; i++)
        assert_true(f->bugcheck_parameters[i] == 0);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void what_a_dump_is_called_follows_its_attributes(void **state)
{
    static const struct {
        uint32_t type, attributes;
        const char *what;
    } kinds[] = {
        {5, 0, "complete memory dump"},  {6, 0, "kernel memory dump"},
        {5, 0x40, "active memory dump"}, {6, 0x40, "active memory dump"},
        {6, 0x10, "live kernel dump"},   {6, 0x50, "live kernel dump"},
        {7, 0, "automatic memory dump"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct dump_opened o;
        struct dump_build b;

        make_bitmap(&b, kinds[i].type);
        dump_build_u32(&b, ATTRIBUTES, kinds[i].attributes);
        dump_open_ok(&o, &b);
        assert_string_equal(o.facts->what, kinds[i].what);
        dump_done(&o);
        dump_build_free(&b);
    }
}

static void the_context_counts_only_where_it_can_be_one(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 1);
    dump_build_u64(&b, RIP, 0x0001234512345678u); /* no address */
    dump_open_ok(&o, &b);
    assert_true(o.facts->rip == 0);
    dump_done(&o);
    dump_build_u64(&b, RIP, 0x00007ff612345678u);
    dump_build_u32(&b, CONTEXT_FLAGS, 0x1001F); /* another processor's */
    dump_open_ok(&o, &b);
    assert_true(o.facts->rip == 0);
    dump_done(&o);
    dump_build_u32(&b, CONTEXT_FLAGS, 0x10001F);
    dump_open_ok(&o, &b);
    assert_true(o.facts->rip == 0x00007ff612345678u);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_checked_build_is_told(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 1);
    dump_build_u32(&b, MAJOR, 0xC);
    dump_open_ok(&o, &b);
    assert_true(o.facts->is_checked);
    dump_done(&o);
    dump_build_free(&b);
}

static void machines_are_told_apart(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 1);
    dump_build_u32(&b, MACHINE, 0xAA64);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->machine, 0xAA64);
    dump_warns(&o, "ARM64");
    dump_done(&o);
    dump_build_u32(&b, MACHINE, 0x200);
    dump_is_refused(&b, KD_ERR_UNSUPPORTED, "machine of type 0x200");
    dump_build_free(&b);
}

static void encrypted_pages_are_not_read_as_memory(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make_bitmap(&b, 6);
    dump_build_u32(&b, ATTRIBUTES, 0x100);
    dump_is_refused(&b, KD_ERR_UNSUPPORTED, "encrypted dump: decrypt it first");
    dump_build_u32(&b, ATTRIBUTES, 0x300); /* it was: somebody had the key */
    dump_open_ok(&o, &b);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_writer_that_failed_is_warned_of(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make_bitmap(&b, 6);
    dump_build_u32(&b, ATTRIBUTES, 4);
    dump_build_u32(&b, WRITER_STATUS, 0xC000007F);
    dump_open_ok(&o, &b);
    dump_warns(&o, "NTSTATUS 0xc000007f");
    dump_warns(&o, "ran out of room");
    dump_has(&o, 0, 3 * 0x1000);
    dump_done(&o);
    dump_build_free(&b);
}

static void an_unknown_type_is_named_unless_a_signature_decides(void **state)
{
    static const uint32_t unknown[] = {0, 11, 77, 0x45474150};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct dump_opened o;
        struct dump_build b;

        make(&b, unknown[i]);
        dump_is_refused(&b, KD_ERR_UNSUPPORTED, "dump of an unknown type, 0x");
        dump_build_free(&b);
        make_bitmap(&b, unknown[i]);
        dump_open_ok(&o, &b);
        assert_int_equal(o.facts->kind, KDW_DUMP_BITMAP);
        assert_string_equal(o.facts->what, "memory dump");
        dump_warns(&o, "disagree");
        dump_has(&o, 0, 3 * 0x1000);
        dump_done(&o);
        dump_build_free(&b);
    }
}

static void a_signature_is_right_where_the_type_contradicts(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make_bitmap(&b, 1);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_BITMAP);
    dump_warns(&o, "its type, 0x1, and what follows the header disagree");
    dump_has(&o, 0, 3 * 0x1000);
    dump_done(&o);
    dump_build_free(&b);
    b = (struct dump_build){0};
    dump_build_header(&b, 6);
    dump_build_ranges(&b, &run, 1, 16);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_RANGES);
    dump_warns(&o, "disagree");
    dump_has(&o, 0, 3 * 0x1000);
    dump_done(&o);
    dump_build_free(&b);
}

/* Without any signature it can be runs, but only if they fill the file: a bitmap that is missing must
 * not make other pages of these. */
static void without_a_signature_runs_must_fit(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 6);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_RUNS);
    dump_warns(&o, "disagree");
    dump_has(&o, 0, 3 * 0x1000);
    dump_done(&o);
    dump_build_resize(&b, b.len - 1);
    dump_is_refused(&b, KD_ERR_MALFORMED, "what should follow its header is not there");
    dump_build_free(&b);
}

static void a_header_alone_holds_no_memory(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, 3);
    dump_is_refused(&b, KD_ERR_UNSUPPORTED, "header alone");
    dump_build_free(&b);
}

static void a_header_that_is_cut_short_is_refused(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, 1);
    for (size_t len = 0x1FFF; len >= 8; len = len / 2 + 3) {
        dump_build_resize(&b, len);
        dump_is_refused(&b, KD_ERR_TRUNCATED, "ends inside its header");
        if (len < 12)
            break;
    }
    dump_build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_header_says_is_read),
        cmocka_unit_test(what_the_writer_left_out_is_unknown),
        cmocka_unit_test(what_a_dump_is_called_follows_its_attributes),
        cmocka_unit_test(the_context_counts_only_where_it_can_be_one),
        cmocka_unit_test(a_checked_build_is_told),
        cmocka_unit_test(machines_are_told_apart),
        cmocka_unit_test(encrypted_pages_are_not_read_as_memory),
        cmocka_unit_test(a_writer_that_failed_is_warned_of),
        cmocka_unit_test(an_unknown_type_is_named_unless_a_signature_decides),
        cmocka_unit_test(a_signature_is_right_where_the_type_contradicts),
        cmocka_unit_test(without_a_signature_runs_must_fit),
        cmocka_unit_test(a_header_alone_holds_no_memory),
        cmocka_unit_test(a_header_that_is_cut_short_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
