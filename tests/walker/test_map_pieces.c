#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "map_pieces.h"
#include "support/temp_dir.h"

#define FILE_LEN ((uint64_t)48 << 20)
#define HELD_LEN ((uint64_t)KDW_PIECES * KDW_PIECE_LEN)

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

/* Zeros, but for the number of each piece at its beginning, and one byte at the end. */
static struct kdw_map map_numbered(void)
{
    struct kdw_map m;
    FILE *f = fopen(temp_dir_path(&dir, "numbered"), "wb");

    assert_non_null(f);
    for (uint32_t n = 0; n < FILE_LEN / KDW_PIECE_LEN; n++) {
        assert_int_equal(fseek(f, (long)(n * KDW_PIECE_LEN), SEEK_SET), 0);
        assert_int_equal(fwrite(&n, sizeof n, 1, f), 1);
    }
    assert_int_equal(fseek(f, (long)FILE_LEN, SEEK_SET), 0);
    assert_int_equal(fputc('e', f), 'e');
    assert_int_equal(fclose(f), 0);
    assert_int_equal(kdw_map_open(temp_dir_path(&dir, "numbered"), NULL, &m), KD_OK);
    assert_int_equal(m.len, FILE_LEN + 1);
    return m;
}

static uint64_t touched(const struct kdw_map *m, struct kdw_map_pieces *pieces, uint64_t offset,
                        uint64_t len)
{
    kdw_map_touch(m, pieces, offset, &len);
    return len;
}

static void what_is_wanted_is_cut_at_the_end_of_its_piece(void **state)
{
    struct kdw_map m = map_numbered();
    struct kdw_map_pieces p = {0};

    (void)state;
    assert_int_equal(touched(&m, &p, 0, 1), 1);
    assert_int_equal(touched(&m, &p, 0, KDW_PIECE_LEN), KDW_PIECE_LEN);
    assert_int_equal(touched(&m, &p, 0, UINT64_MAX), KDW_PIECE_LEN);
    assert_int_equal(touched(&m, &p, KDW_PIECE_LEN - 1, 4096), 1);
    assert_int_equal(touched(&m, &p, KDW_PIECE_LEN, 4096), 4096);
    kdw_map_close(&m);
}

static void what_is_wanted_is_cut_at_the_end_of_the_file(void **state)
{
    struct kdw_map m = map_numbered();
    struct kdw_map_pieces p = {0};

    (void)state;
    assert_int_equal(touched(&m, &p, FILE_LEN, 4096), 1);
    assert_int_equal(touched(&m, &p, FILE_LEN - 5, 4096), 5); /* the piece's end comes first */
    kdw_map_close(&m);
}

/* Forwards, backwards, and to and fro. */
static void what_was_let_go_is_there_again(void **state)
{
    const uint32_t count = FILE_LEN / KDW_PIECE_LEN;
    struct kdw_map m = map_numbered();
    struct kdw_map_pieces p = {0};

    (void)state;
    for (uint32_t i = 0; i < 4 * count; i++) {
        uint32_t number, n = i < count ? i : i < 2 * count ? 2 * count - 1 - i : i * 7 % count;
        uint64_t len = sizeof number;

        kdw_map_touch(&m, &p, (uint64_t)n * KDW_PIECE_LEN, &len);
        memcpy(&number, m.data + (size_t)n * KDW_PIECE_LEN, sizeof number);
        assert_int_equal(number, n);
    }
    kdw_map_close(&m);
}

/* Bytes of files, on a disk or in a file system in memory, that are mapped here and present; 0: the system
 * does not say. */
static uint64_t mapped_in_memory(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    uint64_t sum = 0;
    unsigned long kib;
    char line[128];

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "RssFile: %lu kB", &kib) == 1 ||
            sscanf(line, "RssShmem: %lu kB", &kib) == 1)
            sum += (uint64_t)kib << 10;
    if (f)
        fclose(f);
    return sum;
}

static void little_of_a_file_that_is_read_from_end_to_end_stays_in_memory(void **state)
{
    struct kdw_map m = map_numbered();
    struct kdw_map_pieces p = {0};
    uint64_t before = mapped_in_memory(), most = 0, now;
    unsigned sum = 0;

    (void)state;
    if (before == 0) {
        print_message("this system does not say how much of a file it holds in memory\n");
        kdw_map_close(&m);
        skip();
    }
    kdw_map_read_nothing_ahead(&m);
    for (uint64_t at = 0; at < FILE_LEN; at += 4096) {
        uint64_t len = 4096;

        kdw_map_touch(&m, &p, at, &len);
        sum += m.data[at];
        if (at % (1 << 20) == 0 && (now = mapped_in_memory()) > most)
            most = now;
    }
    assert_true(sum > 0);
    assert_in_range(most - before, 0, HELD_LEN + (HELD_LEN >> 2)); /* our own code is mapped too */
    kdw_map_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_is_cut_at_the_end_of_its_piece),
        cmocka_unit_test(what_is_wanted_is_cut_at_the_end_of_the_file),
        cmocka_unit_test(what_was_let_go_is_there_again),
        cmocka_unit_test(little_of_a_file_that_is_read_from_end_to_end_stays_in_memory),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
