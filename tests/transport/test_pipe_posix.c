#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/temp_dir.h"
#include "transport/pipe.h"

struct place {
    struct temp_dir dir;
    char path[128];
    struct kd_diag diag;
};

static void begin(struct place *p)
{
    memset(p, 0, sizeof *p);
    temp_dir_create(&p->dir);
    snprintf(p->path, sizeof p->path, "%s", temp_dir_path(&p->dir, "s"));
}

/* Bind, look, let go. */
static enum kd_status bind_there(struct place *p)
{
    uv_loop_t loop;
    uv_pipe_t pipe;
    enum kd_status st;

    uv_loop_init(&loop);
    uv_pipe_init(&loop, &pipe, 0);
    st = kdt_pipe_bind(&pipe, p->path, &p->diag);
    uv_close((uv_handle_t *)&pipe, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return st;
}

static int listen_there(const struct place *p)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(at.sun_path, p->path); /* NOLINT(*strcpy): it is short */
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void a_name_that_is_free_is_taken_and_given_back(void **state)
{
    struct stat about;
    struct place p;
    mode_t mask = umask(0022);

    (void)state;
    begin(&p);
    assert_int_equal(bind_there(&p), KD_OK);
    assert_int_equal(umask(mask), 0022); /* as it was before */
    assert_int_equal(stat(p.path, &about), -1);
    temp_dir_remove(&p.dir);
}

static void what_a_dead_process_left_is_replaced(void **state)
{
    struct place p;

    (void)state;
    begin(&p);
    close(listen_there(&p));
    assert_int_equal(bind_there(&p), KD_OK);
    temp_dir_remove(&p.dir);
}

static void what_is_alive_or_no_socket_is_left_alone(void **state)
{
    struct stat about;
    struct place p;
    int fd;

    (void)state;
    begin(&p);
    fd = listen_there(&p);
    assert_int_equal(bind_there(&p), KD_ERR_BUSY);
    assert_non_null(strstr(p.diag.text, "another process listens"));
    assert_int_equal(stat(p.path, &about), 0);
    close(fd);
    unlink(p.path);

    temp_dir_write(&p.dir, "s", "precious", 8);
    assert_int_equal(bind_there(&p), KD_ERR_BUSY);
    assert_non_null(strstr(p.diag.text, "is no socket"));
    assert_int_equal(stat(p.path, &about), 0);
    assert_int_equal(about.st_size, 8);
    temp_dir_remove(&p.dir);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct place p;

    (void)state;
    begin(&p);
    snprintf(p.path, sizeof p.path, "%s", temp_dir_path(&p.dir, "no/s"));
    assert_int_equal(bind_there(&p), KD_ERR_IO);
    assert_non_null(strstr(p.diag.text, "no such folder"));
    temp_dir_remove(&p.dir);
}

static void names_are_judged_by_their_text(void **state)
{
    char longest[108] = "/";
    struct kd_diag diag;

    (void)state;
    memset(longest + 1, 'x', 106);
    assert_int_equal(kdt_pipe_check_name("/run/vm/com1.sock", &diag), KD_OK);
    assert_int_equal(kdt_pipe_check_name("com1.sock", &diag), KD_OK);
    assert_int_equal(kdt_pipe_check_name(longest, &diag), KD_OK);
    assert_int_equal(kdt_pipe_check_name("\\\\.\\pipe\\kd", &diag), KD_ERR_USAGE);
    assert_non_null(strstr(diag.text, "unix socket"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_is_free_is_taken_and_given_back),
        cmocka_unit_test(what_a_dead_process_left_is_replaced),
        cmocka_unit_test(what_is_alive_or_no_socket_is_left_alone),
        cmocka_unit_test(a_folder_that_is_not_there_is_told),
        cmocka_unit_test(names_are_judged_by_their_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
