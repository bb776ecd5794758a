#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dir.h"
#include "symbol_path.h"

static const char *default_store;

static int forget_default_store(void **state)
{
    (void)state;
    default_store = NULL;
    return 0;
}

/* All places of a path, one a letter and a text: S store, F folder, U URL, - skipped. */
static void reads_as(const char *path, const char *expected)
{
    struct kdw_symbol_path p = kdw_symbol_path_of(path, default_store);
    struct kdw_place place;
    char all[1024] = "";

    while (kdw_symbol_path_next(&p, &place)) {
        size_t have = strlen(all);

        snprintf(all + have, sizeof all - have, "%c%.200s;", "SFU-"[place.kind], place.text);
        assert_int_equal(place.kind == KDW_PLACE_SKIPPED, place.why != NULL);
    }
    assert_string_equal(all, expected);
}

static void entries_stand_between_semicolons(void **state)
{
    (void)state;
    reads_as("/a;/b:c", "F/a;F/b:c;");
    reads_as(" /a ;;\t;/with space;", "F/a;F/with space;");
    reads_as("", "");
    reads_as(";", "");
}

static void srv_names_a_chain_of_stores(void **state)
{
    (void)state;
    reads_as("srv*/a", "S/a;");
    reads_as("SRV*/a*/b;/c", "S/a;S/b;F/c;");
    reads_as("symsrv*symsrv.dll*/a*/b", "S/a;S/b;");
    reads_as("SymSrv*SYMSRV.DLL* /a ", "S/a;");
    reads_as("srv", "Fsrv;");
}

static void cache_is_searched_at_its_own_place(void **state)
{
    (void)state;
    reads_as("cache*/c;/p;srv*/a", "S/c;F/p;S/a;");
}

static void an_empty_part_is_the_default_store(void **state)
{
    (void)state;
    default_store = "/d";
    reads_as("srv**/a", "S/d;S/a;");
    reads_as("cache*;/a", "S/d;F/a;");
    reads_as("srv* *http://h", "S/d;Uhttp://h;");
}

static void without_a_default_store_what_needs_one_is_skipped(void **state)
{
    (void)state;
    reads_as("cache*", "-;");
    reads_as("srv**/a", "-;S/a;");
}

static void srv_alone_is_the_default_store_and_the_public_server(void **state)
{
    (void)state;
    reads_as("srv*", "-;Uhttps://msdl.microsoft.com/download/symbols;");
    default_store = "/d";
    reads_as("SymSrv*SymSrv.dll* ;/a", "S/d;Uhttps://msdl.microsoft.com/download/symbols;F/a;");
}

static void urls_are_servers(void **state)
{
    (void)state;
    reads_as("cache*/c;/p;srv*/a*https://h/s", "S/c;F/p;S/a;Uhttps://h/s;");
    reads_as("HTTP://h/s;/a", "UHTTP://h/s;F/a;");
    reads_as("https:x", "Fhttps:x;");
}

static void places_say_which_entry_they_are_of_and_whether_they_are_caches(void **state)
{
    struct kdw_symbol_path p = kdw_symbol_path_of("cache*/c;/p;srv*/a*http://h", NULL);
    const struct {
        unsigned entry;
        bool is_cache;
    } expected[] = {{1, true}, {2, false}, {3, false}, {3, false}};
    struct kdw_place place;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(kdw_symbol_path_next(&p, &place));
        assert_int_equal(place.entry, expected[i].entry);
        assert_int_equal(place.is_cache, expected[i].is_cache);
    }
    assert_false(kdw_symbol_path_next(&p, &place));
}

static void a_login_in_a_url_is_not_shown(void **state)
{
    struct kdw_symbol_path p =
        kdw_symbol_path_of("https://me:pass@word@h/s;https://h/s@t;/a@b", NULL);
    struct kdw_place place;

    (void)state;
    assert_true(kdw_symbol_path_next(&p, &place));
    assert_string_equal(kdw_place_shown(&place), "h/s");
    assert_true(kdw_symbol_path_next(&p, &place));
    assert_string_equal(kdw_place_shown(&place), "https://h/s@t");
    assert_true(kdw_symbol_path_next(&p, &place));
    assert_string_equal(kdw_place_shown(&place), "/a@b");
}

static void windows_paths_are_skipped_but_on_windows(void **state)
{
    (void)state;
    if (!kdw_path_is_foreign("C:\\Symbols")) {
        reads_as("C:\\Symbols;srv*\\\\server\\share*D:\\x",
                 "FC:\\Symbols;S\\\\server\\share;SD:\\x;");
        return;
    }
    reads_as("C:\\Symbols;srv*\\\\server\\share*/a", "-C:\\Symbols;-\\\\server\\share;S/a;");
}

static void other_servers_and_other_words_are_skipped_whole(void **state)
{
    (void)state;
    reads_as("symsrv*other.dll*/a;/b", "-symsrv*other.dll*/a;F/b;");
    reads_as("symsrv*symsrv.dll;/b", "-symsrv*symsrv.dll;F/b;");
    reads_as("symsrv*;/b", "-symsrv*;F/b;");
    reads_as("sv*/a;/b", "-sv*/a;F/b;");
    reads_as("*", "-*;");
}

static void a_path_longer_than_any_is_skipped_and_the_rest_is_read(void **state)
{
    size_t len = KDW_PLACE_MAX;
    char *path = malloc(len + 4);
    struct kdw_symbol_path p;
    struct kdw_place place;

    (void)state;
    assert_non_null(path);
    memset(path, 'x', len);
    memcpy(path + len, ";/b", 4);
    p = kdw_symbol_path_of(path, NULL);
    assert_true(kdw_symbol_path_next(&p, &place));
    assert_int_equal(place.kind, KDW_PLACE_SKIPPED);
    assert_string_equal(place.why, "too long for a path");
    assert_true(kdw_symbol_path_next(&p, &place));
    assert_string_equal(place.text, "/b");
    p = kdw_symbol_path_of(path + 1, NULL);
    assert_true(kdw_symbol_path_next(&p, &place));
    assert_int_equal(place.kind, KDW_PLACE_FOLDER);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_stand_between_semicolons),
        cmocka_unit_test(srv_names_a_chain_of_stores),
        cmocka_unit_test(cache_is_searched_at_its_own_place),
        cmocka_unit_test_teardown(an_empty_part_is_the_default_store, forget_default_store),
        cmocka_unit_test(without_a_default_store_what_needs_one_is_skipped),
        cmocka_unit_test_teardown(srv_alone_is_the_default_store_and_the_public_server,
                                  forget_default_store),
        cmocka_unit_test(urls_are_servers),
        cmocka_unit_test(places_say_which_entry_they_are_of_and_whether_they_are_caches),
        cmocka_unit_test(a_login_in_a_url_is_not_shown),
        cmocka_unit_test(windows_paths_are_skipped_but_on_windows),
        cmocka_unit_test(other_servers_and_other_words_are_skipped_whole),
        cmocka_unit_test(a_path_longer_than_any_is_skipped_and_the_rest_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
