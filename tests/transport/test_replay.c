#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/replay_scene.h"
#include "transport/replay_script.h"

#include <kdproto/context_x64.h>

#define KERNEL UINT64_C(0xFFFFF80000000000)
#define PC     (KERNEL + 0x100)
#define VA     (KERNEL + 0x2000)

static struct kdt_replay *replay;

static int teardown(void **state)
{
    kdt_replay_close(replay);
    replay = NULL;
    return recorded_scene_stop(state);
}

static void open_scene(struct recorded_scene *s)
{
    scene_open(s);
    if (kdt_replay_open_recording(s->recording, &s->diag, &replay) != KD_OK)
        fail_msg("%s", s->diag.text);
}

static struct kdt_said next(enum kdt_said_kind kind)
{
    struct kdt_said said;

    assert_int_equal(kdt_replay_next(replay, &said), KD_OK);
    assert_int_equal(said.kind, kind);
    return said;
}

static void expect_end(void)
{
    struct kdt_said said;

    assert_int_equal(kdt_replay_next(replay, &said), KD_ERR_NOT_FOUND);
}

/* text: what is answered; status: with it. */
static void expect_read(uint64_t va, uint32_t count, const char *text, uint32_t status)
{
    struct kd_manipulate request = request_read(va, count), reply;

    assert_int_equal(kdt_replay_answer(replay, &request, KD_PACKET_DATA_MAX, &reply), KD_OK);
    assert_int_equal(reply.api, KD_API_READ_VIRTUAL);
    assert_true(reply.u.memory.va == va);
    assert_int_equal(reply.u.memory.count, count);
    assert_int_equal(reply.u.memory.actual, strlen(text));
    assert_int_equal(reply.data.len, strlen(text));
    if (reply.data.len)
        assert_memory_equal(reply.data.data, text, reply.data.len);
    assert_int_equal(reply.status, status);
}

static void expect_unknown(const struct kd_manipulate *request)
{
    struct kd_manipulate reply = {.api = 77};

    assert_int_equal(kdt_replay_answer(replay, request, KD_PACKET_DATA_MAX, &reply),
                     KD_ERR_NOT_RECORDED);
    assert_int_equal(reply.api, 77);
}

static void expect_unread(uint64_t va)
{
    struct kd_manipulate request = request_read(va, 4);

    expect_unknown(&request);
}

/* ---- memory ---- */

static void memory_is_as_it_was_at_the_end_of_the_stop(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "first");
    scene_reads(s, VA, "second");
    scene_continues(s);
    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "third!");
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_read(VA, 6, "second", 0);
    next(KDT_SAID_STOP);
    expect_read(VA, 6, "third!", 0);
    expect_end();
    expect_read(VA, 6, "third!", 0);
}

static void what_was_read_later_in_the_boot_is_known_before(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "ab");
    scene_reads(s, VA + 4, "ef");
    scene_continues(s);
    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "ABCDEFGH");
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_read(VA, 8, "abCDefGH", 0);
}

static void what_is_known_of_a_read_is_its_prefix(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "known");
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_read(VA, 64, "known", SCENE_REFUSED);
    expect_read(VA + 4, 64, "n", SCENE_REFUSED);
    expect_unread(VA + 5);
    expect_unread(VA - 1);
    expect_read(VA + 5, 0, "", 0);
}

static void a_recorded_refusal_is_an_answer(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_read(VA, 16), reply = request;

    reply.status = 0xC0000005;
    scene_breaks(s, PC, 1);
    scene_exchange(s, &request, &reply);
    scene_reads(s, VA + 0x1000, "behind");
    scene_cannot_read(s, VA + 0x1006, 8);
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_read(VA, 16, "", 0xC0000005);
    expect_read(VA + 0x800, 4, "", 0xC0000005); /* the rest of the page with it */
    expect_read(VA + 0x1000, 16, "behind", SCENE_REFUSED);
    expect_unread(VA + 0x2000);
}

/* A host that is at another link may ask for more than the first did; bytes help it more than a refusal. */
static void bytes_read_later_count_more_than_a_refusal(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_cannot_read(s, VA, 64);
    scene_continues(s);
    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "paged in");
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_read(VA, 8, "paged in", 0);
    expect_read(VA, 9, "paged in", SCENE_REFUSED);
}

static void a_link_that_carries_less_cuts_and_succeeds(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_read(VA, 8), reply;

    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "abcdefgh");
    open_scene(s);
    next(KDT_SAID_STOP);
    assert_int_equal(kdt_replay_answer(replay, &request, 3, &reply), KD_OK);
    assert_int_equal(reply.status, 0);
    assert_int_equal(reply.u.memory.count, 8);
    assert_int_equal(reply.u.memory.actual, 3);
    assert_memory_equal(reply.data.data, "abc", 3);
}

static void physical_reads_are_answered_from_physical_memory(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_read(0x5000, 4),
                         reply = scene_read(0x5000, 4, 4, "phys");

    request.api = reply.api = KD_API_READ_PHYSICAL;
    scene_breaks(s, PC, 1);
    scene_exchange(s, &request, &reply);
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_unread(0x5000);
    assert_int_equal(kdt_replay_answer(replay, &request, 100, &reply), KD_OK);
    assert_memory_equal(reply.data.data, "phys", 4);
}

static void a_read_ends_with_the_address_space(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_reads(s, 0, "null");
    scene_reads(s, UINT64_MAX - 3, "last");
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_read(UINT64_MAX - 3, 4, "last", 0);
    expect_read(UINT64_MAX - 3, 8, "last", SCENE_REFUSED);
}

static void another_boot_is_another_memory(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_tells_version(s, 18362, KERNEL);
    scene_reads(s, VA, "old!");
    scene_continues(s);
    scene_parts(s);
    scene_continues(s);
    scene_breaks(s, PC, 1);
    scene_tells_version(s, 18362, KERNEL + 0x1000);
    scene_reads(s, VA + 4, "new!");
    open_scene(s);
    assert_int_equal(kdt_replay_facts(replay)->boots, 2);
    assert_int_equal(kdt_replay_facts(replay)->stops, 3);
    next(KDT_SAID_STOP);
    expect_read(VA, 8, "old!", SCENE_REFUSED);
    next(KDT_SAID_STOP);
    next(KDT_SAID_BOOT);
    next(KDT_SAID_STOP);
    expect_unread(VA);
    expect_read(VA + 4, 4, "new!", 0);
    expect_end();
}

/* The reply that tells the version is missing. */
static void what_restarted_is_another_boot_whatever_it_says(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 1);
    scene_tells_version(s, 18362, KERNEL);
    scene_reads(s, VA, "old!");
    s->poke.nonce_b[0]++;
    scene_link(s);
    scene_breaks(s, PC, 1);
    scene_reads(s, VA + 4, "new!");
    open_scene(s);
    assert_int_equal(kdt_replay_facts(replay)->boots, 2);
    next(KDT_SAID_STOP);
    expect_read(VA, 8, "old!", SCENE_REFUSED);
    next(KDT_SAID_BOOT);
    next(KDT_SAID_STOP);
    expect_unread(VA);
    expect_read(VA + 4, 4, "new!", 0);
    expect_end();
}

/* ---- behind the end ---- */

static void behind_the_end_it_halts_in_its_last_stop_again(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_said said;

    scene_breaks(s, PC, 1);
    scene_reads(s, VA, "early");
    scene_continues(s);
    scene_breaks(s, PC + 1, 1);
    scene_reads(s, VA, "later");
    scene_continues(s);
    scene_parts(s);
    scene_reads(s, VA + 8, "last");
    scene_continues(s);
    open_scene(s);
    next(KDT_SAID_STOP);
    next(KDT_SAID_STOP);
    next(KDT_SAID_STOP);
    for (int i = 0; i < 3; i++) {
        expect_end();
        kdt_replay_stop_again(replay, &said);
        assert_int_equal(said.kind, KDT_SAID_STOP);
        assert_int_equal(said.data.data[24], 1); /* its program counter, the low byte */
        expect_read(VA, 5, "later", 0);
        expect_read(VA + 8, 4, "last", 0);
    }
}

static void behind_the_end_a_module_load_is_a_place_to_break(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_state_change sc;
    struct kdt_said said;

    scene_loads(s, PC);
    scene_reads(s, VA, "known");
    open_scene(s);
    said = next(KDT_SAID_STOP);
    assert_int_equal(kd_state_change_decode(said.data.data, said.data.len, &sc), KD_OK);
    assert_int_equal(sc.kind, KD_STATE_LOAD_SYMBOLS);
    expect_end();
    kdt_replay_stop_again(replay, &said);
    assert_int_equal(kd_state_change_decode(said.data.data, said.data.len, &sc), KD_OK);
    assert_int_equal(sc.kind, KD_STATE_EXCEPTION);
    assert_int_equal(sc.exception_code, KD_STATUS_BREAKPOINT);
    assert_true(sc.is_first_chance);
    assert_int_equal(sc.parameter_count, 0);
    assert_int_equal(sc.exception_va, PC);
    assert_int_equal(sc.pc_va, PC);
    expect_read(VA, 5, "known", 0);
}

/* ---- other answers ---- */

static void what_was_asked_in_another_stop_is_answered_from_there(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_of(KD_API_GET_VERSION, 0xFFFF), reply;

    request.processor_level = 6;
    scene_breaks(s, PC, 1);
    scene_tells_version(s, 18362, KERNEL);
    scene_continues(s);
    scene_breaks(s, PC, 1);
    open_scene(s);
    next(KDT_SAID_STOP);
    next(KDT_SAID_STOP);
    assert_int_equal(kdt_replay_answer(replay, &request, 0, &reply), KD_OK);
    assert_int_equal(reply.u.version.minor, 18362);
    assert_int_equal(reply.processor, 0xFFFF); /* the request's, as targets answer */
    assert_int_equal(reply.processor_level, 6);
}

static void what_nobody_asked_is_not_known(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_of(KD_API_READ_MSR, 0);

    scene_breaks(s, PC, 1);
    scene_tells_version(s, 18362, KERNEL);
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_unknown(&request);
    request = request_of(0x4000, 0);
    expect_unknown(&request);
    request = request_of(KD_API_WRITE_VIRTUAL, 0);
    expect_unknown(&request);
}

static void control_space_is_answered_as_far_as_it_is_known(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_of(KD_API_READ_CONTROL_SPACE, 0), reply;

    request.u.memory.va = 2;
    request.u.memory.count = 8;
    reply = request;
    reply.u.memory.actual = 224; /* some say how much there is, not how much they send */
    reply.data = (struct kd_span){(const uint8_t *)"specials", 8};
    scene_breaks(s, PC, 1);
    scene_exchange(s, &request, &reply);
    open_scene(s);
    next(KDT_SAID_STOP);
    assert_int_equal(kdt_replay_answer(replay, &request, 1000, &reply), KD_OK);
    assert_int_equal(reply.u.memory.actual, 224);
    assert_int_equal(reply.data.len, 8);
    request.u.memory.count = 3;
    assert_int_equal(kdt_replay_answer(replay, &request, 1000, &reply), KD_OK);
    assert_int_equal(reply.u.memory.actual, 3);
    assert_int_equal(reply.data.len, 3);
    request.u.memory.count = 100;
    assert_int_equal(kdt_replay_answer(replay, &request, 1000, &reply), KD_OK);
    assert_int_equal(reply.u.memory.count, 100);
    assert_int_equal(reply.u.memory.actual, 8);
    request.u.memory.count = 8;
    assert_int_equal(kdt_replay_answer(replay, &request, 5, &reply), KD_OK);
    assert_int_equal(reply.u.memory.actual, 5);
    request.u.memory.va = 0;
    expect_unknown(&request);
}

static void what_fits_no_packet_and_cannot_be_cut_is_told(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_of(KD_API_GET_BUS_DATA, 0), reply;

    request.u.bus.len = 8;
    reply = request;
    reply.data = (struct kd_span){(const uint8_t *)"busybusy", 8};
    scene_breaks(s, PC, 1);
    scene_exchange(s, &request, &reply);
    open_scene(s);
    next(KDT_SAID_STOP);
    assert_int_equal(kdt_replay_answer(replay, &request, 8, &reply), KD_OK);
    assert_memory_equal(reply.data.data, "busybusy", 8);
    assert_int_equal(kdt_replay_answer(replay, &request, 7, &reply), KD_ERR_LIMIT);
}

/* ---- contexts ---- */

static void expect_context(uint16_t processor, uint8_t fill, uint64_t rip)
{
    uint8_t context[KD_CONTEXT_LEN];

    assert_true(kdt_replay_context(replay, processor, context));
    assert_true(kd_x64_context_rip(context) == rip);
    assert_int_equal(context[0], fill);
    assert_int_equal(context[1023], fill);
    assert_int_equal(context[1024], fill);
    assert_int_equal(context[KD_CONTEXT_LEN - 1], fill);
}

static void a_context_is_put_together_from_its_slices(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 2);
    scene_gets_slices(s, 0, 0x11, PC);
    scene_gets_context(s, 1, 0x22, VA);
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_context(0, 0x11, PC);
    expect_context(1, 0x22, VA);
    assert_false(kdt_replay_context(replay, 2, (uint8_t[KD_CONTEXT_LEN]){0}));
    assert_false(kdt_replay_lacks_context_ex(replay));
}

static void slices_of_different_stops_make_no_context(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_of(KD_API_GET_CONTEXT_EX, 0), reply;
    uint8_t bytes[KD_CONTEXT_LEN] = {0};

    scene_breaks(s, PC, 1);
    request.u.context.count = 1024;
    reply = request;
    reply.u.context.copied = 1024;
    reply.data = (struct kd_span){bytes, 1024};
    scene_exchange(s, &request, &reply);
    scene_continues(s);
    scene_breaks(s, PC, 1);
    request.u.context.offset = 1024;
    request.u.context.count = KD_CONTEXT_LEN - 1024;
    reply = request;
    reply.u.context.copied = KD_CONTEXT_LEN - 1024;
    reply.data = (struct kd_span){bytes, KD_CONTEXT_LEN - 1024};
    scene_exchange(s, &request, &reply);
    open_scene(s);
    next(KDT_SAID_STOP);
    assert_false(kdt_replay_context(replay, 0, bytes));
}

static void a_context_of_another_stop_stands_where_this_one_does(void **state)
{
    struct recorded_scene *s = *state;

    scene_breaks(s, PC, 2);
    scene_gets_slices(s, 0, 0x11, PC);
    scene_gets_slices(s, 1, 0x22, VA);
    scene_continues(s);
    scene_breaks(s, PC + 0x40, 2);
    scene_continues(s);
    scene_breaks(s, PC + 0x80, 2);
    scene_gets_context(s, 0, 0x33, PC + 0x80);
    open_scene(s);
    next(KDT_SAID_STOP);
    expect_context(0, 0x11, PC);
    next(KDT_SAID_STOP);
    expect_context(0, 0x33, PC + 0x40);
    expect_context(1, 0x22, VA); /* the one that did not halt stays where it was */
    next(KDT_SAID_STOP);
    expect_context(0, 0x33, PC + 0x80);
}

static void a_target_without_slices_lacks_them_again(void **state)
{
    struct recorded_scene *s = *state;
    struct kd_manipulate request = request_of(KD_API_GET_CONTEXT_EX, 0), reply = request;

    reply.status = SCENE_REFUSED;
    scene_breaks(s, PC, 1);
    scene_exchange(s, &request, &reply);
    scene_gets_context(s, 0, 0x44, PC);
    open_scene(s);
    next(KDT_SAID_STOP);
    assert_true(kdt_replay_lacks_context_ex(replay));
    expect_context(0, 0x44, PC);
}

static void contexts_that_nobody_fetched_are_unknown(void **state)
{
    struct recorded_scene *s = *state;
    uint8_t context[KD_CONTEXT_LEN] = {9};

    scene_breaks(s, PC, 1);
    open_scene(s);
    next(KDT_SAID_STOP);
    assert_false(kdt_replay_context(replay, 0, context));
    assert_int_equal(context[0], 9);
    assert_false(kdt_replay_lacks_context_ex(replay));
}

/* ---- files ---- */

static void what_is_wrong_with_a_file_is_said_with_its_name(void **state)
{
    struct kd_diag diag = {""};
    const struct kdt_recording_opts opts = {.path = "/no/such/file", .diag = &diag};

    (void)state;
    assert_int_equal(kdt_replay_open(&opts, &replay), KD_ERR_NOT_FOUND);
    assert_null(replay);
    assert_non_null(strstr(diag.text, "/no/such/file"));
}

int main(void)
{
#define TEST(f, kind) cmocka_unit_test_setup_teardown(f, replay_scene_start_##kind, teardown)
    const struct CMUnitTest tests[] = {
        TEST(memory_is_as_it_was_at_the_end_of_the_stop, net),
        TEST(what_was_read_later_in_the_boot_is_known_before, net),
        TEST(what_is_known_of_a_read_is_its_prefix, net),
        TEST(a_recorded_refusal_is_an_answer, net),
        TEST(bytes_read_later_count_more_than_a_refusal, net),
        TEST(a_link_that_carries_less_cuts_and_succeeds, net),
        TEST(physical_reads_are_answered_from_physical_memory, stream),
        TEST(a_read_ends_with_the_address_space, stream),
        TEST(another_boot_is_another_memory, net),
        TEST(what_restarted_is_another_boot_whatever_it_says, net),
        TEST(behind_the_end_it_halts_in_its_last_stop_again, net),
        TEST(behind_the_end_a_module_load_is_a_place_to_break, stream),
        TEST(what_was_asked_in_another_stop_is_answered_from_there, net),
        TEST(what_nobody_asked_is_not_known, net),
        TEST(control_space_is_answered_as_far_as_it_is_known, stream),
        TEST(what_fits_no_packet_and_cannot_be_cut_is_told, stream),
        TEST(a_context_is_put_together_from_its_slices, net),
        TEST(slices_of_different_stops_make_no_context, stream),
        TEST(a_context_of_another_stop_stands_where_this_one_does, stream),
        TEST(a_target_without_slices_lacks_them_again, stream),
        TEST(contexts_that_nobody_fetched_are_unknown, net),
        TEST(what_is_wrong_with_a_file_is_said_with_its_name, net),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
