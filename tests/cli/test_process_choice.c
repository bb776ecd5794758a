#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "process_choice.h"
#include "support/clean_snapshot.h"

static void assert_found(const struct kdw_snapshot *s, const char *name, uint64_t va)
{
    struct kd_diag diag = {{0}};
    uint64_t found = 1;

    assert_int_equal(process_choice_find(name, s, &diag, &found), KD_OK);
    assert_true(found == va);
}

static void a_process_is_named_in_four_ways(void **state)
{
    struct kdw_process *p;
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_MSMPENG);
    clean_rename(&p->path, "\\Device\\HarddiskVolume2\\Some\\MsMpEngine.exe");
    p->path.status = KD_OK;
    assert_found(&s, "2936", CLEAN_MSMPENG);
    assert_found(&s, "0xffffa80fd0002000", CLEAN_MSMPENG);
    assert_found(&s, "msmpeng.EXE", CLEAN_MSMPENG);
    assert_found(&s, "MsMpEngine.exe", CLEAN_MSMPENG);
    kdw_snapshot_free(&s);
}

static void what_names_none_or_several_is_an_error(void **state)
{
    static const struct {
        const char *name, *says;
        enum kd_status st;
    } wrong[] = {
        {"1", "there is no process with the PID 1", KD_ERR_NOT_FOUND},
        {"0xffffa80fdead0000", "there is no process at 0xffffa80fdead0000", KD_ERR_NOT_FOUND},
        {"nobody.exe", "there is no process called 'nobody.exe'", KD_ERR_NOT_FOUND},
        {"", "there is no process called ''", KD_ERR_NOT_FOUND},
        {"lsass.exe", "2 processes are called 'lsass.exe': choose one of 700, 11900", KD_ERR_USAGE},
    };
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct kd_diag diag = {{0}};
        uint64_t va = 77;

        assert_int_equal(process_choice_find(wrong[i].name, &s, &diag, &va), wrong[i].st);
        assert_string_equal(diag.text, wrong[i].says);
        assert_int_equal(va, 77);
    }
    kdw_snapshot_free(&s);
}

static void the_living_come_before_the_dead(void **state)
{
    struct kdw_process *dead, *alive;
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    dead = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    dead->exited_100ns = clean_known(1000);
    assert_found(&s, "lsass.exe", CLEAN_INSIDE);
    alive = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_INSIDE);
    alive->pid = clean_known(700);
    assert_found(&s, "700", CLEAN_INSIDE);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_named_in_four_ways),
        cmocka_unit_test(what_names_none_or_several_is_an_error),
        cmocka_unit_test(the_living_come_before_the_dead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
