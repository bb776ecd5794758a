/* A machine that was tampered with is the clean one but for the little that was changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "machine.h"
#include "table_walk.h"

#define PAGE 0x1000u

struct compared {
    const struct lab_machine *clean, *other;
    size_t bytes; /* that differ */
};

static void compare_page(void *ctx, unsigned level, uint64_t va, uint64_t pa)
{
    struct compared *c = ctx;
    uint8_t before[PAGE], after[PAGE];

    (void)pa;
    if (level > 0)
        return;
    assert_int_equal(lab_machine_read_virtual(c->clean, va, before, PAGE), PAGE);
    assert_int_equal(lab_machine_read_virtual(c->other, va, after, PAGE), PAGE);
    for (size_t i = 0; memcmp(before, after, PAGE) != 0 && i < PAGE; i++)
        c->bytes += before[i] != after[i];
}

/* How many bytes of the clean machine are others in the other one. */
static size_t changed(const struct lab_machine *clean, const struct lab_machine *other)
{
    struct compared c = {clean, other, 0};

    table_walk(clean, lab_machine_info(clean)->cr3, compare_page, &c);
    return c.bytes;
}

static void each_tamper_changes_a_little(void **state)
{
    static const char *const kernels[] = {"14393", "18362", "19041", "22000"};
    size_t refused = 0;

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        struct lab_machine *clean = lab_machine_create(kernels[k], LAB_KERNEL_DIR, NULL);

        assert_non_null(clean);
        for (unsigned t = 0; t < LAB_TAMPERS; t++) {
            const struct lab_machine_options options = {.tampers = UINT32_C(1) << t};
            const char *why = "";
            struct lab_machine *m =
                lab_machine_create_with(kernels[k], LAB_KERNEL_DIR, &options, &why);

            if (!m) {
                assert_non_null(strstr(why, "nothing that could be tampered with"));
                assert_int_equal(k, 0);
                refused++;
                continue;
            }
            assert_in_range(changed(clean, m), 1, 1000); /* an array of loggers is the most */
            lab_machine_destroy(m);
        }
        lab_machine_destroy(clean);
    }
    assert_int_equal(refused, 4); /* what the oldest kernel does not have */
}

static void a_race_changes_a_little(void **state)
{
    const struct lab_machine_options options = {.race = true};
    struct lab_machine *clean = lab_machine_create("22000", LAB_KERNEL_DIR, NULL);
    struct lab_machine *m = lab_machine_create_with("22000", LAB_KERNEL_DIR, &options, NULL);

    (void)state;
    assert_in_range(changed(clean, m), 10, 200);
    lab_machine_destroy(m);
    lab_machine_destroy(clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tamper_changes_a_little),
        cmocka_unit_test(a_race_changes_a_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
