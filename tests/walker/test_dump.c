#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"
#include "support/temp_dir.h"

static struct temp_dir dir;

static int make_dir(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

/* Each is two pages long, as a raw image may be: its first bytes decide. */
static void what_is_no_dump_is_named(void **state)
{
    static const struct {
        const char *magic;
        size_t len;
        enum kd_status status;
        const char *text;
    } files[] = {
        {"PAGEDUMP", 8, KD_ERR_UNSUPPORTED, "32-bit kernel"},
        {"PAGEPAGE", 8, KD_ERR_MALFORMED, "incomplete dump"},
        {"MDMP\x93\xa7", 6, KD_ERR_UNSUPPORTED, "minidump of a process"},
        {"\x7f\x45LF\x01\x01", 6, KD_ERR_UNSUPPORTED, "32-bit"},
        {"KDUMP   ", 8, KD_ERR_UNSUPPORTED, "kdump-compressed"},
        {"DISKDUMP", 8, KD_ERR_UNSUPPORTED, "diskdump"},
        {"\xD0\xBE\xD2\xBE", 4, KD_ERR_UNSUPPORTED, ".vmem"},
        {"\xD2\xBE\xD2\xBE", 4, KD_ERR_UNSUPPORTED, ".vmem"},
        {"\xD3\xBE\xD3\xBE", 4, KD_ERR_UNSUPPORTED, "vmss2core"},
        {"\xD1\xBA\xD1\xBA", 4, KD_ERR_UNSUPPORTED, ".vmem"},
        {"QEVM\0\0\0\3", 8, KD_ERR_UNSUPPORTED, "dump-guest-memory"},
        {"\x7fVirtualBox SavedState V2.0\n", 27, KD_ERR_UNSUPPORTED, "dumpvmcore"},
        {"HIBR", 4, KD_ERR_UNSUPPORTED, "hibernation file"},
        {"hibr", 4, KD_ERR_UNSUPPORTED, "hibernation file"},
        {"WAKE", 4, KD_ERR_UNSUPPORTED, "hibernation file"},
        {"wake", 4, KD_ERR_UNSUPPORTED, "hibernation file"},
        {"RSTR", 4, KD_ERR_UNSUPPORTED, "hibernation file"},
        {"MSCF", 4, KD_ERR_UNSUPPORTED, "cabinet: unpack it first"},
        {"PK\3\4", 4, KD_ERR_UNSUPPORTED, "zip archive: unpack it first"},
        {"\x1F\x8B", 2, KD_ERR_UNSUPPORTED, "gzip file: unpack it first"},
        {"\x28\xB5\x2F\xFD", 4, KD_ERR_UNSUPPORTED, "zstd file: unpack it first"},
        {"\x37\x7A\xBC\xAF", 4, KD_ERR_UNSUPPORTED, "7z archive: unpack it first"},
        {"\xFD\x37zXZ", 5, KD_ERR_UNSUPPORTED, "xz file: unpack it first"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct dump_build b = {0};

        dump_build_bytes(&b, 0, files[i].magic, files[i].len);
        dump_build_resize(&b, 0x2000);
        dump_is_refused(&b, files[i].status, files[i].text);
        dump_build_free(&b);
    }
}

static void what_is_not_of_whole_pages_is_no_raw_image(void **state)
{
    struct dump_build b = {0};

    (void)state;
    dump_is_refused(&b, KD_ERR_UNSUPPORTED, "empty file");
    dump_build_resize(&b, 0x1001);
    dump_is_refused(&b, KD_ERR_UNSUPPORTED, "no dump of a known kind");
    dump_build_resize(&b, 1);
    dump_is_refused(&b, KD_ERR_UNSUPPORTED, "no dump of a known kind");
    dump_build_free(&b);
}

static void a_file_is_opened_by_its_path(void **state)
{
    static const struct dump_build_range run = {1, 2};
    struct dump_build b = {0};
    struct kd_diag diag = {"of before"};
    struct kdw_dump *d;
    uint64_t word = 0;

    (void)state;
    dump_build_header(&b, 1);
    dump_build_runs(&b, &run, 1);
    temp_dir_write(&dir, "memory.dmp", b.data, b.len);
    assert_int_equal(kdw_dump_open(temp_dir_path(&dir, "memory.dmp"), &diag, &d), KD_OK);
    assert_string_equal(diag.text, "");
    assert_int_equal(kdw_mem_u64(kdw_dump_physical(d), 0x2008, &word), KD_OK);
    assert_true(word == dump_build_word(0x2008));
    kdw_dump_close(d);
    dump_build_free(&b);
}

static void what_is_wrong_with_a_file_names_it(void **state)
{
    struct kd_diag diag = {""};
    struct kdw_dump *d;

    (void)state;
    temp_dir_write(&dir, "packed.zip", "PK\3\4xxxx", 8);
    assert_int_equal(kdw_dump_open(temp_dir_path(&dir, "packed.zip"), &diag, &d),
                     KD_ERR_UNSUPPORTED);
    assert_non_null(strstr(diag.text, "packed.zip: zip archive: unpack it first"));
    assert_int_equal(kdw_dump_open(temp_dir_path(&dir, "absent"), &diag, &d), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "absent"));
    kdw_dump_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_dump_is_named),
        cmocka_unit_test(what_is_not_of_whole_pages_is_no_raw_image),
        cmocka_unit_test(a_file_is_opened_by_its_path),
        cmocka_unit_test(what_is_wrong_with_a_file_names_it),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
