#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/http_server.h"
#include "support/pdb_build.h"
#include "support/temp_dir.h"
#include "symbol_server.h"

static struct temp_dir dir;
static struct kdw_pdb_id wanted;
static struct kd_diag diag;
static struct symbol_server symbols;
static struct http_server *server;
static uint8_t *pdb;
static size_t pdb_len;
static char path[512];

static int set_up(void **state)
{
    struct pdb_build *b = pdb_build_create();

    (void)state;
    temp_dir_create(&dir);
    b->dbi_age = 1;
    pdb = pdb_build_file(b, &pdb_len);
    memset(&wanted, 0, sizeof wanted);
    memcpy(wanted.guid, b->guid, sizeof wanted.guid);
    wanted.age = 1;
    snprintf(wanted.name, sizeof wanted.name, "x.pdb");
    pdb_build_destroy(b);
    assert_int_equal(setenv("XDG_CACHE_HOME", temp_dir_path(&dir, "xdg"), 1), 0);
    assert_int_equal(setenv("no_proxy", "*", 1), 0);
    symbol_server_init(&symbols);
    server = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (server)
        http_server_stop(server);
    free(pdb);
    temp_dir_remove(&dir);
    return 0;
}

static void serve(const struct http_answer *answers, size_t count)
{
    server = http_server_start(answers, count);
    snprintf(path, sizeof path, "srv*%s*http://127.0.0.1:%u", temp_dir_path(&dir, "c"),
             http_server_port(server));
}

static enum kd_status open_pdb(void)
{
    struct kdw_symbols *found;
    enum kd_status st = kdw_symstore_open(path, &symbols.server, &wanted, &diag, &found);

    if (st == KD_OK)
        kdw_symbols_close(found);
    return st;
}

static struct http_answer the_pdb(void)
{
    return (struct http_answer){"HTTP/1.1 200 OK", pdb, pdb_len, 0};
}

static void what_is_wanted_is_fetched(void **state)
{
    const struct http_answer answer = the_pdb();

    (void)state;
    serve(&answer, 1);
    assert_int_equal(open_pdb(), KD_OK);
    assert_false(symbols.is_wanted);
    assert_int_equal(open_pdb(), KD_OK);
    assert_int_equal(http_server_count(server), 1);
}

static void while_a_target_stands_still_it_is_noted_and_fetched_afterwards(void **state)
{
    const struct http_answer answer = the_pdb();

    (void)state;
    serve(&answer, 1);
    symbols.is_held_up = true;
    assert_int_equal(open_pdb(), KD_ERR_CANCELLED);
    assert_int_equal(http_server_count(server), 0);
    assert_true(symbols.is_wanted);
    assert_int_equal(symbol_server_catch_up(&symbols, path, &diag), KD_OK);
    assert_false(symbols.is_wanted);
    assert_int_equal(open_pdb(), KD_OK);
    assert_int_equal(http_server_count(server), 1);
}

static void what_could_not_be_fetched_is_not_tried_again(void **state)
{
    const struct http_answer answers[] = {{"HTTP/1.1 403 No\nContent-Length: 0", "", 0, 0}};

    (void)state;
    serve(answers, 1);
    symbols.is_held_up = true;
    assert_int_equal(open_pdb(), KD_ERR_CANCELLED);
    assert_int_equal(symbol_server_catch_up(&symbols, path, &diag), KD_OK);
    assert_int_equal(open_pdb(), KD_ERR_NOT_FOUND); /* no wish to stop: other symbols may do */
    assert_non_null(strstr(diag.text, "status 403"));
    assert_int_equal(http_server_count(server), 1);
}

static void another_file_is_not_kept(void **state)
{
    const struct http_answer answers[] = {{"HTTP/1.1 200 OK", "<html>log in</html>", 19, 0}};

    (void)state;
    serve(answers, 1);
    assert_int_equal(open_pdb(), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "what the server sends is no PDB file"));
}

static void the_default_store_is_in_the_users_cache_folder(void **state)
{
    char expected[512];

    (void)state;
    snprintf(expected, sizeof expected, "%s/kdwalk/symbols", temp_dir_path(&dir, "xdg"));
    assert_string_equal(symbols.server.default_store, expected);
    assert_int_equal(setenv("XDG_CACHE_HOME", "relative", 1), 0); /* to be ignored [doc] */
    assert_int_equal(setenv("HOME", "/home/me", 1), 0);
    symbol_server_init(&symbols);
    assert_string_equal(symbols.server.default_store, "/home/me/.cache/kdwalk/symbols");
    assert_int_equal(unsetenv("HOME"), 0);
    symbol_server_init(&symbols);
    assert_null(symbols.server.default_store);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_is_wanted_is_fetched),
        IN_A_FOLDER(while_a_target_stands_still_it_is_noted_and_fetched_afterwards),
        IN_A_FOLDER(what_could_not_be_fetched_is_not_tried_again),
        IN_A_FOLDER(another_file_is_not_kept),
        IN_A_FOLDER(the_default_store_is_in_the_users_cache_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
