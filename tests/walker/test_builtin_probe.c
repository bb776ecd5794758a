#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builtin_probe.h"
#include "support/layout_memory.h"

static struct layout_memory m;

static void make(const char *layout)
{
    layout_memory_init(&m, layout_number(layout));
}

static struct kdw_probe begin(void)
{
    struct kdw_probe p;

    assert_int_equal(kdw_probe_begin(&m.facts, &p), KD_OK);
    return p;
}

/* The memory's own layout, unless another is named. */
static struct kdw_probe_finding judge(const char *layout)
{
    struct kdw_probe p = begin();
    struct kdw_probe_finding f;
    struct layout_memory other;

    if (!layout) {
        assert_int_equal(kdw_probe_judge(&p, m.symbols, &f), KD_OK);
        return f;
    }
    layout_memory_init(&other, layout_number(layout));
    assert_int_equal(kdw_probe_judge(&p, other.symbols, &f), KD_OK);
    layout_memory_deinit(&other);
    return f;
}

static void the_starts_lead_to_loggers_to_what_they_share_and_to_a_process(void **state)
{
    struct kdw_probe p;

    (void)state;
    make("18362");
    p = begin();
    assert_true(p.array_va == m.array_va);
    assert_int_equal(p.logger_count, KDW_PROBE_LOGGERS);
    assert_int_equal(p.loggers[0].slot, 2);
    assert_int_equal(p.loggers[1].slot, 5);
    assert_true(p.loggers[1].va == m.logger_va[1]);
    assert_int_equal(p.state_count, 1);
    assert_true(p.states[0] == m.state_va);
    assert_true(p.process_links == m.process_va + 0x2f0);
    assert_int_equal(p.process_len, 0x880);
    layout_memory_deinit(&m);
}

static void a_layout_agrees_with_each_structure_of_its_own(void **state)
{
    struct kdw_probe_finding f;

    (void)state;
    make("22621");
    f = judge(NULL);
    assert_true(f.fits);
    assert_int_equal(f.seen, KDW_SEES_STATE | KDW_SEES_LOGGERS | KDW_SEES_PROVIDERS |
                                 KDW_SEES_SILO | KDW_SEES_PROCESS | KDW_SEES_SIZES);
    assert_true(f.state_va == m.state_va);
    assert_true(f.globals_va == m.globals_va);
    layout_memory_deinit(&m);
}

static void a_state_that_holds_its_array_is_found_from_the_array(void **state)
{
    struct kdw_probe_finding f;

    (void)state;
    make("14393");
    f = judge(NULL);
    assert_true(f.fits);
    assert_true(f.state_va == m.state_va && f.state_va == m.array_va - 0x390);
    assert_true(f.globals_va == 0); /* of that kernel the state does not say */
    assert_int_equal(f.seen & KDW_SEES_SILO, 0);
    layout_memory_deinit(&m);
}

/* What each of these pairs differs in is known from public symbols. */
static void layouts_that_put_something_elsewhere_contradict(void **state)
{
    static const struct {
        const char *is, *is_not;
    } pairs[] = {
        {"18362", "18362.720"}, /* providers in the state: 0x190 and 0x1a8 bytes */
        {"18362.720", "18362"},
        {"17763.2114", "17763.2452"}, /* SiloState of loggers */
        {"22000", "22000.434"},
        {"17763", "18362"}, /* UniqueProcessId */
        {"19041.1466", "20348"},
        {"20348", "22000"},                          /* LoggerName */
        {"14393", "15063 (in part)"},                /* SiloGlobals come first */
        {"16299 (in part)", "17134 (in part)"},      /* Silo comes first */
        {"26100", "a kernel after 26100 (in part)"}, /* 8 and 16 loggers a provider */
        {"a kernel after 26100 (in part)", "26100"},
        {"14393", "14393.5006"}, /* the size of a process, no field of interest */
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        make(pairs[i].is);
        if (!judge(NULL).fits)
            fail_msg("%s does not fit itself", pairs[i].is);
        if (judge(pairs[i].is_not).fits)
            fail_msg("%s fits %s", pairs[i].is_not, pairs[i].is);
        layout_memory_deinit(&m);
    }
}

/* One structure at a time is not as it should be. */
static void broken_structures_contradict(void **state)
{
    (void)state;
    make("19041");
    layout_memory_put(&m, "_ETW_SILODRIVERSTATE", m.state_va,
                      "EtwpSecurityProviderGuidEntry.SiloState", m.state_va + 8);
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);

    make("19041");
    layout_memory_put(&m, "_ETW_SILODRIVERSTATE", m.state_va, "MaxLoggers", 70000);
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);

    make("19041");
    layout_memory_put(&m, "_ETW_SILODRIVERSTATE", m.state_va, "SiloGlobals", m.state_va);
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);

    make("19041");
    layout_memory_put(&m, "_ESERVERSILO_GLOBALS", m.globals_va, "EtwSiloState", 0);
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);

    make("19041");
    layout_memory_put(&m, "_EPROCESS", m.process_va, "UniqueProcessId", 8);
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);

    make("19041");
    layout_memory_put(&m, "_ETW_GUID_ENTRY", m.provider_va, "SiloState", 0);
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);
}

static void one_damaged_logger_of_four_says_nothing(void **state)
{
    (void)state;
    make("20348");
    layout_memory_put(&m, "_WMI_LOGGER_CONTEXT", m.logger_va[0], "LoggerId", 77);
    assert_true(judge(NULL).seen & KDW_SEES_LOGGERS);
    layout_memory_put(&m, "_WMI_LOGGER_CONTEXT", m.logger_va[1], "LoggerName.Buffer", 0);
    assert_true(judge(NULL).fits);
    assert_false(judge(NULL).seen & KDW_SEES_LOGGERS); /* two against two */
    layout_memory_put(&m, "_WMI_LOGGER_CONTEXT", m.logger_va[2], "LoggerName.Length", 3);
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);
}

static void what_cannot_be_read_neither_agrees_nor_contradicts(void **state)
{
    struct kdw_probe_finding f;

    (void)state;
    make("18362");
    fake_mem_unmap(&m.mem, m.globals_va, 0x480);
    fake_mem_unmap(&m.mem, m.process_va, 0x880);
    f = judge(NULL);
    assert_true(f.fits);
    assert_int_equal(f.seen,
                     KDW_SEES_STATE | KDW_SEES_LOGGERS | KDW_SEES_PROVIDERS | KDW_SEES_SIZES);
    fake_mem_unmap(&m.mem, m.array_va, 8 * 64);
    f = judge(NULL);
    assert_true(f.fits);
    assert_int_equal(f.seen, KDW_SEES_SIZES);
    m.facts.landmark_count = 0;
    f = judge(NULL);
    assert_true(f.fits && f.seen == 0 && f.state_va == 0);
    layout_memory_deinit(&m);
}

static void an_empty_table_of_providers_is_no_second_structure(void **state)
{
    uint64_t head_va;

    (void)state;
    make("18362");
    head_va = m.state_va + layout_memory_offset(&m, "_ETW_SILODRIVERSTATE", "EtwpGuidHashTable");
    fake_mem_list(&m.mem, head_va + 5 * 0x38, NULL, 0);
    assert_true(judge(NULL).fits);
    assert_false(judge(NULL).seen & KDW_SEES_PROVIDERS);
    fake_mem_zero(&m.mem, head_va, 40 * 0x38); /* most lists are none */
    assert_false(judge(NULL).fits);
    layout_memory_deinit(&m);
}

static void what_ends_a_walk_ends_the_probe(void **state)
{
    struct kdw_probe_finding f = {.seen = 99};
    struct kdw_probe p;

    (void)state;
    make("22000");
    p = begin();
    m.mem.fail_with = KD_ERR_LOST;
    for (m.mem.fail_from = 1; m.mem.fail_from < 40; m.mem.fail_from++) {
        struct kdw_probe untouched = {.array_va = 5};

        fake_mem_reset_counts(&m.mem);
        assert_int_equal(kdw_probe_judge(&p, m.symbols, &f), KD_ERR_LOST);
        assert_int_equal(f.seen, 99);
        fake_mem_reset_counts(&m.mem);
        if (kdw_probe_begin(&m.facts, &untouched) != KD_OK)
            assert_int_equal(untouched.array_va, 5);
    }
    layout_memory_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_starts_lead_to_loggers_to_what_they_share_and_to_a_process),
        cmocka_unit_test(a_layout_agrees_with_each_structure_of_its_own),
        cmocka_unit_test(a_state_that_holds_its_array_is_found_from_the_array),
        cmocka_unit_test(layouts_that_put_something_elsewhere_contradict),
        cmocka_unit_test(broken_structures_contradict),
        cmocka_unit_test(one_damaged_logger_of_four_says_nothing),
        cmocka_unit_test(what_cannot_be_read_neither_agrees_nor_contradicts),
        cmocka_unit_test(an_empty_table_of_providers_is_no_second_structure),
        cmocka_unit_test(what_ends_a_walk_ends_the_probe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
