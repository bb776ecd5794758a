#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/symstore.h>

#include "dir.h"
#include "support/pdb_build.h"
#include "support/temp_dir.h"

/* The identity wanted is that of the builder's PDBs: GUID 13121110-1514-1716-1819-1A1B1C1D1E1F. */
#define GUID                                                                                       \
    "1312111015141716"                                                                             \
    "18191A1B1C1D1E1F"
#define KEY GUID "1"

static struct temp_dir dir;
static struct kdw_pdb_id wanted;
static struct kd_diag diag;
static const struct kdw_symbol_server *server;

/* What a fake server was asked for, and what it answers, one after the other. */
enum { ANSWERS = 4 };

static char asked[2048];
static enum kd_status answers[ANSWERS];

static int make_dir(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    memset(&wanted, 0, sizeof wanted);
    for (size_t i = 0; i < sizeof wanted.guid; i++)
        wanted.guid[i] = (uint8_t)(0x10 + i);
    wanted.age = 1;
    snprintf(wanted.name, sizeof wanted.name, "ntkrnlmp.pdb");
    memset(&diag, 0, sizeof diag);
    server = NULL;
    asked[0] = '\0';
    for (size_t i = 0; i < ANSWERS; i++)
        answers[i] = KD_ERR_NOT_FOUND;
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

/* A PDB of that DBI age, with a GUID that differs in its last byte when asked. */
static void put_pdb(const char *name, uint32_t age, uint8_t guid_change)
{
    struct pdb_build *b = pdb_build_create();
    uint8_t *file;
    size_t len;

    b->info_age = 3; /* as after source indexing: not what images bear */
    b->dbi_age = age;
    b->guid[15] ^= guid_change;
    file = pdb_build_file(b, &len);
    temp_dir_write(&dir, name, file, len);
    free(file);
    pdb_build_destroy(b);
}

static void put_good(const char *name)
{
    put_pdb(name, 1, 0);
}

static void put_text(const char *name, const char *text)
{
    temp_dir_write(&dir, name, text, strlen(text));
}

/* The path with each '@' replaced by the test's folder. */
static const char *path_of(const char *text)
{
    static char path[4096];
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += (size_t)snprintf(path + n, sizeof path - n, *text == '@' ? "%s" : "%.1s",
                              *text == '@' ? dir.path : text);
    path[n] = '\0';
    return path;
}

static void is_found_on(const char *path)
{
    struct kdw_symbols *pdb = NULL;
    struct kdw_pdb_id id;

    assert_int_equal(kdw_symstore_open(path_of(path), server, &wanted, &diag, &pdb), KD_OK);
    kdw_pdb_identity(pdb, &id);
    assert_true(kdw_pdb_id_equal(&id, &wanted));
    kdw_symbols_close(pdb);
}

static void is_not_found_on(const char *path)
{
    struct kdw_symbols *pdb = (struct kdw_symbols *)&dir;

    assert_int_equal(kdw_symstore_open(path_of(path), server, &wanted, &diag, &pdb),
                     KD_ERR_NOT_FOUND);
    assert_ptr_equal(pdb, &dir);
}

static void says(const char *text)
{
    if (!strstr(diag.text, text))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, text);
}

static bool is_windows(void)
{
    return !kdw_path_is_foreign("C:\\Symbols");
}

static void a_store_holds_it_under_name_and_key(void **state)
{
    (void)state;
    put_good("ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb");
    is_found_on("srv*@");
    is_found_on("cache*@");
    is_found_on("symsrv*symsrv.dll*@");
    is_found_on("@"); /* a plain folder may be one without saying so */
    assert_string_equal(diag.text, "");
}

static void a_pdb_that_was_found_explains_itself_to_the_caller(void **state)
{
    struct kdw_symbols *pdb = NULL;
    kdw_type_id type;

    (void)state;
    put_good("store/ntkrnlmp.pdb");
    assert_int_equal(kdw_symstore_open(path_of("@/store"), server, &wanted, &diag, &pdb), KD_OK);
    kd_diag_clear(&diag);
    assert_int_equal(kdw_type_by_name(pdb, "_NO_SUCH_THING", &type), KD_ERR_NOT_FOUND);
    says("_NO_SUCH_THING");
    kdw_symbols_close(pdb);
}

static void a_folder_holds_it_plainly_or_by_kind_of_image(void **state)
{
    static const char *const places[] = {"ntkrnlmp.pdb", "exe/ntkrnlmp.pdb", "sys/ntkrnlmp.pdb",
                                         "symbols/exe/ntkrnlmp.pdb", "symbols/dll/ntkrnlmp.pdb"};
    char name[64];

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char path[16];

        snprintf(name, sizeof name, "%zu/%s", i, places[i]);
        snprintf(path, sizeof path, "@/%zu", i);
        put_good(name);
        is_found_on(path);
    }
    is_not_found_on("srv*@/0"); /* a store is no folder of PDBs */
}

static void pingme_makes_a_folder_a_store(void **state)
{
    (void)state;
    put_good("ntkrnlmp.pdb");
    put_text("pingme.txt", "");
    is_not_found_on("@");
}

static void two_tier_stores_have_two_letters_in_front(void **state)
{
    (void)state;
    put_text("index2.txt", "");
    put_good("nt/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb");
    is_found_on("srv*@");
}

static void a_half_converted_store_is_looked_through_flat_too(void **state)
{
    (void)state;
    put_text("index2.txt", "");
    put_good("ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb");
    is_found_on("srv*@");
}

static void letters_in_front_mean_nothing_in_a_flat_store(void **state)
{
    (void)state;
    put_good("nt/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb");
    is_not_found_on("srv*@");
}

static void the_case_of_names_makes_no_difference_at_any_level(void **state)
{
    (void)state;
    put_good("NTKRNLMP.PDB/131211101514171618191a1b1c1d1e1f1/NtKrnlMp.pdb");
    is_found_on("srv*@");
}

static void ages_above_nine_are_looked_up_in_hexadecimal(void **state)
{
    (void)state;
    wanted.age = 10;
    put_pdb("ntkrnlmp.pdb/" GUID "a/ntkrnlmp.pdb", 10, 0);
    is_found_on("srv*@");
}

static void places_are_looked_at_in_order_and_the_first_match_wins(void **state)
{
    (void)state;
    put_pdb("a/ntkrnlmp.pdb", 2, 0);
    put_good("b/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb");
    put_text("c/ntkrnlmp.pdb", "never looked at");
    is_found_on("@/absent;@/a;srv*@/b;@/c");
    says("does not exist");
    says("another build"); /* remarks stay readable after a success */
    assert_null(strstr(diag.text, path_of("@/c")));
}

static void a_pdb_of_another_build_is_named_with_both_identities(void **state)
{
    (void)state;
    put_pdb("ntkrnlmp.pdb", 1, 0xE0);
    is_not_found_on("@");
    says("no ntkrnlmp.pdb with GUID " GUID " age 1");
    says("found one of another build, GUID 131211101514171618191A1B1C1D1EFF age 1");
    says("/ntkrnlmp.pdb");
}

static void a_pdb_of_another_age_is_another_build(void **state)
{
    (void)state;
    put_pdb("ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb", 2, 0);
    is_not_found_on("srv*@");
    says("GUID " GUID " age 2");
}

static void without_a_dbi_age_the_info_age_counts(void **state)
{
    (void)state;
    put_pdb("ntkrnlmp.pdb", 0, 0);
    is_not_found_on("@");
    wanted.age = 3;
    is_found_on("@");
}

static void what_is_missing_says_where_it_belongs_and_where_to_get_it(void **state)
{
    char belongs[512];

    (void)state;
    is_not_found_on("@");
    snprintf(belongs, sizeof belongs, "put it at %s/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb", dir.path);
    says(belongs);
    says("https://msdl.microsoft.com/download/symbols/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb");
    says(path_of("looked in @"));
}

static void a_path_that_names_no_folder_says_so(void **state)
{
    (void)state;
    is_not_found_on("");
    says("put it at DIR/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb");
    says("the symbol path is empty");
    is_not_found_on("@/absent;srv*https://msdl.microsoft.com/download/symbols;C:\\Symbols");
    says("looked nowhere; ");
    says("/absent does not exist");
    says("skipped https://msdl.microsoft.com/download/symbols (a URL");
    says(is_windows() ? "C:\\Symbols does not exist" : "skipped C:\\Symbols (a Windows path)");
}

static void the_pdb_itself_on_the_path_leads_to_its_folder(void **state)
{
    (void)state;
    put_good("direct/ntkrnlmp.pdb");
    is_not_found_on("@/direct/ntkrnlmp.pdb");
    says("/direct/ntkrnlmp.pdb is a file: name the folder that it is in");
    is_found_on("@/direct");
    if (is_windows()) /* where a device is not told from a file by its attributes */
        return;
    is_not_found_on("/dev/null");
    says("/dev/null is no folder");
}

static void compressed_files_are_named_with_what_to_do(void **state)
{
    (void)state;
    put_text("ntkrnlmp.pdb/" KEY "/ntkrnlmp.pd_", "MSCF....");
    is_not_found_on("srv*@");
    says("compressed, expand it with cabextract or 7z");
    says("/ntkrnlmp.pd_");
}

static void a_file_that_is_no_pdb_is_named_and_passed_over(void **state)
{
    (void)state;
    put_text("a/ntkrnlmp.pdb", "<html>log in</html>");
    is_not_found_on("@/a");
    says("/a/ntkrnlmp.pdb: not a PDB file");
    put_good("b/ntkrnlmp.pdb");
    is_found_on("@/a;@/b");
}

static void a_pointer_is_followed_to_where_the_file_is(void **state)
{
    (void)state;
    put_good("elsewhere/kernel.pdb");
    put_text("s/ntkrnlmp.pdb/" KEY "/file.ptr", path_of("PATH:@/elsewhere/kernel.pdb\r\n"));
    is_found_on("srv*@/s");
    put_text("t/ntkrnlmp.pdb/" KEY "/file.ptr", path_of("@/elsewhere/kernel.pdb"));
    is_found_on("srv*@/t");
}

static void a_pointer_that_leads_nowhere_is_a_remark(void **state)
{
    (void)state;
    put_text("ntkrnlmp.pdb/" KEY "/file.ptr", path_of("PATH:@/nowhere/x.pdb"));
    is_not_found_on("srv*@");
    says(path_of("points to @/nowhere/x.pdb, which is not there"));
    put_text("ntkrnlmp.pdb/" KEY "/file.ptr", "PATH:\\\\server\\share\\x.pdb");
    is_not_found_on("srv*@");
    says(is_windows() ? "points to \\\\server\\share\\x.pdb, which is not there"
                      : "points to \\\\server\\share\\x.pdb, which is not followed");
    put_text("ntkrnlmp.pdb/" KEY "/file.ptr", "relative/x.pdb");
    is_not_found_on("srv*@");
    says("which is not followed");
    put_text("ntkrnlmp.pdb/" KEY "/file.ptr", "MSG: never\x1b[2J built");
    is_not_found_on("srv*@");
    says("the store says of it:  never?[2J built");
    put_text("ntkrnlmp.pdb/" KEY "/file.ptr", "");
    is_not_found_on("srv*@");
}

static void a_name_unfit_for_a_path_is_refused(void **state)
{
    struct kdw_symbols *pdb;

    (void)state;
    snprintf(wanted.name, sizeof wanted.name, "../x.pdb");
    assert_int_equal(kdw_symstore_open(dir.path, NULL, &wanted, &diag, &pdb), KD_ERR_USAGE);
}

/* ---- servers ---- */

/* URLs one after the other, each with a blank behind it; kept is where the file shall go. */
static char kept[4096];

static void put_good_at(const char *path)
{
    struct pdb_build *b = pdb_build_create();
    uint8_t *file;
    size_t len;
    FILE *f = fopen(path, "wb");

    assert_non_null(f); /* its folder is there */
    b->dbi_age = 1;
    file = pdb_build_file(b, &len);
    assert_int_equal(fwrite(file, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    free(file);
    pdb_build_destroy(b);
}

static enum kd_status fake_fetch(void *ctx, const char *url, const char *path,
                                 const struct kdw_pdb_id *id, struct kd_diag *d)
{
    size_t number = 0;

    assert_ptr_equal(ctx, &dir);
    assert_ptr_equal(id, &wanted);
    for (const char *at = asked; *at != '\0'; at++)
        number += *at == ' ';
    assert_true(number < ANSWERS);
    snprintf(asked + strlen(asked), sizeof asked - strlen(asked), "%s ", url);
    snprintf(kept, sizeof kept, "%s", path);
    if (answers[number] == KD_OK)
        put_good_at(path);
    else
        kd_diag_set(d, answers[number], "%s: no", url);
    return answers[number];
}

static struct kdw_symbol_server fake_server(void)
{
    return (struct kdw_symbol_server){.ctx = &dir, .fetch = fake_fetch};
}

static void what_no_folder_has_is_asked_of_the_server_and_kept_in_its_chain(void **state)
{
    const struct kdw_symbol_server fake = fake_server();
    char place[4096];

    (void)state;
    server = &fake;
    answers[0] = KD_OK;
    is_found_on("cache*@/c;@/p;srv*@/a*@/b*https://h/s/");
    assert_string_equal(asked, "https://h/s/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb ");
    snprintf(place, sizeof place, "%s", path_of("@/a/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb"));
    assert_string_equal(kept, place);
    is_found_on("cache*@/c;@/p;srv*@/a*@/b*https://h/s/"); /* and nobody is asked again */
    assert_null(strchr(strchr(asked, ' ') + 1, ' '));
}

static void a_cache_to_the_left_keeps_what_has_no_store_in_its_chain(void **state)
{
    const struct kdw_symbol_server fake = fake_server();

    (void)state;
    server = &fake;
    answers[0] = KD_OK;
    is_found_on("srv*@/other;cache*@/c;https://h;cache*@/late");
    assert_int_equal(kdw_path_kind(path_of("@/c/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb")),
                     KDW_PATH_FILE);
    assert_int_equal(kdw_path_kind(path_of("@/other")), KDW_PATH_ABSENT);
}

static void the_default_store_keeps_the_rest_and_is_looked_into_first(void **state)
{
    struct kdw_symbol_server fake = fake_server();
    char store[4096];

    (void)state;
    snprintf(store, sizeof store, "%s", path_of("@/default"));
    fake.default_store = store;
    server = &fake;
    answers[0] = KD_OK;
    is_found_on("srv*https://h");
    is_found_on("srv*https://h");
    assert_null(strchr(strchr(asked, ' ') + 1, ' '));
    fake.fetch = NULL; /* no network needed any more */
    is_found_on("srv*https://h");
}

static void a_store_that_takes_nothing_is_passed_over(void **state)
{
    const struct kdw_symbol_server fake = fake_server();

    (void)state;
    server = &fake;
    answers[0] = KD_OK;
    put_text("a", "a file");
    is_found_on("srv*@/a*@/b*https://h");
    says("/a takes no files");
    assert_non_null(strstr(kept, "/b/ntkrnlmp.pdb/"));
}

static void what_can_be_kept_nowhere_is_there_for_as_long_as_it_is_open(void **state)
{
    struct kdw_symbol_server fake = fake_server();
    char scratch[4096];

    (void)state;
    if (is_windows()) /* where a file that is mapped cannot be removed */
        return;
    put_text("a", "a file");
    server = &fake;
    is_not_found_on("srv*@/a*https://h");
    says("no folder takes what https://h has");
    assert_string_equal(asked, "");
    snprintf(scratch, sizeof scratch, "%s", dir.path);
    fake.scratch = scratch;
    answers[0] = KD_OK;
    is_found_on("srv*@/a*https://h");
    assert_int_equal(kdw_path_kind(kept), KDW_PATH_ABSENT);
}

static void a_server_that_may_have_two_tiers_is_asked_both_ways(void **state)
{
    const struct kdw_symbol_server fake = fake_server();

    (void)state;
    server = &fake;
    answers[1] = KD_OK;
    is_found_on("srv*@/a*http://h/s");
    assert_string_equal(asked, "http://h/s/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb "
                               "http://h/s/nt/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb ");
}

static void a_compressed_file_is_told_from_none(void **state)
{
    const struct kdw_symbol_server fake = fake_server();

    (void)state;
    server = &fake;
    answers[2] = KD_ERR_MALFORMED;
    is_not_found_on("srv*@/a*http://h");
    assert_non_null(strstr(asked, " http://h/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pd_ "));
    says("; it is compressed");
}

static void the_public_server_is_asked_once(void **state)
{
    const struct kdw_symbol_server fake = fake_server();

    (void)state;
    server = &fake;
    is_not_found_on("cache*@/a;srv*");
    assert_string_equal(asked, "https://msdl.microsoft.com/download/symbols/ntkrnlmp.pdb/" KEY
                               "/ntkrnlmp.pdb ");
    says("looked in https://msdl.microsoft.com/download/symbols");
    says(path_of("put it at @/a/ntkrnlmp.pdb/")); /* a store need not be there yet */
}

static void trouble_with_one_server_leads_to_the_next_and_is_told(void **state)
{
    const struct kdw_symbol_server fake = fake_server();

    (void)state;
    server = &fake;
    answers[0] = KD_ERR_IO;
    answers[1] = KD_OK;
    is_found_on("srv*@/a*http://one*http://two");
    says("http://one/ntkrnlmp.pdb/" KEY "/ntkrnlmp.pdb: no");
}

static void a_wish_to_stop_ends_the_search(void **state)
{
    const struct kdw_symbol_server fake = fake_server();
    struct kdw_symbols *pdb;

    (void)state;
    answers[0] = KD_ERR_CANCELLED;
    assert_int_equal(
        kdw_symstore_open(path_of("srv*@/a*http://one*http://two"), &fake, &wanted, &diag, &pdb),
        KD_ERR_CANCELLED);
    assert_null(strstr(asked, "two"));
}

static void names_are_fit_for_a_url(void **state)
{
    const struct kdw_symbol_server fake = fake_server();

    (void)state;
    server = &fake;
    snprintf(wanted.name, sizeof wanted.name, "a b%%\xC3\xA9.pdb");
    answers[0] = KD_OK;
    is_found_on("srv*@/a*http://h");
    assert_string_equal(asked, "http://h/a%20b%25%C3%A9.pdb/" KEY "/a%20b%25%C3%A9.pdb ");
}

static void a_file_is_verified_by_its_identity(void **state)
{
    (void)state;
    put_good("good.pdb");
    put_pdb("other.pdb", 1, 1);
    put_text("none.pdb", "<html>");
    assert_int_equal(kdw_pdb_verify(path_of("@/good.pdb"), &wanted, &diag), KD_OK);
    assert_int_equal(kdw_pdb_verify(path_of("@/other.pdb"), &wanted, &diag), KD_ERR_MISMATCH);
    says("found one of another build");
    assert_int_equal(kdw_pdb_verify(path_of("@/none.pdb"), &wanted, &diag), KD_ERR_MALFORMED);
}

static void nobody_needs_to_listen(void **state)
{
    struct kdw_symbols *pdb;

    (void)state;
    put_text("a/ntkrnlmp.pdb", "no PDB");
    put_good("b/ntkrnlmp.pdb");
    assert_int_equal(kdw_symstore_open(path_of("@/a"), NULL, &wanted, NULL, &pdb),
                     KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_symstore_open(path_of("@/a;@/b"), NULL, &wanted, NULL, &pdb), KD_OK);
    kdw_symbols_close(pdb);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_store_holds_it_under_name_and_key),
        IN_A_FOLDER(a_pdb_that_was_found_explains_itself_to_the_caller),
        IN_A_FOLDER(a_folder_holds_it_plainly_or_by_kind_of_image),
        IN_A_FOLDER(pingme_makes_a_folder_a_store),
        IN_A_FOLDER(two_tier_stores_have_two_letters_in_front),
        IN_A_FOLDER(a_half_converted_store_is_looked_through_flat_too),
        IN_A_FOLDER(letters_in_front_mean_nothing_in_a_flat_store),
        IN_A_FOLDER(the_case_of_names_makes_no_difference_at_any_level),
        IN_A_FOLDER(ages_above_nine_are_looked_up_in_hexadecimal),
        IN_A_FOLDER(places_are_looked_at_in_order_and_the_first_match_wins),
        IN_A_FOLDER(a_pdb_of_another_build_is_named_with_both_identities),
        IN_A_FOLDER(a_pdb_of_another_age_is_another_build),
        IN_A_FOLDER(without_a_dbi_age_the_info_age_counts),
        IN_A_FOLDER(what_is_missing_says_where_it_belongs_and_where_to_get_it),
        IN_A_FOLDER(a_path_that_names_no_folder_says_so),
        IN_A_FOLDER(the_pdb_itself_on_the_path_leads_to_its_folder),
        IN_A_FOLDER(compressed_files_are_named_with_what_to_do),
        IN_A_FOLDER(a_file_that_is_no_pdb_is_named_and_passed_over),
        IN_A_FOLDER(a_pointer_is_followed_to_where_the_file_is),
        IN_A_FOLDER(a_pointer_that_leads_nowhere_is_a_remark),
        IN_A_FOLDER(a_name_unfit_for_a_path_is_refused),
        IN_A_FOLDER(what_no_folder_has_is_asked_of_the_server_and_kept_in_its_chain),
        IN_A_FOLDER(a_cache_to_the_left_keeps_what_has_no_store_in_its_chain),
        IN_A_FOLDER(the_default_store_keeps_the_rest_and_is_looked_into_first),
        IN_A_FOLDER(a_store_that_takes_nothing_is_passed_over),
        IN_A_FOLDER(what_can_be_kept_nowhere_is_there_for_as_long_as_it_is_open),
        IN_A_FOLDER(a_server_that_may_have_two_tiers_is_asked_both_ways),
        IN_A_FOLDER(a_compressed_file_is_told_from_none),
        IN_A_FOLDER(the_public_server_is_asked_once),
        IN_A_FOLDER(trouble_with_one_server_leads_to_the_next_and_is_told),
        IN_A_FOLDER(a_wish_to_stop_ends_the_search),
        IN_A_FOLDER(names_are_fit_for_a_url),
        IN_A_FOLDER(a_file_is_verified_by_its_identity),
        IN_A_FOLDER(nobody_needs_to_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
