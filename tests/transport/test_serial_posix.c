#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "support/temp_dir.h"
#include "transport/serial.h"

struct line { /* a terminal pair: the master is the cable's other end */
    uv_loop_t loop;
    int master, slave;
    char name[64];
    union kdt_stream_handle handle;
    struct kdt_serial *serial;
    struct kd_diag diag;
    size_t len;
    char bytes[64];
    int error; /* of reading */
};

static void begin(struct line *l)
{
    struct termios cooked;

    memset(l, 0, sizeof *l);
    uv_loop_init(&l->loop);
    assert_int_equal(openpty(&l->master, &l->slave, l->name, NULL, NULL), 0);
    assert_int_equal(tcgetattr(l->slave, &cooked), 0);
    assert_true(cooked.c_lflag & ICANON); /* as a terminal is before anybody cares */
}

static enum kd_status open_at(struct line *l, uint32_t baud)
{
    l->serial = NULL;
    return kdt_serial_open(l->name, baud, &l->loop, &l->handle, &l->diag, &l->serial);
}

static void end(struct line *l)
{
    kdt_serial_close(l->serial);
    uv_close(&l->handle.handle, NULL);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&l->loop), 0);
    if (l->master >= 0)
        close(l->master);
    close(l->slave);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char bytes[64];

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct line *l = stream->data;

    if (len < 0) {
        l->error = (int)len;
        uv_read_stop(stream);
    } else if (l->len + (size_t)len <= sizeof l->bytes) {
        memcpy(l->bytes + l->len, buf->base, (size_t)len);
        l->len += (size_t)len;
    }
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

static void turn_until(struct line *l, size_t len, bool is_error_wanted)
{
    uv_timer_t tick;
    uint64_t until_ms = uv_now(&l->loop) + 3000;

    uv_timer_init(&l->loop, &tick);
    uv_timer_start(&tick, nothing, 5, 5);
    while (l->len < len && !(is_error_wanted && l->error) && uv_now(&l->loop) < until_ms)
        uv_run(&l->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&l->loop, UV_RUN_NOWAIT);
}

static void start_reading(struct line *l)
{
    l->handle.handle.data = l;
    assert_int_equal(uv_read_start(&l->handle.stream, give_buffer, on_read), 0);
}

static void every_byte_passes_unchanged_both_ways(void **state)
{
    static const char all[] = "\x03\x04\x11\x13\r\n\x1a\x7f\xff\xff\0b\xaa";
    char bytes[sizeof all];
    uv_buf_t out = uv_buf_init(bytes, sizeof bytes);
    struct line l;
    char back[sizeof all];

    (void)state;
    memcpy(bytes, all, sizeof bytes);
    begin(&l);
    assert_int_equal(open_at(&l, 115200), KD_OK);
    start_reading(&l);
    assert_int_equal(write(l.master, all, sizeof all), sizeof all);
    turn_until(&l, sizeof all, false);
    assert_int_equal(l.len, sizeof all);
    assert_memory_equal(l.bytes, all, sizeof all);
    assert_int_equal(uv_try_write(&l.handle.stream, &out, 1), sizeof all);
    assert_int_equal(read(l.master, back, sizeof back), sizeof all); /* and no echo of the other */
    assert_memory_equal(back, all, sizeof all);
    end(&l);
}

static void the_line_is_raw_and_gets_its_settings_back(void **state)
{
    struct termios before, during, after;
    struct line l;

    (void)state;
    begin(&l);
    assert_int_equal(tcgetattr(l.slave, &before), 0);
    assert_int_equal(open_at(&l, 9600), KD_OK);
    assert_int_equal(tcgetattr(l.slave, &during), 0);
    assert_int_equal(during.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), 0);
    assert_int_equal(during.c_iflag & (IXON | IXOFF | ICRNL | ISTRIP | INPCK), 0);
    assert_int_equal(during.c_oflag & OPOST, 0);
    assert_int_equal(during.c_cflag & (CSIZE | PARENB), CS8);
    assert_int_equal(during.c_cflag & (CSTOPB | CRTSCTS | HUPCL), 0);
    assert_int_equal(during.c_cflag & (CLOCAL | CREAD), CLOCAL | CREAD);
    assert_int_equal(cfgetospeed(&during), B9600);
    assert_int_equal(cfgetispeed(&during), B9600);
    kdt_serial_close(l.serial);
    l.serial = NULL;
    assert_int_equal(tcgetattr(l.slave, &after), 0);
    assert_int_equal(after.c_lflag, before.c_lflag);
    assert_int_equal(after.c_iflag, before.c_iflag);
    assert_int_equal(after.c_oflag, before.c_oflag);
    assert_int_equal(after.c_cflag, before.c_cflag & ~(unsigned)HUPCL); /* DTR must not drop */
    assert_int_equal(cfgetospeed(&after), cfgetospeed(&before));
    end(&l);
}

static void what_arrived_before_is_discarded(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    assert_int_equal(write(l.master, "stale\n", 6), 6);
    assert_int_equal(open_at(&l, 115200), KD_OK);
    start_reading(&l);
    assert_int_equal(write(l.master, "fresh", 5), 5);
    turn_until(&l, 5, false);
    assert_int_equal(l.len, 5);
    assert_memory_equal(l.bytes, "fresh", 5);
    end(&l);
}

static void a_port_in_use_is_refused_with_advice(void **state)
{
    struct line l;
    union kdt_stream_handle other;
    struct kdt_serial *serial = NULL;

    (void)state;
    begin(&l);
    assert_int_equal(open_at(&l, 115200), KD_OK);
    assert_int_equal(kdt_serial_open(l.name, 115200, &l.loop, &other, &l.diag, &serial),
                     KD_ERR_BUSY);
    assert_null(serial);
    assert_non_null(strstr(l.diag.text, "in use by another program"));
    uv_close(&other.handle, NULL);
    end(&l);
}

/* Root may open what is exclusive, so the flag itself is looked at. */
static void a_pseudo_terminal_is_not_left_closed_by_whoever_is_killed(void **state)
{
    struct line l;
    int is_exclusive = -1;

    (void)state;
    begin(&l);
    assert_int_equal(open_at(&l, 115200), KD_OK);
    assert_int_equal(ioctl(l.slave, TIOCGEXCL, &is_exclusive), 0);
    assert_int_equal(is_exclusive, 0);
    end(&l);
}

static void a_socket_leads_to_the_right_link(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct temp_dir dir;
    struct line l;

    (void)state;
    begin(&l);
    temp_dir_create(&dir);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", temp_dir_path(&dir, "s"));
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(kdt_serial_open(at.sun_path, 115200, &l.loop, &l.handle, &l.diag, &l.serial),
                     KD_ERR_USAGE);
    assert_non_null(strstr(l.diag.text, "com:pipe,port="));
    close(fd);
    end(&l);
    temp_dir_remove(&dir);
}

static void a_port_is_free_again_after_it_was_closed(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    for (int i = 0; i < 3; i++) {
        if (open_at(&l, 115200) != KD_OK)
            fail_msg("%s", l.diag.text);
        if (i == 2)
            break;
        kdt_serial_close(l.serial);
        uv_close(&l.handle.handle, NULL);
        uv_run(&l.loop, UV_RUN_DEFAULT);
    }
    end(&l);
}

static void what_is_no_port_is_refused(void **state)
{
    static const struct {
        const char *name;
        enum kd_status expected;
        const char *mentioned;
    } cases[] = {
        {"/dev/null", KD_ERR_USAGE, "is no serial port"},
        {"/no/such/port", KD_ERR_NOT_FOUND, "there is no /no/such/port"},
        {"/", KD_ERR_IO, "opening /"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line l;

        begin(&l);
        strcpy(l.name, cases[i].name); /* NOLINT(*strcpy): all are short */
        if (open_at(&l, 115200) != cases[i].expected || !strstr(l.diag.text, cases[i].mentioned))
            fail_msg("%s: \"%s\"", cases[i].name, l.diag.text);
        assert_null(l.serial);
        end(&l);
    }
}

static void no_permission_leads_to_the_group(void **state)
{
    struct line l;

    (void)state;
    if (geteuid() == 0) {
        print_message("skipped: root may open everything\n");
        skip();
    }
    begin(&l);
    assert_int_equal(chmod(l.name, 0), 0);
    assert_int_equal(open_at(&l, 115200), KD_ERR_IO);
    assert_non_null(strstr(l.diag.text, "dialout"));
    end(&l);
}

static void a_cable_that_is_pulled_out_is_an_error_of_reading(void **state)
{
    struct line l;

    (void)state;
    begin(&l);
    assert_int_equal(open_at(&l, 115200), KD_OK);
    start_reading(&l);
    close(l.master);
    l.master = -1;
    turn_until(&l, 1, true);
    assert_true(l.error == UV_EIO || l.error == UV_EOF);
    end(&l);
}

static void names_and_rates_are_judged_by_their_text(void **state)
{
    struct kd_diag diag;

    (void)state;
    assert_int_equal(kdt_serial_check_name("/dev/ttyS0", &diag), KD_OK);
    assert_int_equal(kdt_serial_check_name("./ttyS0", &diag), KD_OK);
    assert_int_equal(kdt_serial_check_name("COM3", &diag), KD_ERR_USAGE);
    assert_non_null(strstr(diag.text, "/dev/ttyS0"));
    assert_int_equal(kdt_serial_check_baud(115200, &diag), KD_OK);
    assert_int_equal(kdt_serial_check_baud(115201, &diag), KD_ERR_USAGE);
    assert_non_null(strstr(diag.text, "57600, 115200, 230400"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_passes_unchanged_both_ways),
        cmocka_unit_test(the_line_is_raw_and_gets_its_settings_back),
        cmocka_unit_test(what_arrived_before_is_discarded),
        cmocka_unit_test(a_port_in_use_is_refused_with_advice),
        cmocka_unit_test(a_pseudo_terminal_is_not_left_closed_by_whoever_is_killed),
        cmocka_unit_test(a_socket_leads_to_the_right_link),
        cmocka_unit_test(a_port_is_free_again_after_it_was_closed),
        cmocka_unit_test(what_is_no_port_is_refused),
        cmocka_unit_test(no_permission_leads_to_the_group),
        cmocka_unit_test(a_cable_that_is_pulled_out_is_an_error_of_reading),
        cmocka_unit_test(names_and_rates_are_judged_by_their_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
