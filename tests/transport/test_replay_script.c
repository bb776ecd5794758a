/* The real session is captures/windbg-uncut.pcapng; it is skipped where absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/replay_scene.h"
#include "transport/replay_script.h"
#include "transport/stream_wrap.h"

#define REAL   KDWALK_TEST_DATA "/captures/windbg-uncut.pcapng"
#define KERNEL UINT64_C(0xFFFFF80000000000)
#define LOADER UINT64_C(0x96F000)
#define PC     (KERNEL + 0x100)

static struct replay_script script;

static int teardown(void **state)
{
    replay_script_free(&script);
    return recorded_scene_stop(state);
}

static void read_script(struct recorded_scene *s)
{
    scene_open(s);
    if (replay_script_read(s->recording, &s->diag, &script) != KD_OK)
        fail_msg("%s", s->diag.text);
}

/* What is said, as letters: n(ote) q(uestion) s(top) S(top that was asked for), boots apart. */
static const char *outline(void)
{
    static const char kinds[] = {
        [KDT_SAID_NOTE] = 'n', [KDT_SAID_QUESTION] = 'q', [KDT_SAID_STOP] = 's'};
    static char text[256];
    size_t len = 0;

    for (size_t i = 0; i < script.boot_count; i++) {
        if (i > 0)
            text[len++] = ' ';
        for (size_t k = 0; k < script.boots[i].said_count; k++) {
            const struct kdt_said *said = &script.boots[i].said[k];

            assert_true(len + 2 < sizeof text);
            text[len++] = said->awaits_halt ? 'S' : kinds[said->kind];
        }
    }
    text[len] = '\0';
    return text;
}

/* ---- what is said, in which order ---- */

static void things_come_in_order_and_without_repeats(void **state)
{
    struct recorded_scene *s = *state;

    scene_prints(s, "one");
    scene_copy_last(s, 1);
    scene_prints(s, "two");
    scene_loads(s, PC);
    scene_tells_version(s, 18362, KERNEL);
    scene_continues(s);
    scene_wants_file(s, "a.sys");
    scene_prompts(s, "Break, ignore? ");
    scene_breaks(s, PC, 1);
    scene_continues(s);
    scene_prints(s, "three");
    read_script(s);
    assert_string_equal(outline(), "nnsqqsn");
    assert_int_equal(script.boots[0].stops, 2);
    assert_memory_equal(script.boots[0].said[1].data.data + 16, "two", 3);
    assert_int_equal(script.last_said, 5);
    assert_int_equal(script.end, KD_OK);
}

static void a_stop_after_a_break_in_awaits_one(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks_in(s);
    scene_breaks(s, PC, 1);
    scene_continues(s);
    scene_breaks(s, PC, 1); /* by itself */
    scene_continues(s);
    scene_breaks_in(s);
    scene_breaks(s, PC, 1);
    scene_breaks_in(s); /* kept for after the Continue */
    scene_continues(s);
    scene_breaks(s, PC, 1);
    read_script(s);
    assert_string_equal(outline(), "SsSS");
}

static void a_break_in_outlasts_stops_of_other_kinds(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks_in(s);
    scene_loads(s, PC);
    scene_continues(s);
    scene_breaks(s, PC, 1);
    read_script(s);
    assert_string_equal(outline(), "sS");
}

static void a_reset_halts_a_running_stub(void **state)
{
    struct recorded_scene *s = *state;

    scene_packet(s, true, KD_PACKET_RESET, 0, NULL, 0);
    scene_breaks(s, PC, 1);
    scene_packet(s, true, KD_PACKET_RESET, 0, NULL, 0); /* while it stands: that halts nobody */
    scene_breaks(s, PC, 1);                             /* it says again where it stands */
    scene_continues(s);
    scene_breaks(s, PC, 1);
    read_script(s);
    assert_string_equal(outline(), "Ss");
}

/* ---- boots ---- */

static void a_farewell_ends_a_boot(void **state)
{
    struct recorded_scene *s = *state;

    scene_loads(s, LOADER);
    scene_tells_version(s, 10586, LOADER);
    scene_reads(s, LOADER, "boot");
    scene_continues(s);
    scene_parts(s);
    scene_continues(s);
    scene_prints(s, "the kernel");
    scene_loads(s, PC);
    scene_tells_version(s, 18362, KERNEL);
    scene_reads(s, LOADER, "kern");
    scene_continues(s);
    read_script(s);
    assert_string_equal(outline(), "ss ns");
    assert_int_equal(script.boots[0].reading_count, 1);
    assert_int_equal(script.boots[1].reading_count, 1);
    assert_memory_equal(script.boots[1].readings[0].data.data, "kern", 4);
}

static void the_stop_in_which_another_version_is_told_begins_a_boot(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_tells_version(s, 18362, KERNEL);
    scene_continues(s);
    scene_prints(s, "still the same");
    scene_breaks(s, PC + 0x1000, 1);
    scene_tells_version(s, 18362, KERNEL + 0x1000);
    scene_reads(s, PC, "new!");
    scene_continues(s);
    scene_breaks(s, PC + 0x1000, 1);
    scene_tells_version(s, 18362, KERNEL + 0x1000);
    read_script(s);
    assert_string_equal(outline(), "sn ss");
    assert_int_equal(script.boots[0].stops, 1);
    assert_int_equal(script.boots[1].readings[0].stop, 1);
}

static void the_last_stop_is_no_farewell(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_continues(s);
    scene_parts(s);
    scene_continues(s);
    scene_prints(s, "gone");
    read_script(s);
    assert_string_equal(outline(), "ss n");
    assert_int_equal(script.last_boot, 0);
    assert_int_equal(script.last_said, 0);
}

static void a_farewell_is_better_than_no_stop(void **state)
{
    struct recorded_scene *s = *state;

    scene_parts(s);
    scene_continues(s);
    read_script(s);
    assert_int_equal(script.last_said, 0);
}

static void targets_play_one_after_the_other(void **state)
{
    struct recorded_scene *s = *state;

    scene_prints(s, "net");
    s->is_stream = true;
    scene_prints(s, "stream");
    scene_loads(s, PC);
    s->is_stream = false;
    scene_loads(s, PC);
    scene_continues(s);
    scene_prints(s, "net again");
    read_script(s);
    assert_string_equal(outline(), "nsn ns");
    assert_int_equal(script.boots[0].kdnet_version, 4);
    assert_int_equal(script.boots[1].kdnet_version, 0);
}

static void a_target_that_never_halted_is_left_out(void **state)
{
    struct recorded_scene *s = *state;

    scene_prints(s, "net");
    s->is_stream = true;
    scene_loads(s, PC);
    read_script(s);
    assert_string_equal(outline(), "s");
}

/* ---- answers ---- */

static void only_what_reads_is_kept(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate write = request_read(PC, 4), set = request_of(KD_API_SET_CONTEXT, 0);

    write.api = KD_API_WRITE_VIRTUAL;
    scene_breaks(s, PC, 1);
    scene_exchange(s, &write, &write);
    scene_exchange(s, &set, &set);
    scene_tells_version(s, 18362, KERNEL);
    scene_gets_slices(s, 0, 0x11, PC);
    read_script(s);
    assert_int_equal(script.boots[0].answer_count, 3);
    assert_int_equal(script.boots[0].answers[0].asked.api, KD_API_GET_VERSION);
}

static void a_search_is_remembered_by_its_start(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_of(KD_API_SEARCH_MEMORY, 0), reply;
    struct replay_asked asked;

    request.u.search.start_va = KERNEL;
    request.u.search.len = 0x1000;
    request.u.search.pattern_len = 2;
    request.data = (struct kd_span){(const uint8_t *)"\xCC\xC3", 2};
    reply = request;
    reply.u.search.start_va = PC; /* where it was found */
    reply.data.len = 0;
    scene_breaks(s, PC, 1);
    scene_exchange(s, &request, &reply);
    read_script(s);
    asked = replay_asked_of(&request);
    assert_true(replay_boot_find(&script.boots[0], &asked, 1, 0)->reply.u.search.start_va == PC);
}

static void answers_in_a_halt_that_began_before_the_recording_count_too(void **state)
{
    struct recorded_scene *s = *state;

    scene_tells_version(s, 18362, KERNEL);
    scene_reads(s, PC, "early");
    scene_continues(s);
    scene_loads(s, PC);
    read_script(s);
    assert_string_equal(outline(), "s");
    assert_int_equal(script.boots[0].readings[0].stop, 0);
    assert_int_equal(script.boots[0].answers[0].stop, 0);
}

/* ---- files with nothing to play ---- */

static void refuses(struct recorded_scene *s, const struct kdnet_key *key, enum kd_status st,
                    const char *says)
{
    struct replay_script untouched = script;

    assert_int_equal(scene_try_open(s, key, s->len), KD_OK);
    assert_int_equal(replay_script_read(s->recording, &s->diag, &script), st);
    if (!strstr(s->diag.text, says))
        fail_msg("\"%s\" does not say \"%s\"", s->diag.text, says);
    assert_memory_equal(&script, &untouched, sizeof script);
}

static void why_nothing_can_be_played_is_told(void **state)
{
    struct recorded_scene *s = *state;
    struct kdnet_key other = s->key;

    other.bytes[0] ^= 1;
    scene_loads(s, PC);
    refuses(s, NULL, KD_ERR_USAGE, "no key was given");
    refuses(s, &other, KD_ERR_AUTH, "nothing in it verifies");
}

static void a_recording_without_halt_is_none(void **state)
{
    struct recorded_scene *s = *state;

    refuses(s, &s->key, KD_ERR_NOT_FOUND, "neither KDNET nor a recorded stream");
    scene_link(s);
    scene_prints(s, "on and on");
    refuses(s, &s->key, KD_ERR_NOT_FOUND, "no target that was halted");
}

static void without_its_handshake_it_cannot_be_opened(void **state)
{
    struct recorded_scene *s = *state;

    memset(s->data_key, 7, sizeof s->data_key);
    scene_poke(s);
    scene_loads(s, PC);
    refuses(s, &s->key, KD_ERR_NOT_FOUND, "the handshake that made its data key is not in it");
}

/* Every cut of a small file: a script or one explained error. */
static void a_file_that_breaks_off_is_used_as_far_as_it_goes(void **state)
{
    struct recorded_scene *s = *state;
    size_t first;

    scene_loads(s, PC);
    scene_tells_version(s, 18362, KERNEL);
    first = s->len;
    scene_continues(s);
    scene_breaks(s, PC, 1);
    scene_reads(s, PC, "text");
    for (size_t len = 24; len < s->len; len++) {
        enum kd_status st;

        assert_int_equal(scene_try_open(s, &s->key, len), KD_OK);
        st = replay_script_read(s->recording, &s->diag, &script);
        assert_true(st == KD_OK || s->diag.text[0]);
        if (len >= first)
            assert_int_equal(st, KD_OK);
        if (st == KD_OK && len > first && len < first + 16)
            assert_int_equal(script.end, KD_ERR_TRUNCATED);
        replay_script_free(&script);
    }
}

static void the_real_session_is_one_boot_with_three_stops(void **state)
{
    struct recorded_scene *s = *state;
    struct kdnet_key key;
    const struct kdt_recording_opts opts = {REAL, &key, &s->diag};
    FILE *f = fopen(REAL, "rb");
    unsigned notes = 0, questions = 0;

    if (!f) {
        print_message("no %s\n", REAL);
        skip();
    }
    fclose(f);
    assert_int_equal(kdnet_key_parse("8.8.8.8", 7, NULL, &key), KD_OK);
    assert_int_equal(kdt_recording_open(&opts, &s->recording), KD_OK);
    assert_int_equal(replay_script_read(s->recording, &s->diag, &script), KD_OK);
    assert_int_equal(script.boot_count, 1);
    assert_int_equal(script.boots[0].stops, 3);
    for (size_t i = 0; i < script.boots[0].said_count; i++) {
        notes += script.boots[0].said[i].kind == KDT_SAID_NOTE;
        questions += script.boots[0].said[i].kind == KDT_SAID_QUESTION;
        assert_false(script.boots[0].said[i].awaits_halt);
    }
    assert_int_equal(notes, 6); /* of 7 packets: #6 repeats #4 */
    assert_int_equal(questions, 33);
    assert_int_equal(script.boots[0].kdnet_version, 4);
}

int main(void)
{
#define TEST(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(things_come_in_order_and_without_repeats, replay_scene_start_net),
        TEST(a_stop_after_a_break_in_awaits_one, replay_scene_start_net),
        TEST(a_break_in_outlasts_stops_of_other_kinds, replay_scene_start_stream),
        TEST(a_reset_halts_a_running_stub, replay_scene_start_stream),
        TEST(a_farewell_ends_a_boot, replay_scene_start_net),
        TEST(the_stop_in_which_another_version_is_told_begins_a_boot, replay_scene_start_net),
        TEST(the_last_stop_is_no_farewell, replay_scene_start_net),
        TEST(a_farewell_is_better_than_no_stop, replay_scene_start_net),
        TEST(targets_play_one_after_the_other, replay_scene_start_net),
        TEST(a_target_that_never_halted_is_left_out, replay_scene_start_net),
        TEST(only_what_reads_is_kept, replay_scene_start_net),
        TEST(a_search_is_remembered_by_its_start, replay_scene_start_stream),
        TEST(answers_in_a_halt_that_began_before_the_recording_count_too,
             replay_scene_start_stream),
        TEST(why_nothing_can_be_played_is_told, replay_scene_start_net),
        TEST(a_recording_without_halt_is_none, recorded_scene_start),
        TEST(without_its_handshake_it_cannot_be_opened, recorded_scene_start),
        TEST(a_file_that_breaks_off_is_used_as_far_as_it_goes, replay_scene_start_net),
        TEST(the_real_session_is_one_boot_with_three_stops, recorded_scene_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
