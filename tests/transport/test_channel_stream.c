#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pty.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#include "transport/channel.h"

/* A print of "hi\n", an acknowledgement of 0x80800000: a packet of each kind, byte by byte. */
static const uint8_t print_packet[] = {
    0x30, 0x30, 0x30, 0x30, 3, 0, 19, 0, 0, 0, 0x80, 0x80, 0x40, 1, 0, 0, /* header */
    0x30, 0x32, 0,    0,    0, 0, 0,  0, 3, 0, 0,    0,    0,    0, 0, 0, /* 3 characters */
    'h',  'i',  '\n', 0xAA};
static const uint8_t ack_packet[] = {0x69, 0x69, 0x69, 0x69, 4, 0, 0, 0,
                                     0,    0,    0x80, 0x80, 0, 0, 0, 0};

struct seen { /* what a channel said */
    uv_loop_t loop;
    int master, slave; /* the scripted target speaks at the master */
    struct kdt_channel *channel;
    unsigned count[KDT_CHANNEL_HEARS + 1];
    uint16_t type; /* of the last packet */
    size_t len;
    enum kd_framer_result wish;
    enum kd_status over;
    char text[KD_DIAG_MAX];
};

static void on_event(void *ctx, const struct kdt_channel_event *ev)
{
    struct seen *s = ctx;

    s->count[ev->kind]++;
    if (ev->kind == KDT_CHANNEL_PACKET) {
        s->type = ev->packet.type;
        s->len = ev->packet.len;
    } else if (ev->kind == KDT_CHANNEL_GARBLED) {
        s->wish = ev->wish;
    } else if (ev->kind == KDT_CHANNEL_OVER) {
        s->over = ev->status;
        snprintf(s->text, sizeof s->text, "%s", ev->text);
    }
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

static void turn_for(struct seen *s, unsigned ms)
{
    uv_timer_t tick;
    uint64_t until_ms;

    uv_update_time(&s->loop);
    until_ms = uv_now(&s->loop) + ms;
    uv_timer_init(&s->loop, &tick);
    uv_timer_start(&tick, nothing, 2, 2);
    while (uv_now(&s->loop) < until_ms) {
        uv_run(&s->loop, UV_RUN_ONCE);
        if (uv_now(&s->loop) >= s->channel->verbs->deadline_ms(s->channel))
            s->channel->verbs->tick(s->channel);
    }
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&s->loop, UV_RUN_NOWAIT);
}

static void begin_at(struct seen *s, uint32_t baud)
{
    struct kdt_target_spec spec = {.kind = KDT_LINK_SERIAL, .baud = baud};
    const struct kdt_channel_opts opts = {
        .loop = &s->loop, .spec = &spec, .ctx = s, .on_event = on_event};
    struct termios raw;
    struct kd_diag diag;

    memset(s, 0, sizeof *s);
    uv_loop_init(&s->loop);
    assert_int_equal(openpty(&s->master, &s->slave, spec.place, NULL, NULL), 0);
    tcgetattr(s->slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(s->slave, TCSANOW, &raw);
    if (kdt_channel_stream_open(&opts, &diag, &s->channel) != KD_OK)
        fail_msg("%s", diag.text);
    turn_for(s, 10);
    assert_int_equal(s->count[KDT_CHANNEL_UP], 1);
}

static void begin(struct seen *s)
{
    begin_at(s, 115200);
}

static void finish(struct seen *s)
{
    s->channel->verbs->close(s->channel);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    if (s->master >= 0)
        close(s->master);
    close(s->slave);
}

static void say(struct seen *s, const void *bytes, size_t len)
{
    assert_int_equal(write(s->master, bytes, len), len);
    turn_for(s, 10);
}

static void packets_of_both_kinds_arrive(void **state)
{
    struct seen s;

    (void)state;
    begin(&s);
    say(&s, print_packet, sizeof print_packet);
    assert_int_equal(s.count[KDT_CHANNEL_PACKET], 1);
    assert_int_equal(s.type, KD_PACKET_DEBUG_IO);
    assert_int_equal(s.len, 19);
    say(&s, ack_packet, sizeof ack_packet);
    assert_int_equal(s.count[KDT_CHANNEL_PACKET], 2);
    assert_int_equal(s.type, KD_PACKET_ACKNOWLEDGE);
    assert_int_equal(s.count[KDT_CHANNEL_GARBLED], 0);
    finish(&s);
}

static void a_packet_may_come_in_two_pieces_split_anywhere(void **state)
{
    struct seen s;

    (void)state;
    begin(&s);
    for (size_t at = 1; at < sizeof print_packet; at++) {
        unsigned heard = s.count[KDT_CHANNEL_HEARS];

        say(&s, print_packet, at);
        assert_int_equal(s.count[KDT_CHANNEL_PACKET], at - 1);
        assert_int_equal(s.count[KDT_CHANNEL_HEARS] - heard, at >= 4 ? 1 : 0);
        say(&s, print_packet + at, sizeof print_packet - at);
        assert_int_equal(s.count[KDT_CHANNEL_PACKET], at);
    }
    assert_int_equal(s.count[KDT_CHANNEL_GARBLED], 0);
    finish(&s);
}

static void garbage_around_packets_is_skipped(void **state)
{
    struct seen s;

    (void)state;
    begin(&s);
    say(&s, "\r\nPress any key 00 iii\xff", 24);
    say(&s, print_packet, sizeof print_packet);
    say(&s,
        "b\xaa"
        "000",
        5);
    say(&s, print_packet, sizeof print_packet);
    assert_int_equal(s.count[KDT_CHANNEL_PACKET], 2);
    assert_int_equal(s.count[KDT_CHANNEL_GARBLED], 0);
    finish(&s);
}

static void a_damaged_packet_is_asked_for_again_once(void **state)
{
    uint8_t damaged[sizeof print_packet];
    struct kdt_live_stats stats = {0};
    struct seen s;

    (void)state;
    begin(&s);
    memcpy(damaged, print_packet, sizeof damaged);
    damaged[33] ^= 0x10;
    say(&s, damaged, sizeof damaged);
    assert_int_equal(s.count[KDT_CHANNEL_GARBLED], 1);
    assert_int_equal(s.wish, KD_FRAMER_RESEND);
    assert_int_equal(s.count[KDT_CHANNEL_PACKET], 0);
    say(&s, print_packet, sizeof print_packet);
    assert_int_equal(s.count[KDT_CHANNEL_PACKET], 1);
    s.channel->verbs->add_stats(s.channel, &stats);
    assert_int_equal(stats.garbled, 1);
    assert_int_equal(stats.bytes_received, 2 * sizeof print_packet);
    finish(&s);
}

static void the_rest_of_a_packet_that_never_comes_is_noticed_by_the_clock(void **state)
{
    struct seen s;

    (void)state;
    begin(&s);
    say(&s, print_packet, 20);
    assert_int_equal(s.count[KDT_CHANNEL_GARBLED], 0);
    turn_for(&s, KD_FRAMER_SILENCE_MS + 50);
    assert_int_equal(s.count[KDT_CHANNEL_GARBLED], 1);
    finish(&s);
}

static void damage_without_end_leads_to_a_reset(void **state)
{
    uint8_t damaged[sizeof print_packet];
    struct seen s;

    (void)state;
    begin(&s);
    memcpy(damaged, print_packet, sizeof damaged);
    damaged[33] ^= 0x10;
    for (int i = 0; i < KD_FRAMER_RESENDS_MAX; i++)
        say(&s, damaged, sizeof damaged);
    assert_int_equal(s.wish, KD_FRAMER_RESEND);
    say(&s, damaged, sizeof damaged);
    assert_int_equal(s.wish, KD_FRAMER_RESET);
    finish(&s);
}

static void what_is_sent_goes_out_as_it_is(void **state)
{
    uint8_t back[64];
    struct seen s;

    (void)state;
    begin(&s);
    s.channel->verbs->send(s.channel, (struct kd_span){(const uint8_t *)"b", 1});
    s.channel->verbs->send(s.channel, (struct kd_span){ack_packet, sizeof ack_packet});
    turn_for(&s, 10);
    assert_int_equal(read(s.master, back, sizeof back), 1 + sizeof ack_packet);
    assert_int_equal(back[0], 'b');
    assert_memory_equal(back + 1, ack_packet, sizeof ack_packet);
    assert_false(s.channel->verbs->drop(s.channel)); /* a line has nothing to begin anew */
    finish(&s);
}

static void time_that_is_up_is_explained_by_what_was_heard(void **state)
{
    struct kd_diag diag;
    struct seen s;

    (void)state;
    begin(&s);
    assert_int_equal(s.channel->verbs->explain(s.channel, 3, &diag), KD_ERR_TIMEOUT);
    assert_non_null(strstr(diag.text, "nothing arrived from /dev/pts/"));
    assert_non_null(strstr(diag.text, "baud rate"));
    say(&s, "\xf8\x80\x78", 3);
    s.channel->verbs->explain(s.channel, 3, &diag);
    assert_non_null(strstr(diag.text, "3 bytes arrived from /dev/pts/"));
    assert_non_null(strstr(diag.text, "another baud rate"));
    say(&s, print_packet, sizeof print_packet);
    s.channel->verbs->explain(s.channel, 3, &diag);
    assert_non_null(strstr(diag.text, "a target speaks on /dev/pts/"));
    finish(&s);
}

static void a_line_that_is_gone_is_over(void **state)
{
    struct seen s;

    (void)state;
    begin(&s);
    close(s.master);
    s.master = -1;
    turn_for(&s, 50);
    assert_int_equal(s.count[KDT_CHANNEL_OVER], 1);
    assert_int_equal(s.over, KD_ERR_IO);
    assert_non_null(strstr(s.text, "/dev/pts/"));
    finish(&s);
}

static void a_slow_line_is_read_in_smaller_pieces(void **state)
{
    static const struct {
        uint32_t baud, bytes_per_second, read_max;
    } cases[] = {{110, 11, 512}, {9600, 960, 1920}, {115200, 11520, 3944}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen s;

        begin_at(&s, cases[i].baud);
        assert_int_equal(s.channel->dialect, KD_DIALECT_STREAM);
        assert_int_equal(s.channel->bytes_per_second, cases[i].bytes_per_second);
        assert_int_equal(s.channel->read_max, cases[i].read_max);
        finish(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_of_both_kinds_arrive),
        cmocka_unit_test(a_packet_may_come_in_two_pieces_split_anywhere),
        cmocka_unit_test(garbage_around_packets_is_skipped),
        cmocka_unit_test(a_damaged_packet_is_asked_for_again_once),
        cmocka_unit_test(the_rest_of_a_packet_that_never_comes_is_noticed_by_the_clock),
        cmocka_unit_test(damage_without_end_leads_to_a_reset),
        cmocka_unit_test(what_is_sent_goes_out_as_it_is),
        cmocka_unit_test(time_that_is_up_is_explained_by_what_was_heard),
        cmocka_unit_test(a_line_that_is_gone_is_over),
        cmocka_unit_test(a_slow_line_is_read_in_smaller_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
