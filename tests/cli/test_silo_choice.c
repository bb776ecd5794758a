#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "silo_choice.h"
#include "support/capture.h"

#define JOB UINT64_C(0xffffa80f12345080)

static struct silo_choice parsed(const char *text)
{
    struct silo_choice choice = {.kind = SILO_ALL};

    assert_true(silo_choice_parse(text, &choice));
    return choice;
}

static void make(struct kdw_snapshot *s)
{
    struct kdw_silo *silo;

    *s = (struct kdw_snapshot){.build = 18362};
    assert_non_null(kdw_snapshot_add(s, KDW_TABLE_SILOS, 0));
    silo = kdw_snapshot_add(s, KDW_TABLE_SILOS, JOB);
    assert_non_null(silo);
    silo->id = (struct kdw_u64){.value = 1344};
}

static void a_silo_is_named_in_three_ways(void **state)
{
    static const struct {
        const char *text;
        uint64_t va;
    } names[] = {
        {"host", 0},
        {"HOST", 0},
        {"0", 0},
        {"0x0", 0},
        {"1344", JOB},
        {"0xffffa80f12345080", JOB},
        {"ffffa80f`12345080", JOB},
    };
    struct kdw_snapshot s;

    (void)state;
    make(&s);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct silo_choice choice = parsed(names[i].text);
        uint64_t va = 77;

        assert_true(choice.kind != SILO_ALL);
        assert_int_equal(silo_choice_find(&choice, &s, NULL, &va), KD_OK);
        assert_true(va == names[i].va);
    }
    kdw_snapshot_free(&s);
}

static void a_silo_that_is_not_there_is_named_in_the_error(void **state)
{
    struct silo_choice by_id = parsed("17"), by_address = parsed("0xffffa80f12345088");
    struct kd_diag diag = {{0}};
    struct kdw_snapshot s;
    uint64_t va = 77;

    (void)state;
    make(&s);
    assert_int_equal(silo_choice_find(&by_id, &s, &diag, &va), KD_ERR_NOT_FOUND);
    assert_string_equal(diag.text, "there is no silo with the id 17");
    assert_int_equal(silo_choice_find(&by_address, &s, &diag, &va), KD_ERR_NOT_FOUND);
    assert_string_equal(diag.text, "there is no silo at 0xffffa80f12345088");
    assert_int_equal(va, 77);
    kdw_snapshot_free(&s);
}

static void what_names_no_silo_is_refused(void **state)
{
    static const char *const bad[] = {"", "hosts", "-1", "12x", "0x", "container"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct silo_choice choice = {.kind = SILO_ALL};
        struct capture c;
        bool ok;

        capture_begin(&c, CAPTURE_ERR);
        ok = silo_choice_parse(bad[i], &choice);
        assert_non_null(strstr(capture_end(&c), "names no silo"));
        assert_false(ok);
        assert_int_equal(choice.kind, SILO_ALL);
        capture_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silo_is_named_in_three_ways),
        cmocka_unit_test(a_silo_that_is_not_there_is_named_in_the_error),
        cmocka_unit_test(what_names_no_silo_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
