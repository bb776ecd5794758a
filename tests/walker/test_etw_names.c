#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/etw_names.h>

static void modes_have_the_names_of_the_public_headers(void **state)
{
    static const struct {
        uint32_t mode;
        const char *name;
    } known[] = {
        {0x1, "FILE_MODE_SEQUENTIAL"},
        {0x8, "FILE_MODE_NEWFILE"},
        {0x40, "NONSTOPPABLE_MODE"},
        {0x100, "REAL_TIME_MODE"},
        {0x400, "BUFFERING_MODE"},
        {0x800, "PRIVATE_LOGGER_MODE"},
        {0x20000, "PRIVATE_IN_PROC"},
        {0x800000, "PERSIST_ON_HYBRID_SHUTDOWN"},
        {0x1000000, "USE_PAGED_MEMORY"},
        {0x2000000, "SYSTEM_LOGGER_MODE"},
        {0x8000000, "INDEPENDENT_SESSION_MODE"},
        {0x10000000, "NO_PER_PROCESSOR_BUFFERING"},
        {0x80000000, "ADDTO_TRIAGE_DUMP"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        for (unsigned bit = 0; bit < 32; bit++)
            if (known[i].mode == UINT32_C(1) << bit)
                assert_string_equal(kdw_logger_mode_name(bit), known[i].name);
}

static void flags_sit_where_the_symbols_have_them(void **state)
{
    (void)state;
    assert_string_equal(kdw_logger_flag_name(0), "Persistent");
    assert_string_equal(kdw_logger_flag_name(5), "KernelTrace");
    assert_string_equal(kdw_logger_flag_name(14), "SecurityTrace");
    assert_string_equal(kdw_logger_flag_name(24), "StackCaching");
}

static void the_system_loggers_index_is_no_flag(void **state)
{
    (void)state;
    for (unsigned bit = 16; bit < 24; bit++)
        assert_null(kdw_logger_flag_name(bit));
}

static void every_bit_has_an_answer(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 40; bit++)
        assert_non_null(kdw_logger_mode_name(bit));
    assert_null(kdw_logger_flag_name(32));
}

static void flush_timers_count_seconds_unless_the_mode_says_otherwise(void **state)
{
    (void)state;
    assert_string_equal(kdw_logger_timer_unit(0x180), "s");
    assert_string_equal(kdw_logger_timer_unit(0x190), "ms");
}

static void clocks_have_the_names_of_the_documentation(void **state)
{
    (void)state;
    assert_null(kdw_logger_clock_name(0));
    assert_string_equal(kdw_logger_clock_name(1), "performance counter");
    assert_string_equal(kdw_logger_clock_name(2), "system time");
    assert_null(kdw_logger_clock_name(4));
    assert_null(kdw_logger_clock_name(UINT64_MAX));
}

static void groups_of_events_are_named_by_word_and_bit(void **state)
{
    (void)state;
    assert_string_equal(kdw_event_group_name(0, 0), "PROCESS");
    assert_string_equal(kdw_event_group_name(0, 26), "FILE_IO_INIT");
    assert_string_equal(kdw_event_group_name(1, 2), "CONTEXT_SWITCH");
    assert_string_equal(kdw_event_group_name(2, 6), "SYSCALL");
    assert_string_equal(kdw_event_group_name(4, 26), "CACHE_FLUSH");
    assert_null(kdw_event_group_name(3, 0));
    assert_null(kdw_event_group_name(0, 31));
    assert_null(kdw_event_group_name(8, 0));
    assert_null(kdw_event_group_name(0, 32));
}

static void providers_and_registrations_have_names(void **state)
{
    (void)state;
    assert_string_equal(kdw_provider_type_name(0), "trace");
    assert_string_equal(kdw_provider_type_name(3), "security");
    assert_null(kdw_provider_type_name(4));
    assert_string_equal(kdw_enable_property_name(2), "stack trace");
    assert_string_equal(kdw_enable_property_name(10), "silos"); /* 0x400 */
    assert_null(kdw_enable_property_name(12));
    assert_string_equal(kdw_registration_flag_name(0), "kernel");
    assert_string_equal(kdw_registration_flag_name(8), "Wow64");
    assert_null(kdw_registration_flag_name(16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_have_the_names_of_the_public_headers),
        cmocka_unit_test(flags_sit_where_the_symbols_have_them),
        cmocka_unit_test(the_system_loggers_index_is_no_flag),
        cmocka_unit_test(every_bit_has_an_answer),
        cmocka_unit_test(flush_timers_count_seconds_unless_the_mode_says_otherwise),
        cmocka_unit_test(clocks_have_the_names_of_the_documentation),
        cmocka_unit_test(groups_of_events_are_named_by_word_and_bit),
        cmocka_unit_test(providers_and_registrations_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
