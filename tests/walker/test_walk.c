#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_kernel.h"
#include "walk.h"

#include <stdlib.h>

#define STATE 0xffffa80faaf3e000u
#define JOB   0xffffa80fb7f77040u

static const struct kdw_plan_field state_fields[] = {
    KDW_PLAN_U64("MaxLoggers", struct kdw_etw_state, max_loggers),
    KDW_PLAN_U64("EtwpLoggerContext", struct kdw_etw_state, contexts_va),
    KDW_PLAN_PLACE("WmipLoggerContext", struct kdw_etw_state, contexts_va),
    KDW_PLAN_U64("EtwpSecurityProviderPID", struct kdw_etw_state, security_pid),
    KDW_PLAN_U64("EtwpCounters.GuidCount", struct kdw_etw_state, guid_count),
    KDW_PLAN_GUID("PartitionId", struct kdw_etw_state, partition_id),
};
enum { STATE_FIELDS = sizeof state_fields / sizeof state_fields[0] };

struct fixture {
    struct fake_kernel k;
    struct kdw_snapshot s;
    struct kdw_walk w;
    struct kdw_etw_state *record;
};

static void begin(struct fixture *f, const char *build)
{
    *f = (struct fixture){.record = NULL};
    fake_kernel_init(&f->k, build);
    f->w = (struct kdw_walk){.k = &f->k.kernel, .s = &f->s};
    f->record = kdw_snapshot_add(&f->s, KDW_TABLE_STATES, STATE);
    assert_non_null(f->record);
}

static void end(struct fixture *f)
{
    kdw_snapshot_free(&f->s);
    fake_kernel_deinit(&f->k);
}

static void read_state(struct fixture *f)
{
    struct kdw_plan plan;

    assert_int_equal(
        kdw_plan_resolve(&f->w, "_ETW_SILODRIVERSTATE", state_fields, STATE_FIELDS, &plan), KD_OK);
    assert_int_equal(kdw_plan_read(&f->w, &plan, STATE, f->record), KD_OK);
}

static void a_plan_fills_what_this_kernel_has(void **state)
{
    static const uint8_t id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct fixture f;

    (void)state;
    begin(&f, "18362");
    fake_kernel_zero(&f.k, "_ETW_SILODRIVERSTATE", STATE);
    fake_kernel_put(&f.k, "_ETW_SILODRIVERSTATE", STATE, "MaxLoggers", 64);
    fake_kernel_put(&f.k, "_ETW_SILODRIVERSTATE", STATE, "EtwpLoggerContext", JOB);
    fake_kernel_put(&f.k, "_ETW_SILODRIVERSTATE", STATE, "EtwpSecurityProviderPID", 0x2bc);
    fake_kernel_put(&f.k, "_ETW_SILODRIVERSTATE", STATE, "EtwpCounters.GuidCount", 1203);
    fake_mem_write(&f.k.mem,
                   STATE + fake_kernel_offset(&f.k, "_ETW_SILODRIVERSTATE", "PartitionId"), id,
                   sizeof id);
    read_state(&f);
    assert_int_equal(f.record->max_loggers.value, 64);
    assert_true(f.record->contexts_va.value == JOB);
    assert_int_equal(f.record->security_pid.value, 0x2bc);
    assert_int_equal(f.record->guid_count.value, 1203);
    assert_int_equal(f.record->partition_id.status, KD_OK);
    assert_memory_equal(f.record->partition_id.bytes, id, sizeof id);
    assert_int_equal(f.record->shutdown.status, KD_ERR_NOT_FOUND); /* not in the plan */
    end(&f);
}

static void of_two_names_for_one_fact_the_one_that_exists_counts(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, "14393");
    fake_kernel_zero(&f.k, "_ETW_SILODRIVERSTATE", STATE);
    read_state(&f);
    assert_int_equal(f.record->contexts_va.status, KD_OK);
    assert_true(f.record->contexts_va.value == STATE + 0x390);
    assert_int_equal(f.record->max_loggers.status, KD_ERR_NOT_FOUND);
    end(&f);
}

static void fields_that_lie_close_together_are_fetched_together(void **state)
{
    static const struct kdw_plan_field fields[] = {
        KDW_PLAN_U64("LoggerMode", struct kdw_logger, mode), /* in no order */
        KDW_PLAN_U64("LoggerId", struct kdw_logger, id),
        KDW_PLAN_UNICODE("LoggerName", struct kdw_logger, name),
        KDW_PLAN_U64("Flags", struct kdw_logger, flags), /* far behind */
    };
    struct kdw_logger l = {.name.status = KD_ERR_NOT_FOUND};
    struct kdw_plan plan;
    struct fixture f;

    (void)state;
    begin(&f, "18362");
    fake_kernel_zero(&f.k, "_WMI_LOGGER_CONTEXT", JOB);
    fake_kernel_put(&f.k, "_WMI_LOGGER_CONTEXT", JOB, "LoggerMode", 0x180);
    fake_kernel_put(&f.k, "_WMI_LOGGER_CONTEXT", JOB, "Flags", 0xe);
    assert_int_equal(kdw_plan_resolve(&f.w, "_WMI_LOGGER_CONTEXT", fields, 4, &plan), KD_OK);
    assert_int_equal(plan.stretches_len, 2);
    assert_int_equal(plan.stretches[0].offset, 0);
    assert_int_equal(plan.stretches[0].len, 0x98 + 16);
    assert_int_equal(plan.stretches[0].fields, 3);
    assert_int_equal(plan.stretches[1].offset, 0x340);
    assert_int_equal(plan.stretches[1].fields, 1);
    assert_int_equal(kdw_plan_read(&f.w, &plan, JOB, &l), KD_OK);
    assert_int_equal(l.mode.value, 0x180);
    assert_int_equal(l.flags.value, 0xe);
    assert_string_equal(l.name.utf8, "");
    assert_int_equal(f.k.mem.reads, 1 + 4); /* one to fetch, and each; a cache has them then */
    free(l.name.utf8);
    end(&f);
}

static void a_hole_is_a_fact_with_its_place(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, "18362");
    fake_kernel_zero(&f.k, "_ETW_SILODRIVERSTATE", STATE);
    fake_mem_unmap(&f.k.mem, STATE + 0x1000, 0x1000);
    read_state(&f);
    assert_int_equal(f.record->max_loggers.status, KD_OK);
    assert_int_equal(f.record->partition_id.status, KD_ERR_NOT_MAPPED);
    assert_true(f.record->partition_id.fault_va >= STATE + 0x1000);
    assert_true(kdw_snapshot_gaps(&f.s, NULL, NULL) > 0);
    end(&f);
}

static void what_ends_a_walk_ends_a_plan(void **state)
{
    struct kdw_plan plan;
    struct fixture f;

    (void)state;
    begin(&f, "18362");
    fake_kernel_zero(&f.k, "_ETW_SILODRIVERSTATE", STATE);
    f.k.mem.fail_from = 2;
    f.k.mem.fail_with = KD_ERR_REBOOTED;
    assert_int_equal(
        kdw_plan_resolve(&f.w, "_ETW_SILODRIVERSTATE", state_fields, STATE_FIELDS, &plan), KD_OK);
    assert_int_equal(kdw_plan_read(&f.w, &plan, STATE, f.record), KD_ERR_REBOOTED);
    end(&f);
}

static void a_type_that_is_not_there_is_said_or_has_no_fields(void **state)
{
    static const struct kdw_plan_field fields[] = {
        KDW_PLAN_U64("Flags", struct kdw_job, flags),
    };
    struct kdw_job job = {.flags.status = KD_ERR_NOT_FOUND};
    struct kdw_plan plan;
    struct fixture f;

    (void)state;
    begin(&f, "18362");
    assert_int_equal(kdw_plan_resolve(&f.w, "_NO_SUCH_TYPE", fields, 1, &plan), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(f.k.diag.text, "_NO_SUCH_TYPE"));
    assert_int_equal(kdw_plan_resolve_optional(&f.w, "_NO_SUCH_TYPE", fields, 1, &plan), KD_OK);
    assert_int_equal(kdw_plan_read(&f.w, &plan, JOB, &job), KD_OK);
    assert_int_equal(job.flags.status, KD_ERR_NOT_FOUND);
    end(&f);
}

static void variables_that_do_not_exist_are_silent(void **state)
{
    struct fixture f;
    struct kdw_u64 v;
    uint64_t va;

    (void)state;
    begin(&f, "18362");
    assert_int_equal(kdw_walk_symbol(&f.w, "NoSuchVariable", &va), KD_ERR_NOT_FOUND);
    assert_string_equal(f.k.diag.text, "");
    assert_int_equal(kdw_walk_variable(&f.w, "NoSuchVariable", &v), KD_OK);
    assert_int_equal(v.status, KD_ERR_NOT_FOUND);
    fake_mem_u64(&f.k.mem, fake_kernel_global(&f.k, "EtwpHostSiloState"), STATE);
    assert_int_equal(kdw_walk_variable(&f.w, "EtwpHostSiloState", &v), KD_OK);
    assert_true(v.value == STATE);
    end(&f);
}

static void only_a_list_that_ends_wrong_is_recorded(void **state)
{
    const uint64_t entries[] = {JOB, JOB + 0x1000};
    const struct kdw_list_walk *record;
    struct kdw_list list;
    struct fixture f;
    uint64_t va;

    (void)state;
    begin(&f, "18362");
    fake_mem_list(&f.k.mem, STATE, entries, 2);
    for (kdw_list_begin(&list, &f.k.mem.mem, STATE, 10); kdw_list_next(&list, &va);)
        ;
    assert_int_equal(kdw_walk_list_end(&f.w, &list, "PspJobList", 0), KD_OK);
    assert_int_equal(f.s.tables[KDW_TABLE_LISTS].len, 0);

    fake_mem_u64(&f.k.mem, JOB + 0x1000 + 8, STATE); /* points back to the wrong one */
    for (kdw_list_begin(&list, &f.k.mem.mem, STATE, 10); kdw_list_next(&list, &va);)
        ;
    assert_int_equal(kdw_walk_list_end(&f.w, &list, "PspJobList", JOB), KD_OK);
    assert_int_equal(f.s.tables[KDW_TABLE_LISTS].len, 1);
    record = kdw_snapshot_find(&f.s, KDW_TABLE_LISTS, STATE);
    assert_non_null(record);
    assert_string_equal(record->name.utf8, "PspJobList");
    assert_string_equal(record->problem.utf8, "does not match");
    assert_true(record->end_va.value == JOB + 0x1000);
    assert_true(record->owner_va.value == JOB);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_fills_what_this_kernel_has),
        cmocka_unit_test(of_two_names_for_one_fact_the_one_that_exists_counts),
        cmocka_unit_test(fields_that_lie_close_together_are_fetched_together),
        cmocka_unit_test(a_hole_is_a_fact_with_its_place),
        cmocka_unit_test(what_ends_a_walk_ends_a_plan),
        cmocka_unit_test(a_type_that_is_not_there_is_said_or_has_no_fields),
        cmocka_unit_test(variables_that_do_not_exist_are_silent),
        cmocka_unit_test(only_a_list_that_ends_wrong_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
