/* What packets mean, by recordings written packet by packet. Ids are those of KDNET (0, 2, 4 ... of the
 * target, 0x80000000 and on of the host) or of streams (0x80800000 and bit 0; SYNC when it began). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/recorded_scene.h"

#define H    0x80000000u
#define S    0x80800000u
#define SYNC 0x80800800u
#define PC   UINT64_C(0xfffff80000001000)

static int start_net(void **state)
{
    int failed = recorded_scene_start(state);

    scene_link(*state);
    return failed;
}

static int start_stream(void **state)
{
    int failed = recorded_scene_start(state);

    ((struct recorded_scene *)*state)->is_stream = true;
    return failed;
}

static void print(struct recorded_scene *s, uint32_t id, const char *text)
{
    scene_packet(s, false, KD_PACKET_DEBUG_IO, id, text, strlen(text));
}

static void control(struct recorded_scene *s, bool from_host, uint16_t type, uint32_t id)
{
    scene_packet(s, from_host, type, id, NULL, 0);
}

static void ask(struct recorded_scene *s, uint32_t id, uint32_t api)
{
    const struct kd_manipulate m = scene_of(api);

    scene_asks(s, id, &m);
}

static void ask_read(struct recorded_scene *s, uint32_t id, uint64_t va)
{
    const struct kd_manipulate m = scene_read(va, 4, 0, NULL);

    scene_asks(s, id, &m);
}

static void answer_read(struct recorded_scene *s, uint32_t id, uint64_t va)
{
    const struct kd_manipulate m = scene_read(va, 4, 4, "data");

    scene_answers(s, id, &m);
}

static void answer_version(struct recorded_scene *s, uint32_t id, uint16_t build,
                           uint64_t kernel_base_va)
{
    const struct kd_manipulate m = scene_version(build, kernel_base_va);

    scene_answers(s, id, &m);
}

static bool next_is_repeat(struct recorded_scene *s)
{
    return scene_next_data(s).is_repeat;
}

static bool next_is_new_stop(struct recorded_scene *s)
{
    struct kdt_record rec = scene_next_data(s);

    assert_true(rec.has_state_change);
    return rec.is_new_stop;
}

static bool next_is_new_boot(struct recorded_scene *s)
{
    struct kdt_record rec = scene_next_data(s);

    assert_int_equal(rec.manipulate.api, KD_API_GET_VERSION);
    return rec.is_new_boot;
}

/* ---- repeats ---- */

static void a_packet_is_repeated_under_its_id_before_anything_new(void **state)
{
    struct recorded_scene *s = *state;

    print(s, 0, "a");
    print(s, 0, "a");
    print(s, 2, "a"); /* the same text, said anew */
    print(s, 4, "b");
    print(s, 4, "c"); /* another that took its id */
    print(s, 2, "a");
    scene_open(s);
    assert_false(next_is_repeat(s));
    assert_true(next_is_repeat(s));
    for (int i = 0; i < 4; i++)
        assert_false(next_is_repeat(s));
}

static void each_end_repeats_itself_alone(void **state)
{
    struct recorded_scene *s = *state;

    scene_packet(s, true, KD_PACKET_DEBUG_IO, 0, "a", 1);
    print(s, 0, "a");
    control(s, true, KD_PACKET_RESEND, 0);
    control(s, true, KD_PACKET_RESEND, 0);
    scene_packet(s, true, KD_PACKET_DEBUG_IO, 0, "a", 1);
    scene_open(s);
    assert_false(next_is_repeat(s));
    assert_false(next_is_repeat(s));
    assert_false(scene_next(s, KDT_RECORD_PACKET).is_repeat); /* control packets never are */
    assert_false(scene_next(s, KDT_RECORD_PACKET).is_repeat);
    assert_true(next_is_repeat(s));
}

static void a_streams_ids_begin_anew_behind_a_reset(void **state)
{
    struct recorded_scene *s = *state;

    print(s, S + 1, "a");
    print(s, S, "a");
    control(s, true, KD_PACKET_RESET, 0);
    print(s, S + 1, "a");
    print(s, S, "a");
    control(s, true, KD_PACKET_RESET, 0);
    print(s, S, "b");
    scene_open(s);
    assert_false(next_is_repeat(s));
    assert_false(next_is_repeat(s));
    assert_true(next_is_repeat(s)); /* under another id, behind the RESET */
    assert_false(next_is_repeat(s));
    assert_false(next_is_repeat(s));
}

static void a_stream_repeats_its_first_packet_without_the_sync_bit(void **state)
{
    struct recorded_scene *s = *state;

    print(s, SYNC, "a");
    print(s, SYNC, "a");
    print(s, S, "a");
    scene_open(s);
    assert_false(next_is_repeat(s));
    assert_true(next_is_repeat(s));
    assert_true(next_is_repeat(s));
}

static void kdnets_ids_outlive_a_reset(void **state)
{
    struct recorded_scene *s = *state;

    print(s, 0, "a");
    control(s, true, KD_PACKET_RESET, H);
    print(s, 0, "a");
    print(s, 2, "a");
    scene_open(s);
    assert_false(next_is_repeat(s));
    assert_true(next_is_repeat(s));
    assert_false(next_is_repeat(s));
}

/* ---- answers ---- */

static void an_answer_knows_when_it_was_asked_for_first(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record asked, rec;

    ask_read(s, H, 0x1000);
    ask_read(s, H, 0x1000);     /* said again */
    ask_read(s, H + 2, 0x1000); /* and asked anew: no reply came */
    answer_read(s, 0, 0x1000);
    answer_read(s, 0, 0x1000);
    ask_read(s, H + 4, 0x1000); /* the same question, but the first one was answered */
    answer_read(s, 2, 0x1000);
    scene_open(s);
    asked = scene_next_data(s);
    assert_true(next_is_repeat(s));
    assert_false(next_is_repeat(s));
    rec = scene_next_data(s);
    assert_true(rec.is_answer && rec.asked_ns == asked.time_ns);
    rec = scene_next_data(s);
    assert_false(rec.is_answer);
    assert_true(rec.is_repeat);
    asked = scene_next_data(s);
    rec = scene_next_data(s);
    assert_true(rec.is_answer && rec.asked_ns == asked.time_ns);
}

static void a_reply_to_something_else_is_no_answer(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record asked, rec;

    answer_read(s, 0, 0x1000); /* to nobody */
    ask_read(s, H, 0x2000);
    ask_read(s, H + 2, 0x3000);
    answer_read(s, 2, 0x2000); /* late */
    answer_read(s, 4, 0x3000);
    scene_open(s);
    assert_false(scene_next_data(s).is_answer);
    scene_next_data(s);
    asked = scene_next_data(s);
    assert_false(scene_next_data(s).is_answer);
    rec = scene_next_data(s);
    assert_true(rec.is_answer && rec.asked_ns == asked.time_ns);
}

static void nothing_answers_what_was_asked_before_a_continue(void **state)
{
    struct recorded_scene *s = *state;

    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    ask_read(s, H, 0x1000);
    ask(s, H + 2, KD_API_CONTINUE);
    answer_read(s, 2, 0x1000);
    scene_open(s);
    scene_next_data(s);
    scene_next_data(s);
    scene_next_data(s);
    assert_false(scene_next_data(s).is_answer);
}

static void what_is_no_manipulate_packet_is_none(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    scene_packet(s, true, KD_PACKET_STATE_MANIPULATE, H, "too short", 9);
    scene_packet(s, false, KD_PACKET_STATE_CHANGE64, 0, "too short", 9);
    scene_packet(s, true, KD_PACKET_STATE_CHANGE64, H + 2, "of a host", 9);
    scene_open(s);
    assert_false(scene_next_data(s).has_manipulate);
    rec = scene_next_data(s);
    assert_false(rec.has_state_change || rec.is_new_stop);
    assert_false(scene_next_data(s).has_state_change);
    assert_int_equal(scene_counts(s).stops, 0);
}

/* ---- stops ---- */

static void a_stop_lasts_from_its_state_change_to_the_continue(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    print(s, 0, "running");
    scene_state(s, 2, KD_STATE_EXCEPTION, PC);
    ask_read(s, H, 0x1000);
    ask(s, H + 2, KD_API_CONTINUE);
    ask(s, H + 2, KD_API_CONTINUE);
    print(s, 4, "running");
    scene_state(s, 6, KD_STATE_EXCEPTION, PC);
    scene_open(s);
    assert_int_equal(scene_next_data(s).stop, 0);
    rec = scene_next_data(s);
    assert_true(rec.is_new_stop && rec.stop == 1);
    assert_int_equal(scene_next_data(s).stop, 1);
    rec = scene_next_data(s);
    assert_true(rec.ends_stop && rec.stop == 1);
    rec = scene_next_data(s);
    assert_true(rec.is_repeat && !rec.ends_stop && rec.stop == 0);
    assert_int_equal(scene_next_data(s).stop, 0);
    rec = scene_next_data(s);
    assert_true(rec.is_new_stop && rec.stop == 2); /* where it was before */
    assert_int_equal(scene_counts(s).stops, 2);
}

static void a_state_change_that_is_said_again_is_the_same_stop(void **state)
{
    struct recorded_scene *s = *state;

    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    scene_state(s, 0, KD_STATE_EXCEPTION, PC); /* not acknowledged */
    ask_read(s, H, 0x1000);
    answer_read(s, 2, 0x1000);
    scene_state(s, 4, KD_STATE_EXCEPTION, PC); /* asked for by RESEND */
    scene_open(s);
    assert_true(next_is_new_stop(s));
    assert_false(next_is_new_stop(s));
    scene_next_data(s);
    scene_next_data(s);
    assert_false(next_is_new_stop(s));
}

static void another_state_change_tells_of_a_continue_that_was_not_captured(void **state)
{
    struct recorded_scene *s = *state;

    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    scene_state(s, 2, KD_STATE_EXCEPTION, PC + 1);
    scene_state(s, 4, KD_STATE_LOAD_SYMBOLS, PC + 1);
    scene_open(s);
    for (unsigned stop = 1; stop <= 3; stop++) {
        struct kdt_record rec = scene_next_data(s);

        assert_true(rec.is_new_stop && rec.stop == stop);
    }
}

static void each_request_that_lets_go_ends_a_stop(void **state)
{
    static const uint32_t apis[] = {KD_API_CONTINUE, KD_API_CONTINUE2, KD_API_REBOOT,
                                    KD_API_CAUSE_BUGCHECK};
    struct recorded_scene *s = *state;

    for (uint32_t i = 0; i < 4; i++) {
        scene_state(s, 2 * i, KD_STATE_EXCEPTION, PC);
        ask(s, H + 2 * i, apis[i]);
    }
    scene_open(s);
    for (unsigned stop = 1; stop <= 4; stop++) {
        struct kdt_record rec;

        assert_true(next_is_new_stop(s));
        rec = scene_next_data(s);
        assert_true(rec.ends_stop && rec.stop == stop);
    }
}

static void a_continue_where_nothing_stood_ends_nothing(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    ask(s, H, KD_API_CONTINUE);
    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    scene_state(s, 2, KD_STATE_EXCEPTION, PC);
    scene_open(s);
    rec = scene_next_data(s);
    assert_false(rec.ends_stop);
    assert_int_equal(rec.stop, 0);
    assert_true(next_is_new_stop(s));
    assert_false(next_is_new_stop(s));
}

/* The acknowledgement and the Continue were lost: the target repeats itself, and so does the host. */
static void a_stop_whose_continue_was_lost_goes_on(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    scene_state(s, 0, KD_STATE_LOAD_SYMBOLS, PC);
    ask(s, H, KD_API_CONTINUE);
    scene_state(s, 0, KD_STATE_LOAD_SYMBOLS, PC);
    ask(s, H, KD_API_CONTINUE);
    scene_state(s, 2, KD_STATE_LOAD_SYMBOLS, PC);
    scene_open(s);
    assert_true(next_is_new_stop(s));
    assert_true(scene_next_data(s).ends_stop);
    rec = scene_next_data(s);
    assert_false(rec.is_new_stop);
    assert_int_equal(rec.stop, 1);
    rec = scene_next_data(s);
    assert_true(rec.is_repeat && rec.ends_stop && rec.stop == 1);
    rec = scene_next_data(s);
    assert_true(rec.is_new_stop && rec.stop == 2);
}

/* The repetition crossed the Continue, which did arrive: what comes next is another stop, though it
 * looks the same. */
static void after_a_doubtful_continue_a_new_state_change_is_a_new_stop(void **state)
{
    struct recorded_scene *s = *state;

    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    ask(s, H, KD_API_CONTINUE);
    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    scene_state(s, 2, KD_STATE_EXCEPTION, PC);
    scene_state(s, 4, KD_STATE_EXCEPTION, PC);
    scene_open(s);
    assert_true(next_is_new_stop(s));
    scene_next_data(s);
    assert_false(next_is_new_stop(s));
    assert_true(next_is_new_stop(s));
    assert_false(next_is_new_stop(s));
}

static void another_processor_is_the_same_stop(void **state)
{
    struct recorded_scene *s = *state;

    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    ask(s, H, KD_API_SWITCH_PROCESSOR);
    scene_state(s, 2, KD_STATE_EXCEPTION, PC + 0x100);
    scene_state(s, 4, KD_STATE_EXCEPTION, PC + 0x200); /* nobody asked for that one */
    scene_open(s);
    assert_true(next_is_new_stop(s));
    assert_false(scene_next_data(s).ends_stop);
    assert_false(next_is_new_stop(s));
    assert_true(next_is_new_stop(s));
}

/* ---- boots ---- */

static void a_boot_begins_with_the_first_version_and_with_another_kernel(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate refused = scene_version(1, 1);
    struct kdt_record rec;

    refused.status = 0xC0000001;
    print(s, 0, "before");
    scene_answers(s, 2, &refused);
    answer_version(s, 4, 9600, PC);
    answer_version(s, 6, 9600, PC);
    answer_version(s, 8, 9600, PC + 0x1000);
    answer_version(s, 10, 9601, PC + 0x1000);
    scene_open(s);
    assert_int_equal(scene_next_data(s).boot, 0);
    assert_false(next_is_new_boot(s));
    rec = scene_next_data(s);
    assert_true(rec.is_new_boot && rec.boot == 1);
    assert_false(next_is_new_boot(s));
    assert_true(next_is_new_boot(s));
    rec = scene_next_data(s);
    assert_true(rec.is_new_boot && rec.boot == 3);
    assert_int_equal(scene_counts(s).boots, 3);
}

static void stop_then_version(struct recorded_scene *s)
{
    scene_state(s, 0, KD_STATE_EXCEPTION, PC);
    answer_version(s, 2, 9600, PC);
}

static void expect_boot(struct recorded_scene *s, bool is_new)
{
    assert_int_equal(next_is_new_stop(s), is_new);
    assert_int_equal(next_is_new_boot(s), is_new);
}

static void a_handshake_with_another_part_b_is_a_restart(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    stop_then_version(s);
    scene_link(s); /* the host began anew, the target did not */
    stop_then_version(s);
    s->poke.nonce_b[23] ^= 1;
    scene_poke(s); /* not answered: it may be a replay */
    answer_version(s, 4, 9600, PC);
    scene_link(s);
    stop_then_version(s);
    scene_open(s);
    expect_boot(s, true);
    expect_boot(s, false);
    assert_false(next_is_new_boot(s));
    rec = scene_next_data(s);
    assert_true(rec.is_new_stop && !rec.is_repeat);
    assert_int_equal(rec.stop, 2);
    assert_int_equal(rec.boot, 1); /* it is not told yet what this is */
    assert_int_equal(rec.restarts, 1);
    assert_true(next_is_new_boot(s));
}

static void a_handshake_with_a_lower_part_a_is_a_restored_snapshot(void **state)
{
    struct recorded_scene *s = *state;

    stop_then_version(s);
    s->poke.nonce_a -= 100;
    scene_link(s);
    stop_then_version(s);
    scene_link(s);
    stop_then_version(s);
    scene_open(s);
    expect_boot(s, true);
    expect_boot(s, true);
    expect_boot(s, false);
}

static void a_sync_bit_after_packets_without_it_is_a_restart(void **state)
{
    struct recorded_scene *s = *state;

    scene_state(s, SYNC, KD_STATE_EXCEPTION, PC);
    control(s, true, KD_PACKET_RESET, 0);
    scene_state(s, S, KD_STATE_EXCEPTION, PC); /* the same, without it */
    answer_version(s, S + 1, 9600, PC);
    answer_version(s, S, 9600, PC);
    scene_state(s, SYNC, KD_STATE_EXCEPTION, PC);
    scene_state(s, SYNC, KD_STATE_EXCEPTION, PC);
    answer_version(s, S + 1, 9600, PC);
    scene_state(s, SYNC + 1, KD_STATE_EXCEPTION, PC); /* not the first id: a damaged header */
    scene_open(s);
    assert_true(next_is_new_stop(s));
    assert_false(next_is_new_stop(s));
    assert_true(next_is_new_boot(s));
    assert_false(next_is_new_boot(s));
    assert_true(next_is_new_stop(s));
    assert_false(next_is_new_stop(s));
    assert_true(next_is_new_boot(s));
    assert_false(next_is_new_stop(s));
}

static void a_sync_bit_on_a_reply_is_damage(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    scene_state(s, S, KD_STATE_EXCEPTION, PC);
    answer_version(s, S + 1, 9600, PC);
    answer_version(s, SYNC, 9600, PC);
    scene_open(s);
    assert_true(next_is_new_stop(s));
    assert_true(next_is_new_boot(s));
    rec = scene_next_data(s);
    assert_false(rec.is_new_boot);
    assert_int_equal(rec.stop, 1); /* it stands as before */
    assert_int_equal(rec.restarts, 0);
}

#define NET(f)    cmocka_unit_test_setup_teardown(f, start_net, recorded_scene_stop)
#define STREAM(f) cmocka_unit_test_setup_teardown(f, start_stream, recorded_scene_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET(a_packet_is_repeated_under_its_id_before_anything_new),
        NET(each_end_repeats_itself_alone),
        STREAM(a_streams_ids_begin_anew_behind_a_reset),
        STREAM(a_stream_repeats_its_first_packet_without_the_sync_bit),
        NET(kdnets_ids_outlive_a_reset),
        NET(an_answer_knows_when_it_was_asked_for_first),
        STREAM(an_answer_knows_when_it_was_asked_for_first),
        NET(a_reply_to_something_else_is_no_answer),
        NET(nothing_answers_what_was_asked_before_a_continue),
        NET(what_is_no_manipulate_packet_is_none),
        NET(a_stop_lasts_from_its_state_change_to_the_continue),
        STREAM(a_stop_lasts_from_its_state_change_to_the_continue),
        NET(a_state_change_that_is_said_again_is_the_same_stop),
        NET(another_state_change_tells_of_a_continue_that_was_not_captured),
        NET(each_request_that_lets_go_ends_a_stop),
        NET(a_continue_where_nothing_stood_ends_nothing),
        NET(a_stop_whose_continue_was_lost_goes_on),
        NET(after_a_doubtful_continue_a_new_state_change_is_a_new_stop),
        NET(another_processor_is_the_same_stop),
        NET(a_boot_begins_with_the_first_version_and_with_another_kernel),
        NET(a_handshake_with_another_part_b_is_a_restart),
        NET(a_handshake_with_a_lower_part_a_is_a_restored_snapshot),
        STREAM(a_sync_bit_after_packets_without_it_is_a_restart),
        STREAM(a_sync_bit_on_a_reply_is_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
