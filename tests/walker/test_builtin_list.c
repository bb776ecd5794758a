#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/builtin_list.h>

#include "support/csv.h"

static void it_is_the_tables_line_by_line(void **state)
{
    struct kdw_builtin_entry e;
    char guid[KDW_PDB_GUID_MAX];
    size_t kernels = 0, images = 0;
    struct csv row;

    (void)state;
    assert_true(csv_open(&row, KDWALK_TABLES "/kernels.csv"));
    for (; csv_next(&row); kernels++) {
        bool is_found = false;

        for (size_t i = 0; kdw_builtin_entry_at(i, &e) && e.has_pdb && !is_found; i++) {
            kdw_pdb_id_guid(&e.pdb, guid);
            is_found = strcmp(guid, csv_text(&row, "pdb_guid")) == 0 &&
                       strcmp(e.version, csv_text(&row, "version")) == 0 &&
                       e.pdb.age == csv_number(&row, "pdb_age");
        }
        if (!is_found)
            fail_msg("no %s", csv_text(&row, "version"));
    }
    csv_close(&row);
    assert_true(csv_open(&row, KDWALK_TABLES "/kernel-revisions.csv"));
    for (; csv_next(&row); images++) {
        bool is_found = false;

        for (size_t i = kernels; kdw_builtin_entry_at(i, &e) && !is_found; i++)
            is_found = !e.has_pdb && e.timestamp == csv_number(&row, "pe_timestamp") &&
                       e.size == csv_number(&row, "size_of_image") &&
                       strcmp(e.version, csv_text(&row, "version")) == 0;
        if (!is_found)
            fail_msg("no image of %s", csv_text(&row, "version"));
    }
    csv_close(&row);
    assert_true(kernels == 180 && images == 1228);
    assert_true(kdw_builtin_entry_at(kernels + images - 1, &e));
    assert_false(kdw_builtin_entry_at(kernels + images, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_the_tables_line_by_line)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
