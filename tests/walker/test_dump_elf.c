#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

#define KERNEL_GS 0xfffff80479a01000u
#define IDT       0xfffff80479a00000u
enum { PAGE = 0x1000, SEGMENT = 0x40 + 56, ROOT = 0x2000 };

static const struct dump_build_segment segments[] = {{0, 0x4000}, {0x100000, 0x2000}};

struct sample {
    struct dump_build file, notes;
};

static void build(struct sample *s)
{
    dump_build_elf(&s->file, &s->notes, segments, 2);
}

static void drop(struct sample *s)
{
    dump_build_free(&s->file);
    dump_build_free(&s->notes);
}

static void segments_say_where_memory_is(void **state)
{
    struct sample s = {0};
    struct dump_opened o;

    (void)state;
    build(&s);
    dump_open_ok(&o, &s.file);
    assert_int_equal(o.facts->kind, KDW_DUMP_ELF);
    assert_string_equal(o.facts->what, "ELF core");
    assert_int_equal(o.facts->machine, 0x8664);
    dump_has(&o, 0, 0x4000);
    dump_has(&o, 0x100000, 0x2000);
    dump_fails(&o, 0x3FF8, 16, KD_ERR_NOT_IN_DUMP, 0x4000);
    assert_true(o.facts->physical_end == 0x102000);
    assert_false(o.facts->has_header);
    dump_warns_nothing(&o);
    dump_done(&o);
    drop(&s);
}

static void the_root_is_that_of_a_processor_in_the_kernel(void **state)
{
    struct sample s = {0};
    struct dump_opened o;

    (void)state;
    dump_build_processor(&s.notes, 0x7ff612340000u, 0x1230000, IDT, 0x3000, 0x1370678);
    dump_build_processor(&s.notes, 0xfffff8047bbf4210u, KERNEL_GS, IDT + PAGE, ROOT | 2, 0x370678);
    build(&s);
    dump_open_ok(&o, &s.file);
    assert_true(o.facts->dtb == ROOT);
    assert_true(o.facts->rip == 0x7ff612340000u);
    assert_true(o.facts->idt_va == IDT);
    assert_true(o.facts->cr4 == 0x1370678);
    assert_int_equal(o.facts->processor_count, 2);
    dump_warns_nothing(&o);
    dump_done(&o);
    drop(&s);
}

static void low_memory_helps_where_no_processor_was_in_the_kernel(void **state)
{
    struct sample s = {0};
    struct dump_opened o;

    (void)state;
    dump_build_processor(&s.notes, 0x7ff612340000u, 0x1230000, IDT, 0x3000, 0);
    build(&s);
    dump_open_ok(&o, &s.file);
    assert_true(o.facts->dtb == 0x3000);
    dump_warns(&o, "no processor was in the kernel");
    dump_done(&o);
    dump_build_low_stub(&s.file, 0x40 + 3 * 56 + s.notes.len, 0x1000, 0xfffff8047bbf4210u, ROOT);
    dump_open_ok(&o, &s.file);
    assert_true(o.facts->dtb == ROOT);
    assert_true(o.facts->kernel_hint_va == 0xfffff8047bbf4210u);
    dump_warns_nothing(&o);
    dump_done(&o);
    drop(&s);
}

/* As QEMU writes it for a guest whose driver made a header: its first bugcheck parameter is where the
 * driver's copy of the debugger data is, and there was no bugcheck. */
static void the_header_that_a_guest_made_is_read(void **state)
{
    struct sample s = {0};
    struct dump_build header = {0};
    struct dump_opened o;

    (void)state;
    dump_build_header(&header, 1);
    dump_build_u32(&header, 0x38, 0);
    dump_build_u64(&header, 0x40, 0xffffb20112340000u);
    dump_build_processor(&s.notes, 0x7ff612340000u, 0x1230000, IDT, 0x3000, 0);
    dump_build_note(&s.notes, "VMCOREINFO", header.data, header.len);
    build(&s);
    dump_open_ok(&o, &s.file);
    assert_string_equal(o.facts->what, "ELF core with a Windows dump header");
    assert_true(o.facts->has_header);
    assert_true(o.facts->dtb == DUMP_BUILD_DTB);
    assert_true(o.facts->module_list_va == DUMP_BUILD_MODULE_LIST);
    assert_true(o.facts->kernel_hint_va == DUMP_BUILD_MODULE_LIST);
    assert_true(o.facts->debugger_data_copy_va == 0xffffb20112340000u);
    assert_false(o.facts->has_bugcheck);
    assert_int_equal(o.facts->build, DUMP_BUILD_BUILD);
    assert_int_equal(o.facts->processor_count, 4); /* the header's */
    assert_true(o.facts->rip == 0x7ff612340000u);  /* the processor's own */
    dump_has(&o, 0x100000, 0x2000);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&header);
    drop(&s);
}

static void a_guests_header_with_a_bugcheck_names_no_copy(void **state)
{
    struct sample s = {0};
    struct dump_build header = {0};
    struct dump_opened o;

    (void)state;
    dump_build_header(&header, 1);
    dump_build_note(&s.notes, "VMCOREINFO", header.data, header.len);
    dump_build_u64(&header, 0x10, 0x3000); /* a second header is not asked */
    dump_build_note(&s.notes, "VMCOREINFO", header.data, header.len);
    build(&s);
    dump_open_ok(&o, &s.file);
    assert_true(o.facts->has_bugcheck);
    assert_true(o.facts->debugger_data_copy_va == 0);
    assert_true(o.facts->dtb == DUMP_BUILD_DTB);
    dump_done(&o);
    dump_build_free(&header);
    drop(&s);
}

static void other_notes_are_passed_over(void **state)
{
    struct sample s = {0};
    struct dump_opened o;

    (void)state;
    dump_build_note(&s.notes, "CORE", "registers", 9);
    dump_build_note(&s.notes, "Xen", "no padding behind its name", 26);
    dump_build_note(&s.notes, "QEMU", "short", 5);
    dump_build_note(&s.notes, "VMCOREINFO", "OSRELEASE=6.1", 13);
    dump_build_processor(&s.notes, 0, KERNEL_GS, IDT, ROOT, 0);
    build(&s);
    dump_open_ok(&o, &s.file);
    assert_true(o.facts->dtb == ROOT);
    assert_int_equal(o.facts->processor_count, 1);
    assert_false(o.facts->has_header);
    dump_done(&o);
    drop(&s);
}

static void notes_that_claim_more_than_there_is_are_warned_of(void **state)
{
    struct sample s = {0};
    struct dump_opened o;

    (void)state;
    dump_build_note(&s.notes, "QEMU", "short", 5);
    dump_build_u32(&s.notes, 4, 0xFFFFFFFF);
    build(&s);
    dump_open_ok(&o, &s.file);
    dump_warns(&o, "notes are cut short");
    dump_has(&o, 0x100000, 0x2000);
    dump_done(&o);
    drop(&s);
}

static void warnings_are_bounded(void **state)
{
    struct dump_build b = {0}, notes = {0};
    struct dump_build_segment none[20] = {{0, 0}};
    struct dump_opened o;

    (void)state;
    dump_build_resize(&notes, 12);
    dump_build_u32(&notes, 4, 1000); /* longer than the segment */
    dump_build_elf(&b, &notes, none, 20);
    for (uint64_t i = 1; i <= 20; i++)
        dump_build_bytes(&b, 0x40 + 56 * i, b.data + 0x40, 56);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->warning_count, KDW_DUMP_WARNINGS_MAX);
    dump_done(&o);
    dump_build_free(&b);
    dump_build_free(&notes);
}

static void notes_that_are_read_again_and_again_are_refused(void **state)
{
    struct dump_build b = {0}, notes = {0};
    struct dump_build_segment many[60] = {{0, 0}};

    (void)state;
    dump_build_resize(&notes, 0x1000);
    dump_build_elf(&b, &notes, many, 60);
    for (uint64_t i = 1; i <= 60; i++)
        dump_build_bytes(&b, 0x40 + 56 * i, b.data + 0x40, 56); /* all the same notes */
    dump_is_refused(&b, KD_ERR_LIMIT, "more notes than the file is long");
    dump_build_free(&b);
    dump_build_free(&notes);
}

static void the_number_of_many_segments_is_in_a_section(void **state)
{
    struct sample s = {0};
    struct dump_opened o;
    uint64_t sections;

    (void)state;
    build(&s);
    sections = s.file.len;
    dump_build_u32(&s.file, sections + 0x2C, 3);
    dump_build_resize(&s.file, (size_t)sections + 64);
    dump_build_u64(&s.file, 0x28, sections);
    dump_build_u16(&s.file, 0x38, 0xFFFF);
    dump_open_ok(&o, &s.file);
    dump_has(&o, 0x100000, 0x2000);
    dump_done(&o);
    dump_build_u32(&s.file, sections + 0x2C, 0xFFFFFFFF);
    dump_is_refused(&s.file, KD_ERR_TRUNCATED, "ends inside its headers");
    dump_build_u64(&s.file, 0x28, UINT64_MAX - 8);
    dump_is_refused(&s.file, KD_ERR_TRUNCATED, "ends inside its headers");
    drop(&s);
}

/* VirtualBox writes version 0, and no file bytes for memory it left out. */
static void what_is_not_in_the_file_is_not_in_the_dump(void **state)
{
    struct sample s = {0};
    struct dump_opened o;

    (void)state;
    build(&s);
    dump_build_u32(&s.file, 0x14, 0);
    dump_build_u64(&s.file, SEGMENT + 32, 0); /* of the first segment, no byte is in the file */
    dump_open_ok(&o, &s.file);
    dump_fails(&o, 0, 8, KD_ERR_NOT_IN_DUMP, 0);
    dump_has(&o, 0x100000, 0x2000);
    dump_done(&o);
    drop(&s);
}

static void segments_that_make_no_sense_are_refused(void **state)
{
    struct sample s = {0};

    (void)state;
    build(&s);
    dump_build_u64(&s.file, SEGMENT + 24, UINT64_MAX - 0x100);
    dump_is_refused(&s.file, KD_ERR_MALFORMED, "past the highest address");
    dump_build_u64(&s.file, SEGMENT + 24, 0);
    dump_build_u64(&s.file, SEGMENT + 8, UINT64_MAX - 0x100);
    dump_is_refused(&s.file, KD_ERR_MALFORMED, "past the highest address");
    dump_build_u16(&s.file, 0x36, 32);
    dump_is_refused(&s.file, KD_ERR_MALFORMED, "headers too short");
    dump_build_u16(&s.file, 0x36, 56);
    dump_build_u16(&s.file, 0x38, 0);
    dump_is_refused(&s.file, KD_ERR_UNSUPPORTED, "Xen");
    drop(&s);
}

static void other_elf_files_are_named(void **state)
{
    struct sample s = {0};

    (void)state;
    build(&s);
    dump_build_u16(&s.file, 0x10, 2);
    dump_is_refused(&s.file, KD_ERR_UNSUPPORTED, "ELF file that is no core");
    dump_build_u16(&s.file, 0x10, 4);
    dump_build_u16(&s.file, 0x12, 183);
    dump_is_refused(&s.file, KD_ERR_UNSUPPORTED, "another machine than x86-64 (183)");
    dump_build_u16(&s.file, 0x12, 62);
    s.file.data[5] = 2;
    dump_is_refused(&s.file, KD_ERR_UNSUPPORTED, "another machine");
    drop(&s);
}

static void it_may_be_cut_anywhere(void **state)
{
    struct sample s = {0};

    (void)state;
    dump_build_processor(&s.notes, 0, KERNEL_GS, IDT, ROOT, 0);
    build(&s);
    dump_stands_cuts(&s.file, 300);
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_say_where_memory_is),
        cmocka_unit_test(the_root_is_that_of_a_processor_in_the_kernel),
        cmocka_unit_test(low_memory_helps_where_no_processor_was_in_the_kernel),
        cmocka_unit_test(the_header_that_a_guest_made_is_read),
        cmocka_unit_test(a_guests_header_with_a_bugcheck_names_no_copy),
        cmocka_unit_test(other_notes_are_passed_over),
        cmocka_unit_test(notes_that_claim_more_than_there_is_are_warned_of),
        cmocka_unit_test(warnings_are_bounded),
        cmocka_unit_test(notes_that_are_read_again_and_again_are_refused),
        cmocka_unit_test(the_number_of_many_segments_is_in_a_section),
        cmocka_unit_test(what_is_not_in_the_file_is_not_in_the_dump),
        cmocka_unit_test(segments_that_make_no_sense_are_refused),
        cmocka_unit_test(other_elf_files_are_named),
        cmocka_unit_test(it_may_be_cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
