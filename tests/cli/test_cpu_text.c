#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu_text.h"
#include "support/clean_snapshot.h"

static void assert_text(struct text *t, const char *expected)
{
    char *text = text_take(t);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void a_feature_is_its_bit(void **state)
{
    struct kdw_cpu cpu = {.cr4 = clean_known(1 << 20), .nx = {.status = KD_ERR_NOT_FOUND}};

    (void)state;
    for (size_t i = 0; i < kdw_cpu_features_len; i++) {
        const struct kdw_cpu_feature *f = &kdw_cpu_features[i];
        const char *expected = f->in == KDW_CPU_NX            ? "-"
                               : strcmp(f->name, "SMEP") == 0 ? "on"
                                                              : "off";

        assert_string_equal(cpu_feature_state(&cpu, f), expected);
    }
    cpu.cr4 = clean_unreadable();
    assert_string_equal(cpu_feature_state(&cpu, &kdw_cpu_features[0]), "?");
}

static void variables_tell_the_rest_or_it_is_unknown(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_cpu *cpu;
    struct text t = {0};

    (void)state;
    cpu_kva_shadow(&t, &s);
    assert_text(&t, "unknown: the symbols have no KiKvaShadow");
    cpu = kdw_snapshot_add(&s, KDW_TABLE_CPUS, 0x1000);
    assert_non_null(cpu);
    cpu_kva_shadow(&t, &s);
    assert_text(&t, "unknown: the symbols have no KiKvaShadow");
    cpu->kva_shadow = clean_known(1);
    cpu->vsm_enabled = clean_unreadable();
    cpu_kva_shadow(&t, &s);
    assert_text(&t, "on (KiKvaShadow is 1)");
    cpu_vsm(&t, &s);
    assert_text(&t, "? (VslVsmEnabled)");
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feature_is_its_bit),
        cmocka_unit_test(variables_tell_the_rest_or_it_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
