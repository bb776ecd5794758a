#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "print.h"
#include "support/capture.h"

static char kernel_name[] = "ntoskrnl.exe";
static char odd_name[] = "a\033[2Jb.sys";

static void modules_stand_in_columns(void **state)
{
    struct kdw_module modules[] = {
        {.base_va = {.value = UINT64_C(0xfffff8026e400000)},
         .size = {.value = 0xab6000},
         .base_name = {.utf8 = kernel_name}},
        {.base_va = {.value = UINT64_C(0xfffff80270000000)},
         .size = {.value = 0x1000},
         .base_name = {.utf8 = odd_name}},
        {.base_va = {.value = UINT64_C(0xfffff80271000000)},
         .base_name = {.status = KD_ERR_NOT_MAPPED, .fault_va = 0x1234}},
        {.base_va = {.value = UINT64_C(0xfffff80272000000)}, .base_name = {.status = KD_ERR_LIMIT}},
        {.base_va = {.status = KD_ERR_NOT_RECORDED, .fault_va = 0x1230},
         .base_name = {.status = KD_ERR_NOT_RECORDED, .fault_va = 0x1258}},
        {.base_va = {.value = UINT64_C(0xfffff80273000000)},
         .size = {.status = KD_ERR_NOT_MAPPED, .fault_va = 0x1000},
         .base_name = {.utf8 = kernel_name}},
    };
    struct kdw_module_list list = {.modules = modules, .len = 6};
    struct capture c;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_text_modules(&list);
    assert_string_equal(capture_end(&c),
                        "start             end                 module name\n"
                        "fffff802`6e400000 fffff802`6eeb6000   ntoskrnl.exe\n"
                        "fffff802`70000000 fffff802`70001000   a\\x1b[2Jb.sys\n"
                        "fffff802`71000000 fffff802`71000000   (unreadable at 0x1234)\n"
                        "fffff802`72000000 fffff802`72000000   (limit reached)\n"
                        "????????`???????? ????????`????????   (not in the recording at 0x1258)"
                        "  base (not in the recording at 0x1230)\n"
                        "fffff802`73000000 ????????`????????   ntoskrnl.exe"
                        "  size (unreadable at 0x1000)\n");
    capture_free(&c);
}

static void a_module_list_that_ends_early_says_so(void **state)
{
    struct kdw_module_list list = {.end = KD_ERR_CYCLE, .end_va = UINT64_C(0xffffa80fc00128b0)};
    struct capture c;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_text_modules(&list);
    assert_string_equal(
        capture_end(&c),
        "start             end                 module name\n"
        "(the list ends here: list leads back into itself at 0xffffa80fc00128b0)\n");
    capture_free(&c);
}

static char tag[] = "_THING";
static char names[][32] = {"Short", "ALongNameOfAField", "Gone", "Odd", "Absent"};
static char type_name[] = "Uint4B";
static char value[] = "0xa";

static void fields_are_padded_and_gaps_shown(void **state)
{
    struct dt_row rows[] = {
        {.offset = 0, .name = names[0], .type = type_name, .value = value},
        {.offset = 0x1008, .name = names[1], .type = type_name, .value = value},
        {.offset = 8,
         .name = names[2],
         .type = type_name,
         .status = KD_ERR_NOT_MAPPED,
         .fault_va = 0x5008},
        {.offset = 12, .name = names[3], .type = type_name, .status = KD_ERR_UNSUPPORTED},
        {.offset = 16,
         .name = names[4],
         .type = type_name,
         .status = KD_ERR_NOT_RECORDED,
         .fault_va = 0x5010},
    };
    struct dt dt = {.type_name = tag, .has_address = true, .rows = rows, .len = 5};
    struct capture c;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_text_dt(&dt);
    assert_string_equal(capture_end(&c), "nt!_THING\n"
                                         "   +0x000 Short            : 0xa\n"
                                         "   +0x1008 ALongNameOfAField : 0xa\n"
                                         "   +0x008 Gone             : (unreadable at 0x5008)\n"
                                         "   +0x00c Odd              : (not supported)\n"
                                         "   +0x010 Absent           : (not in the recording at "
                                         "0x5010)\n");
    capture_free(&c);
}

static void without_an_address_types_are_printed(void **state)
{
    struct dt_row row = {.offset = 4, .name = names[0], .type = type_name};
    struct dt dt = {.type_name = tag, .rows = &row, .len = 1};
    struct capture c;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    print_text_dt(&dt);
    assert_string_equal(capture_end(&c), "nt!_THING\n   +0x004 Short            : Uint4B\n");
    capture_free(&c);
}

static void memory_is_shown_with_its_gaps(void **state)
{
    static const uint8_t bytes[20] = {'M', 'Z', 0x90, 0,    3,    0,   0,    0,   4,
                                      0,   0,   0,    0xff, 0xff, '~', 0x7f, 'x', 0};
    const struct memory_gap unmapped = {.len = 1, .status = KD_ERR_NOT_MAPPED};
    const struct memory_gap refused = {2, KD_ERR_NOT_MAPPED, true, 0xc0000001};
    struct memory_dump dump;
    struct capture c;

    (void)state;
    assert_true(memory_dump_create(&dump, sizeof bytes));
    dump.va = UINT64_C(0xfffff8026e400000);
    memcpy(dump.bytes, bytes, sizeof bytes);
    memory_dump_miss(&dump, 17, &unmapped);
    memory_dump_miss(&dump, 18, &refused);
    capture_begin(&c, CAPTURE_OUT);
    print_text_memory(&dump);
    assert_string_equal(
        capture_end(&c),
        "fffff802`6e400000  4d 5a 90 00 03 00 00 00-04 00 00 00 ff ff 7e 7f  MZ............~.\n"
        "fffff802`6e400010  78 ?? ?? ??                                      x???\n"
        "missing: fffff802`6e400011 1 byte: not mapped\n"
        "missing: fffff802`6e400012 2 bytes: refused by the target with status 0xc0000001\n");
    capture_free(&c);
    memory_dump_free(&dump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_stand_in_columns),
        cmocka_unit_test(a_module_list_that_ends_early_says_so),
        cmocka_unit_test(fields_are_padded_and_gaps_shown),
        cmocka_unit_test(without_an_address_types_are_printed),
        cmocka_unit_test(memory_is_shown_with_its_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
