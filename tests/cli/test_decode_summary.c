#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode_summary.h"
#include "support/made_record.h"

#define MS UINT64_C(1000000)

struct fixture {
    struct decode_summary sum;
    struct made_record m;
};

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    decode_summary_clear(&f->sum);
    free(f);
    return 0;
}

static void add_at(struct fixture *f, uint64_t ms)
{
    f->m.record.time_ns = ms * MS;
    decode_summary_add(&f->sum, &f->m.record);
}

static void records_are_counted_by_side_and_kind(void **state)
{
    struct fixture *f = *state;

    made_record(&f->m, KDT_RECORD_POKE, false);
    add_at(f, 1000);
    add_at(f, 3000);
    made_packet(&f->m, true, KD_PACKET_ACKNOWLEDGE, 0, NULL, 0);
    f->m.record.wire_len = 10;
    add_at(f, 2000);
    made_packet(&f->m, false, KD_PACKET_TRACE_IO, 0, "x", 1);
    f->m.record.is_repeat = true;
    add_at(f, 2500);
    assert_int_equal(f->sum.sides[DECODE_FROM_TARGET].records, 3);
    assert_int_equal(f->sum.sides[DECODE_FROM_TARGET].wire_bytes, 3 * 54);
    assert_int_equal(f->sum.sides[DECODE_FROM_TARGET].repeated, 1);
    assert_int_equal(f->sum.sides[DECODE_FROM_TARGET].kinds[DESCRIBE_POKE], 2);
    assert_int_equal(f->sum.sides[DECODE_FROM_HOST].records, 1);
    assert_int_equal(f->sum.sides[DECODE_FROM_HOST].wire_bytes, 10);
    assert_int_equal(f->sum.sides[DECODE_FROM_HOST].kinds[DESCRIBE_ACKNOWLEDGE], 1);
    assert_int_equal(decode_summary_kind(&f->sum, DESCRIBE_POKE), 2);
    assert_int_equal(f->sum.first_ns, 1000 * MS);
    assert_int_equal(f->sum.last_ns, 3000 * MS);
    assert_int_equal(f->sum.conversations[0].records, 4);
    assert_int_equal(f->sum.conversations[0].version, 4);
}

static void what_stays_closed_is_counted_by_its_reason(void **state)
{
    static const enum kd_status why[] = {KD_ERR_AUTH,  KD_ERR_AUTH,  KD_ERR_NOT_FOUND,
                                         KD_ERR_USAGE, KD_ERR_LIMIT, KD_ERR_MALFORMED};
    struct fixture *f = *state;

    made_record(&f->m, KDT_RECORD_UNVERIFIED, false);
    f->m.record.datagram.version = 0;
    for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
        f->m.record.status = why[i];
        add_at(f, i);
    }
    assert_int_equal(f->sum.not_opened_key, 2);
    assert_int_equal(f->sum.not_opened_handshake, 1);
    assert_int_equal(f->sum.not_opened_no_key, 1);
    assert_int_equal(f->sum.not_opened_other, 2);
    assert_int_equal(f->sum.sides[DECODE_FROM_UNKNOWN].records, 6);
    assert_int_equal(f->sum.sides[DECODE_FROM_HOST].records, 0);
    assert_int_equal(f->sum.sides[DECODE_FROM_TARGET].records, 0);
    assert_int_equal(f->sum.conversations[0].version, 0);
    assert_int_equal(f->sum.opened_data, 0);
}

static void add_read(struct fixture *f, uint64_t asked_ms, uint64_t answered_ms, uint32_t status,
                     uint32_t done)
{
    static const uint8_t bytes[64] = {0};
    struct kd_manipulate what = {.api = KD_API_READ_VIRTUAL, .status = status};

    what.u.memory.count = 64;
    what.u.memory.actual = done;
    made_manipulate(&f->m, true, &what);
    add_at(f, asked_ms);
    what.data = (struct kd_span){bytes, done};
    made_manipulate(&f->m, false, &what);
    f->m.record.is_answer = true;
    f->m.record.asked_ns = asked_ms * MS;
    add_at(f, answered_ms);
}

static void requests_are_counted_with_what_they_brought(void **state)
{
    struct fixture *f = *state;
    const struct decode_api *read = &f->sum.apis[KD_API_READ_VIRTUAL - KD_API_FIRST];

    add_read(f, 100, 101, 0, 64);
    add_read(f, 200, 205, 0, 60);
    add_read(f, 300, 303, 0xc0000001, 0);
    f->m.record.is_answer = false; /* and its repetition, which is none */
    f->m.record.is_repeat = true;
    add_at(f, 304);
    made_manipulate(&f->m, true, &(struct kd_manipulate){.api = KD_API_READ_VIRTUAL});
    f->m.record.is_repeat = true;
    add_at(f, 305);
    assert_int_equal(read->requests, 3);
    assert_int_equal(read->failed, 1);
    assert_int_equal(read->bytes, 124);
    assert_int_equal(f->sum.round_trips.count, 3);
    assert_int_equal(durations_percentile(&f->sum.round_trips, 50), 3 * MS);
    assert_int_equal(f->sum.round_trips.longest_ns, 5 * MS);
    assert_int_equal(decode_summary_kind(&f->sum, DESCRIBE_REQUEST), 4);
    assert_int_equal(decode_summary_kind(&f->sum, DESCRIBE_REPLY), 4);
    assert_int_equal(f->sum.sides[DECODE_FROM_HOST].repeated, 1);
}

static void numbers_out_of_the_table_are_others(void **state)
{
    static const uint32_t apis[] = {0, KD_API_FIRST - 1, KD_API_FIRST + KD_API_COUNT, UINT32_MAX,
                                    KD_API_CAUSE_BUGCHECK + 1}; /* a gap of the table */
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++) {
        made_manipulate(&f->m, true, &(struct kd_manipulate){.api = KD_API_REBOOT});
        f->m.record.manipulate.api = apis[i];
        add_at(f, i);
    }
    assert_int_equal(f->sum.other_apis.requests, 5);
}

static void answers_before_their_question_are_no_round_trips(void **state)
{
    struct fixture *f = *state;

    add_read(f, 200, 100, 0, 64);
    assert_int_equal(f->sum.round_trips.count, 0);
    assert_int_equal(f->sum.apis[0].bytes, 64);
}

static void stop_at(struct fixture *f, unsigned conversation, unsigned stop, uint64_t ms)
{
    made_state_change(&f->m, &(struct kd_state_change){.kind = KD_STATE_EXCEPTION}, NULL, 0);
    f->m.record.conversation = conversation;
    f->m.record.stop = stop;
    add_at(f, ms);
}

static void go_at(struct fixture *f, unsigned conversation, unsigned stop, uint64_t ms)
{
    made_manipulate(&f->m, true, &(struct kd_manipulate){.api = KD_API_CONTINUE});
    f->m.record.conversation = conversation;
    f->m.record.stop = stop;
    f->m.record.ends_stop = true;
    add_at(f, ms);
}

static void a_freeze_is_from_a_stop_to_its_continue(void **state)
{
    struct fixture *f = *state;

    stop_at(f, 0, 1, 100);
    f->m.record.is_new_stop = false; /* said again: the same freeze */
    add_at(f, 150);
    stop_at(f, 1, 2, 160); /* another target */
    go_at(f, 0, 1, 300);
    go_at(f, 1, 2, 170);
    decode_summary_end(&f->sum);
    assert_int_equal(f->sum.freezes.count, 2);
    assert_int_equal(f->sum.freezes.total_ns, 210 * MS);
    assert_int_equal(f->sum.freezes.longest_ns, 200 * MS);
    assert_int_equal(f->sum.freezes_without_end, 0);
}

static void freezes_without_an_end_are_counted_apart(void **state)
{
    struct fixture *f = *state;

    go_at(f, 0, 0, 50); /* of a stop before the recording */
    stop_at(f, 0, 1, 100);
    stop_at(f, 0, 2, 200); /* the continue in between was not captured */
    go_at(f, 0, 2, 250);
    stop_at(f, 0, 3, 300);
    decode_summary_end(&f->sum);
    assert_int_equal(f->sum.freezes.count, 1);
    assert_int_equal(f->sum.freezes.longest_ns, 50 * MS);
    assert_int_equal(f->sum.freezes_without_end, 2);
}

static void boots_are_kept_up_to_a_bound(void **state)
{
    struct fixture *f = *state;
    struct kd_manipulate what = {.api = KD_API_GET_VERSION};

    for (unsigned i = 0; i < DECODE_BOOTS_MAX + 3; i++) {
        what.u.version.minor = (uint16_t)(1000 + i);
        made_manipulate(&f->m, false, &what);
        f->m.record.is_new_boot = true;
        f->m.record.conversation = i % 2;
        add_at(f, i);
    }
    assert_int_equal(f->sum.boots_len, DECODE_BOOTS_MAX);
    assert_int_equal(f->sum.boots[5].version.minor, 1005);
    assert_int_equal(f->sum.boots[5].conversation, 1);
    assert_int_equal(f->sum.boots[5].time_ns, 5 * MS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(records_are_counted_by_side_and_kind),
        TEST(what_stays_closed_is_counted_by_its_reason),
        TEST(requests_are_counted_with_what_they_brought),
        TEST(numbers_out_of_the_table_are_others),
        TEST(answers_before_their_question_are_no_round_trips),
        TEST(a_freeze_is_from_a_stop_to_its_continue),
        TEST(freezes_without_an_end_are_counted_apart),
        TEST(boots_are_kept_up_to_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
