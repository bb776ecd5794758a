#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <walker/paging.h>

static void says(const struct kdw_translation *t, const char *expected)
{
    char text[KDW_TRANSLATION_TEXT_MAX];

    kdw_translation_text(t, text);
    assert_string_equal(text, expected);
}

static void a_page_has_its_place_and_length(void **state)
{
    struct kdw_translation t = {.pa = 0x166b7018,
                                .page_len = 4096,
                                .level = 1,
                                .entry = 0x8a000000166b7863u,
                                .entry_pa = 0x5008};

    (void)state;
    says(&t, "PA 0x166b7018, page of 4 KiB; PTE 0x8a000000166b7863 at PA 0x5008");
    t.page_len = 0x200000;
    t.level = 2;
    says(&t, "PA 0x166b7018, page of 2 MiB; PDE 0x8a000000166b7863 at PA 0x5008");
    t.page_len = 0x40000000;
    t.level = 3;
    says(&t, "PA 0x166b7018, page of 1 GiB; PDPTE 0x8a000000166b7863 at PA 0x5008");
    t = (struct kdw_translation){.state = KDW_PAGE_TRANSITION,
                                 .pa = 0x166b7000,
                                 .page_len = 4096,
                                 .level = 1,
                                 .entry = 0x10,
                                 .entry_pa = 0x20,
                                 .prototype = 0x166b7880,
                                 .prototype_va = 0xffff8a0512345678u};
    says(&t, "PA 0x166b7000, page of 4 KiB in transition; PTE 0x0000000000000010 at PA 0x20, "
             "prototype 0x00000000166b7880 at 0xffff8a0512345678");
}

static void what_is_nowhere_has_its_reason_and_the_entry(void **state)
{
    struct kdw_translation t = {.level = 4, .entry_pa = 0x5008};

    (void)state;
    t.status = KD_ERR_NOT_MAPPED;
    t.state = KDW_PAGE_NO_ENTRY;
    says(&t, "not mapped; PML4E 0x0000000000000000 at PA 0x5008");
    t.state = KDW_PAGE_NOT_CANONICAL;
    says(&t, "not mapped: no canonical address");
    t.status = KD_ERR_NOT_IN_DUMP;
    t.state = KDW_PAGE_NO_TABLE;
    t.level = 5;
    says(&t, "not in the dump; PML5E at PA 0x5008");
    t.status = KD_ERR_BAD_TABLES;
    t.state = KDW_PAGE_EQUAL_ENTRIES;
    t.level = 1;
    t.entry = 0x63;
    says(&t, "behind damaged page tables: 512 equal entries; PTE 0x0000000000000063 at PA 0x5008");
    t.state = KDW_PAGE_BEYOND;
    says(&t, "behind damaged page tables: the next would lie behind the machine's memory; "
             "PTE 0x0000000000000063 at PA 0x5008");
    t.state = KDW_PAGE_NO_PROTOTYPE;
    t.prototype_va = 0x10;
    says(&t, "behind damaged page tables: no such prototype; PTE 0x0000000000000063 at PA 0x5008, "
             "prototype at 0x10");
    t.state = KDW_PAGE_NO_TABLE;
    t.status = KD_ERR_PAGED_OUT;
    says(&t, "paged out; PTE 0x0000000000000063 at PA 0x5008, prototype at 0x10");
}

static void a_page_file_is_named(void **state)
{
    struct kdw_translation t = {.status = KD_ERR_PAGED_OUT,
                                .state = KDW_PAGE_IN_PAGE_FILE,
                                .level = 1,
                                .entry = 0x0000123400002090,
                                .entry_pa = 0x5008,
                                .page_file = 2,
                                .page_file_page = 0x1234};

    (void)state;
    says(&t, "paged out: page 0x1234 of page file 2; PTE 0x0000123400002090 at PA 0x5008");
}

static void the_longest_text_has_room(void **state)
{
    struct kdw_translation t = {.status = KD_ERR_PAGED_OUT,
                                .state = KDW_PAGE_IN_PAGE_FILE,
                                .level = 255, /* nonsense does no harm */
                                .entry = UINT64_MAX,
                                .entry_pa = UINT64_MAX,
                                .prototype = UINT64_MAX,
                                .prototype_va = UINT64_MAX,
                                .page_file = UINT32_MAX,
                                .page_file_page = UINT64_MAX};
    char text[KDW_TRANSLATION_TEXT_MAX];

    (void)state;
    kdw_translation_text(&t, text);
    assert_string_equal(text + strlen(text) - 18, "0xffffffffffffffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_its_place_and_length),
        cmocka_unit_test(what_is_nowhere_has_its_reason_and_the_entry),
        cmocka_unit_test(a_page_file_is_named),
        cmocka_unit_test(the_longest_text_has_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
