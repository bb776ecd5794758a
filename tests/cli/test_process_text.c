#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "process_text.h"
#include "support/clean_snapshot.h"

static void assert_text(struct text *t, const char *expected)
{
    char *text = text_take(t);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void what_is_forbidden_is_said(void **state)
{
    struct kdw_process p = {.mitigation_flags = {.value = 0x1121},
                            .mitigation_flags2 = {.value = 0x200000}};
    struct text t = {0};

    (void)state;
    process_restrictions(&t, &p);
    assert_text(&t, "no dynamic code, no win32k calls, CET images only");
    process_mitigations(&t, &p);
    assert_text(&t, "ControlFlowGuardEnabled, HighEntropyASLREnabled, DisableDynamicCode, "
                    "DisallowWin32kSystemCalls, BlockNonCetBinaries");
    p.mitigation_flags.value = 0x21;
    p.mitigation_flags2.value = 0;
    process_restrictions(&t, &p);
    assert_text(&t, "-");
}

static void what_cannot_be_read_is_not_nothing(void **state)
{
    struct kdw_process p = {.mitigation_flags = clean_unreadable(),
                            .mitigation_flags2 = {.value = 0x200000},
                            .protection = clean_unreadable(),
                            .integrity = clean_unreadable()};
    struct text t = {0};

    (void)state;
    process_restrictions(&t, &p);
    assert_text(&t, "?, CET images only");
    p.mitigation_flags.status = p.mitigation_flags2.status = KD_ERR_NOT_FOUND;
    process_restrictions(&t, &p);
    assert_text(&t, "-");
    process_protection(&t, &p);
    assert_text(&t, "?");
    process_integrity(&t, &p);
    assert_text(&t, "?");
}

static void a_token_without_a_label_has_none(void **state)
{
    struct kdw_process p = {.integrity = {.status = KD_ERR_NOT_FOUND},
                            .token_va = clean_known(CLEAN_NOWHERE)};
    struct text t = {0};

    (void)state;
    process_integrity(&t, &p);
    assert_text(&t, "no label");
    p.token_va = clean_unreadable();
    process_integrity(&t, &p);
    assert_text(&t, "-");
    p.integrity = clean_known(0x4000);
    process_integrity(&t, &p);
    assert_text(&t, "system");
}

static void it_lives_until_it_has_an_exit_time(void **state)
{
    char sid[] = "S-1-15-2-1";
    struct kdw_process p = {.exited_100ns = clean_known(0), .package = {KD_ERR_NOT_FOUND, NULL, 0}};

    (void)state;
    assert_false(process_has_exited(&p));
    p.exited_100ns = clean_unreadable();
    assert_false(process_has_exited(&p));
    p.exited_100ns = clean_known(5);
    assert_true(process_has_exited(&p));
    assert_false(process_is_contained(&p));
    p.package = (struct kdw_text){KD_OK, sid, 0};
    assert_true(process_is_contained(&p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_forbidden_is_said),
        cmocka_unit_test(what_cannot_be_read_is_not_nothing),
        cmocka_unit_test(a_token_without_a_label_has_none),
        cmocka_unit_test(it_lives_until_it_has_an_exit_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
