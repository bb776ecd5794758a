#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <uv.h>

#include "support/fake_target.h"
#include "support/free_port.h"
#include "transport/channel.h"

enum { PATIENCE_MS = 12000 };

struct seen { /* what a channel said, and when */
    uv_loop_t loop;
    struct kdt_channel *channel;
    unsigned count[KDT_CHANNEL_HEARS + 1];
    uint64_t at_ms[KDT_CHANNEL_HEARS + 1];
    bool was_new_boot;
    enum kd_status over;
    char text[KD_DIAG_MAX];
};

static void on_event(void *ctx, const struct kdt_channel_event *ev)
{
    struct seen *s = ctx;

    s->count[ev->kind]++;
    s->at_ms[ev->kind] = uv_now(&s->loop);
    s->was_new_boot = s->was_new_boot || ev->is_new_boot;
    if (ev->kind != KDT_CHANNEL_OVER)
        return;
    s->over = ev->status;
    strcpy(s->text, ev->text); /* NOLINT(*strcpy): both are KD_DIAG_MAX at most */
}

static uint16_t open_channel(struct seen *s, const char *key)
{
    struct kdt_target_spec spec = {.kind = KDT_LINK_NET, .port = free_port()};
    const struct kdt_channel_opts opts = {
        .loop = &s->loop, .spec = &spec, .ctx = s, .on_event = on_event};
    struct kd_diag diag;

    memset(s, 0, sizeof *s);
    uv_loop_init(&s->loop);
    assert_int_equal(kdt_target_spec_set_key(&spec, key, strlen(key), NULL), KD_OK);
    if (kdt_channel_net_open(&opts, &diag, &s->channel) != KD_OK)
        fail_msg("%s", diag.text);
    kdt_target_spec_wipe(&spec);
    return spec.port;
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

/* Turn the loop until an event of that kind was seen, or patience ends. */
static void await(struct seen *s, enum kdt_channel_event_kind kind)
{
    uint64_t until_ms = uv_now(&s->loop) + PATIENCE_MS;
    uv_timer_t tick;

    uv_timer_init(&s->loop, &tick);
    uv_timer_start(&tick, nothing, 10, 10);
    while (!s->count[kind] && uv_now(&s->loop) < until_ms) {
        uv_run(&s->loop, UV_RUN_ONCE);
        if (uv_now(&s->loop) >= s->channel->verbs->deadline_ms(s->channel))
            s->channel->verbs->tick(s->channel);
    }
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&s->loop, UV_RUN_NOWAIT);
}

static void finish(struct seen *s)
{
    s->channel->verbs->close(s->channel);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0); /* nothing of the channel is left in it */
}

static void a_target_calls_then_packets_go_both_ways(void **state)
{
    static const uint8_t reset[16] = {0x69, 0x69, 0x69, 0x69, 6, [11] = 0x80};
    struct fake_target_opts target = {.key = "1.2.3.4", .is_halted = true};
    struct kdt_live_stats stats = {0};
    struct fake_target *t;
    struct seen s;

    (void)state;
    target.host_port = open_channel(&s, "1.2.3.4");
    assert_int_equal(s.channel->dialect, KD_DIALECT_KDNET);
    assert_int_equal(s.channel->waiting, KDT_PROGRESS_LISTENING);
    t = fake_target_start(&target);
    assert_non_null(t);
    await(&s, KDT_CHANNEL_UP);
    assert_int_equal(s.count[KDT_CHANNEL_CALLED], 1);
    assert_int_equal(s.count[KDT_CHANNEL_UP], 1);
    assert_false(s.was_new_boot); /* the first that is met may be any */
    s.channel->verbs->send(s.channel, (struct kd_span){reset, sizeof reset});
    s.count[KDT_CHANNEL_PACKET] = 0;
    await(&s, KDT_CHANNEL_PACKET);
    assert_true(s.count[KDT_CHANNEL_PACKET] >= 1);
    s.channel->verbs->add_stats(s.channel, &stats);
    assert_true(stats.datagrams_sent >= 2 && stats.datagrams_received >= 3);
    assert_true(stats.bytes_sent > 358 && stats.bytes_received > 374);
    assert_int_equal(stats.refused, 0);
    finish(&s);
    fake_target_stop(t);
}

static void a_wrong_key_is_a_verdict_after_a_while(void **state)
{
    struct fake_target_opts target = {.key = "1.2.3.5"};
    struct fake_target *t;
    struct seen s;
    uint64_t begin_ms;

    (void)state;
    target.host_port = open_channel(&s, "1.2.3.4");
    t = fake_target_start(&target);
    assert_non_null(t);
    begin_ms = uv_now(&s.loop);
    await(&s, KDT_CHANNEL_OVER);
    assert_int_equal(s.count[KDT_CHANNEL_OVER], 1);
    assert_int_equal(s.over, KD_ERR_AUTH);
    assert_non_null(strstr(s.text, "do not verify with this key"));
    assert_true(s.at_ms[KDT_CHANNEL_OVER] - begin_ms >= 3500);
    assert_int_equal(s.count[KDT_CHANNEL_CALLED], 0);
    finish(&s);
    fake_target_stop(t);
}

static void a_dropped_target_is_linked_anew_when_it_calls(void **state)
{
    struct fake_target_opts target = {.key = "1.2.3.4"};
    struct fake_target *t;
    struct seen s;

    (void)state;
    target.host_port = open_channel(&s, "1.2.3.4");
    t = fake_target_start(&target);
    assert_non_null(t);
    await(&s, KDT_CHANNEL_UP);
    assert_true(s.channel->verbs->drop(s.channel));
    s.count[KDT_CHANNEL_UP] = 0;
    await(&s, KDT_CHANNEL_UP);
    assert_int_equal(s.count[KDT_CHANNEL_UP], 1);
    assert_false(s.was_new_boot); /* the same boot goes on */
    finish(&s);
    fake_target_stop(t);
}

static void time_that_is_up_is_explained_by_what_was_seen(void **state)
{
    struct fake_target_opts target = {.key = "1.2.3.4", .is_deaf = true};
    struct fake_target *t;
    struct kd_diag diag;
    struct seen s;

    (void)state;
    target.host_port = open_channel(&s, "1.2.3.4");
    assert_int_equal(s.channel->verbs->explain(s.channel, 3, &diag), KD_ERR_TIMEOUT);
    assert_non_null(strstr(diag.text, "no target called"));
    t = fake_target_start(&target);
    assert_non_null(t);
    await(&s, KDT_CHANNEL_CALLED);
    assert_int_equal(s.channel->verbs->explain(s.channel, 3, &diag), KD_ERR_TIMEOUT);
    assert_non_null(strstr(diag.text, "was answered"));
    finish(&s);
    fake_target_stop(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_calls_then_packets_go_both_ways),
        cmocka_unit_test(a_wrong_key_is_a_verdict_after_a_while),
        cmocka_unit_test(a_dropped_target_is_linked_anew_when_it_calls),
        cmocka_unit_test(time_that_is_up_is_explained_by_what_was_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
