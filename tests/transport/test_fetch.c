#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include <transport/fetch.h>

#include "support/http_server.h"
#include "support/temp_dir.h"

enum { BODY = 100000 };

static struct temp_dir dir;
static struct kd_diag diag;
static uint8_t body[BODY];
static struct http_server *server;

/* What the caller's functions saw, and shall do. */
static enum kd_status verdict;
static unsigned checks;
static uint64_t last_done, last_total, stop_at;

static int set_up(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    for (size_t i = 0; i < BODY; i++)
        body[i] = (uint8_t)(i * 31 + (i >> 8));
    kd_diag_clear(&diag);
    server = NULL;
    verdict = KD_OK;
    checks = 0;
    last_done = last_total = 0;
    stop_at = UINT64_MAX;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (server)
        http_server_stop(server);
    temp_dir_remove(&dir);
    return 0;
}

static enum kd_status check(void *ctx, const char *part, struct kd_diag *d)
{
    FILE *f = fopen(part, "rb");

    assert_ptr_equal(ctx, &dir);
    assert_non_null(f);
    fclose(f);
    checks++;
    return verdict == KD_OK ? KD_OK : kd_diag_set(d, verdict, "another one");
}

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
    assert_ptr_equal(ctx, &dir);
    last_done = done;
    if (total)
        last_total = total;
    return done < stop_at;
}

static enum kd_status fetch_url(const char *url, uint64_t size_max)
{
    const struct kdt_fetch_opts opts = {
        .url = url,
        .path = temp_dir_path(&dir, "it"),
        .size_max = size_max,
        .stall_s = 1,
        .pause_ms = 1,
        .diag = &diag,
        .ctx = &dir,
        .check = check,
        .on_progress = on_progress,
    };

    return kdt_fetch(&opts);
}

static enum kd_status fetch_from(const struct http_answer *answers, size_t count)
{
    char url[64];

    server = http_server_start(answers, count);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/s/it", http_server_port(server));
    return fetch_url(url, 0);
}

static void is_what_the_folder_holds(const void *data, size_t len)
{
    FILE *f = fopen(temp_dir_path(&dir, "it"), "rb");
    uint8_t *found = malloc(len + 1);

    assert_non_null(f);
    assert_non_null(found);
    assert_int_equal(fread(found, 1, len + 1, f), len);
    assert_memory_equal(found, data, len);
    free(found);
    fclose(f);
}

/* But for dots: no part of a file, no file. */
static void nothing_is_left_but(const char *name)
{
    DIR *d = opendir(dir.path);
    const struct dirent *e;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            assert_string_equal(e->d_name, name);
    closedir(d);
}

static void says(const char *text)
{
    if (!strstr(diag.text, text))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, text);
}

static void a_file_that_came_whole_gets_its_name(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 1), KD_OK);
    is_what_the_folder_holds(body, BODY);
    nothing_is_left_but("it");
    assert_int_equal(checks, 1);
    assert_int_equal(last_total, BODY);
    assert_non_null(strstr(http_server_request(server, 0), "GET /s/it HTTP/1.1\r\n"));
    assert_non_null(strstr(http_server_request(server, 0), "User-Agent: kdwalk\r\n"));
}

static void an_empty_file_is_a_file(void **state)
{
    const struct http_answer answers[] = {{"HTTP/1.1 200 OK\nContent-Length: 0", "", 0, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 1), KD_OK);
    is_what_the_folder_holds("", 0);
}

static void a_redirect_is_followed(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 302 Found\nLocation: http://127.0.0.1:%u/blob?sig=s3cret\nContent-Length: 5",
         "moved", 5, 0},
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 2), KD_OK);
    is_what_the_folder_holds(body, BODY);
    assert_non_null(strstr(http_server_request(server, 1), "GET /blob?sig=s3cret "));
}

static void redirects_that_never_end_do_end(void **state)
{
    struct http_answer answers[15];

    (void)state;
    for (size_t i = 0; i < 15; i++)
        answers[i] = (struct http_answer){"HTTP/1.1 302 Found\nLocation: /s/it\nContent-Length: 0",
                                          "", 0, 0};
    assert_int_equal(fetch_from(answers, 15), KD_ERR_IO);
    assert_int_equal(http_server_count(server), 11);
    nothing_is_left_but("");
}

static void a_redirect_to_anything_but_http_is_refused(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 302 Found\nLocation: file:///etc/passwd\nContent-Length: 0", "", 0, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 1), KD_ERR_IO);
    assert_int_equal(checks, 0);
    nothing_is_left_but("");
}

static void other_protocols_are_refused(void **state)
{
    (void)state;
    assert_int_equal(fetch_url("file:///etc/passwd", 0), KD_ERR_IO);
    assert_int_equal(fetch_url("ftp://127.0.0.1/it", 0), KD_ERR_IO);
    nothing_is_left_but("");
}

static void what_the_server_does_not_have_is_not_found_and_asked_for_once(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 404 Not Found\nContent-Length: 4", "none", 4, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 1), KD_ERR_NOT_FOUND);
    assert_int_equal(http_server_count(server), 1);
    assert_int_equal(checks, 0);
    says("the server does not have it");
    nothing_is_left_but("");
}

static void who_wants_a_login_is_named_with_it(void **state)
{
    const struct http_answer answers[] = {{"HTTP/1.1 403 No\nContent-Length: 0", "", 0, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 1), KD_ERR_IO);
    says("wants a login (status 403)");
}

static void a_server_in_trouble_is_asked_again_and_not_for_ever(void **state)
{
    const struct http_answer good[] = {{"HTTP/1.1 503 Wait\nContent-Length: 4", "wait", 4, 0},
                                       {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};
    const struct http_answer bad = {"HTTP/1.1 503 Wait\nContent-Length: 0", "", 0, 0};
    const struct http_answer always[] = {bad, bad, bad, bad, bad};

    (void)state;
    assert_int_equal(fetch_from(good, 2), KD_OK);
    is_what_the_folder_holds(body, BODY);
    http_server_stop(server);
    assert_int_equal(fetch_from(always, 5), KD_ERR_IO);
    assert_int_equal(http_server_count(server), 4);
    says("after 4 tries");
    says("status 503");
}

static void who_asks_to_be_waited_for_is(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 429 Slow\nRetry-After: 1\nContent-Length: 0", "", 0, 0},
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 2), KD_OK);
}

static void what_was_cut_goes_on_where_it_stopped(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nETag: \"v1\"\nContent-Length: 100000", body, 40000, 0},
        {"HTTP/1.1 206 Part\nETag: \"v1\"\nContent-Range: bytes 40000-99999/100000\n"
         "Content-Length: 60000",
         body + 40000, 30000, 0},
        {"HTTP/1.1 206 Part\nETag: \"v1\"\nContent-Range: bytes 70000-99999/100000\n"
         "Content-Length: 30000",
         body + 70000, 30000, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 3), KD_OK);
    is_what_the_folder_holds(body, BODY);
    assert_null(strstr(http_server_request(server, 0), "Range:"));
    assert_non_null(strstr(http_server_request(server, 1), "\r\nRange: bytes=40000-\r\n"));
    assert_non_null(strstr(http_server_request(server, 1), "\r\nIf-Range: \"v1\"\r\n"));
    assert_null(strstr(http_server_request(server, 1), "Accept-Encoding:"));
    assert_non_null(strstr(http_server_request(server, 2), "\r\nRange: bytes=70000-\r\n"));
    assert_int_equal(last_total, BODY);
}

static void a_file_that_changed_meanwhile_is_begun_anew(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nETag: \"v1\"\nContent-Length: 100000", body + 50, 40000, 0},
        {"HTTP/1.1 200 OK\nETag: \"v2\"\nContent-Length: 50000", body, 50000, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 2), KD_OK);
    is_what_the_folder_holds(body, 50000);
}

static void without_a_strong_etag_it_is_begun_anew(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nETag: W/\"v1\"\nContent-Length: 100000", body + 50, 40000, 0},
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body + 50, 60000, 0},
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 3), KD_OK);
    is_what_the_folder_holds(body, BODY);
    for (size_t i = 0; i < 3; i++)
        assert_null(strstr(http_server_request(server, i), "Range:"));
}

static void another_part_than_was_asked_for_is_refused(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nETag: \"v1\"\nContent-Length: 100000", body, 40000, 0},
        {"HTTP/1.1 206 Part\nContent-Range: bytes 0-99999/100000\nContent-Length: 100000", body,
         BODY, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 2), KD_ERR_MALFORMED);
    says("another part");
    nothing_is_left_but("");
}

static void a_part_that_cannot_be_had_is_asked_for_as_a_whole(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nETag: \"v1\"\nContent-Length: 100000", body, 40000, 0},
        {"HTTP/1.1 416 No\nContent-Length: 0", "", 0, 0},
        {"HTTP/1.1 200 OK\nContent-Length: 30000", body, 30000, 0}};

    (void)state;
    assert_int_equal(fetch_from(answers, 3), KD_OK);
    is_what_the_folder_holds(body, 30000);
}

static void a_file_that_is_always_cut_fails_and_leaves_nothing(void **state)
{
    const struct http_answer cut = {"HTTP/1.1 200 OK\nContent-Length: 100000", body, 1000, 0};
    const struct http_answer answers[] = {cut, cut, cut, cut};

    (void)state;
    assert_int_equal(fetch_from(answers, 4), KD_ERR_IO);
    assert_int_equal(http_server_count(server), 4);
    assert_int_equal(checks, 0);
    nothing_is_left_but("");
}

static void a_server_that_falls_silent_is_given_up_and_asked_again(void **state)
{
    const struct http_answer silent = {"HTTP/1.1 200 OK\nContent-Length: 100000", body, 10, 2500};
    const struct http_answer good = {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0};
    const struct http_answer answers[] = {silent, good, good, good}; /* still silent when asked */

    (void)state;
    assert_int_equal(fetch_from(answers, 4), KD_OK);
    assert_true(http_server_count(server) > 1);
    is_what_the_folder_holds(body, BODY);
}

static void the_wrong_file_is_not_kept_and_an_older_one_stays(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};

    (void)state;
    temp_dir_write(&dir, "it", "older", 5);
    verdict = KD_ERR_MISMATCH;
    assert_int_equal(fetch_from(answers, 1), KD_ERR_MISMATCH);
    says("/s/it: another one");
    is_what_the_folder_holds("older", 5);
    nothing_is_left_but("it");
}

static void the_right_file_replaces_an_older_one(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};

    (void)state;
    temp_dir_write(&dir, "it", "older", 5);
    assert_int_equal(fetch_from(answers, 1), KD_OK);
    is_what_the_folder_holds(body, BODY);
}

static void who_stops_it_leaves_nothing(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, 50000, 5000}};

    (void)state;
    stop_at = 50000;
    assert_int_equal(fetch_from(answers, 1), KD_ERR_CANCELLED);
    nothing_is_left_but("");
}

static void a_pause_can_be_stopped(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 503 Wait\nRetry-After: 50\nContent-Length: 0", "", 0, 0}};

    (void)state;
    stop_at = 0;
    assert_int_equal(fetch_from(answers, 1), KD_ERR_CANCELLED);
    nothing_is_left_but("");
}

static void a_file_beyond_the_limit_is_refused_whether_announced_or_not(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0},
        {"HTTP/1.1 200 OK", body, BODY, 0}};
    char url[64];

    (void)state;
    server = http_server_start(answers, 2);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/it", http_server_port(server));
    assert_int_equal(fetch_url(url, 99999), KD_ERR_LIMIT);
    assert_int_equal(fetch_url(url, 99999), KD_ERR_LIMIT);
    nothing_is_left_but("");
}

static void a_full_disk_is_said_and_leaves_nothing(void **state)
{
    const struct http_answer answers[] = {
        {"HTTP/1.1 200 OK\nContent-Length: 100000", body, BODY, 0}};
    struct rlimit before, small;
    enum kd_status st;

    (void)state;
    signal(SIGXFSZ, SIG_IGN); /* as the command line does */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 30000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    st = fetch_from(answers, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(st, KD_ERR_IO);
    says("/it: cannot be written: File too large");
    nothing_is_left_but("");
}

static void a_folder_that_takes_no_file_is_said_before_anything_is_asked(void **state)
{
    const struct kdt_fetch_opts opts = {
        .url = "http://127.0.0.1:1/it",
        .path = temp_dir_path(&dir, "absent/it"),
        .diag = &diag,
        .check = check,
    };

    (void)state;
    assert_int_equal(kdt_fetch(&opts), KD_ERR_IO);
    says("absent/it: cannot be written");
}

static void nobody_there_is_said(void **state)
{
    (void)state;
    assert_int_equal(fetch_url("http://127.0.0.1:1/it", 0), KD_ERR_IO);
    says("http://127.0.0.1:1/it: ");
    assert_int_equal(fetch_url("http://nobody.invalid/it", 0), KD_ERR_IO);
    says("resolve");
    nothing_is_left_but("");
}

static void passwords_and_queries_are_not_shown(void **state)
{
    (void)state;
    assert_int_equal(fetch_url("http://me:password@127.0.0.1:1/it?sig=s3cret#x", 0), KD_ERR_IO);
    says("http://127.0.0.1:1/it: ");
    assert_null(strstr(diag.text, "word"));
    assert_null(strstr(diag.text, "s3cret"));
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_file_that_came_whole_gets_its_name),
        IN_A_FOLDER(an_empty_file_is_a_file),
        IN_A_FOLDER(a_redirect_is_followed),
        IN_A_FOLDER(redirects_that_never_end_do_end),
        IN_A_FOLDER(a_redirect_to_anything_but_http_is_refused),
        IN_A_FOLDER(other_protocols_are_refused),
        IN_A_FOLDER(what_the_server_does_not_have_is_not_found_and_asked_for_once),
        IN_A_FOLDER(who_wants_a_login_is_named_with_it),
        IN_A_FOLDER(a_server_in_trouble_is_asked_again_and_not_for_ever),
        IN_A_FOLDER(who_asks_to_be_waited_for_is),
        IN_A_FOLDER(what_was_cut_goes_on_where_it_stopped),
        IN_A_FOLDER(a_file_that_changed_meanwhile_is_begun_anew),
        IN_A_FOLDER(without_a_strong_etag_it_is_begun_anew),
        IN_A_FOLDER(another_part_than_was_asked_for_is_refused),
        IN_A_FOLDER(a_part_that_cannot_be_had_is_asked_for_as_a_whole),
        IN_A_FOLDER(a_file_that_is_always_cut_fails_and_leaves_nothing),
        IN_A_FOLDER(a_server_that_falls_silent_is_given_up_and_asked_again),
        IN_A_FOLDER(the_wrong_file_is_not_kept_and_an_older_one_stays),
        IN_A_FOLDER(the_right_file_replaces_an_older_one),
        IN_A_FOLDER(who_stops_it_leaves_nothing),
        IN_A_FOLDER(a_pause_can_be_stopped),
        IN_A_FOLDER(a_file_beyond_the_limit_is_refused_whether_announced_or_not),
        IN_A_FOLDER(a_full_disk_is_said_and_leaves_nothing),
        IN_A_FOLDER(a_folder_that_takes_no_file_is_said_before_anything_is_asked),
        IN_A_FOLDER(nobody_there_is_said),
        IN_A_FOLDER(passwords_and_queries_are_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
