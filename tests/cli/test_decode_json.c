#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode_print.h"
#include "support/capture.h"
#include "support/made_record.h"

#include <jansson.h>

/* The document of these records, which begin at 0.5 s, and their summary. */
static json_t *document_of(const struct made_record *records, size_t len)
{
    struct decode_summary s = {0};
    struct capture out;
    json_error_t error;
    json_t *document;

    for (size_t i = 0; i < len; i++)
        decode_summary_add(&s, &records[i].record);
    s.counts.conversations = 1;
    s.counts.stops = 3;
    capture_begin(&out, CAPTURE_OUT);
    decode_json_begin();
    for (size_t i = 0; i < len; i++)
        decode_json_record(&records[i].record, UINT64_C(500000000), NULL);
    decode_json_summary(&s);
    (void)capture_end(&out);
    document = json_loads(out.text, 0, &error);
    if (!document)
        fail_msg("%s in %s", error.text, out.text);
    capture_free(&out);
    decode_summary_clear(&s);
    return document;
}

static json_t *record_of(const struct made_record *m)
{
    json_t *document = document_of(m, 1);
    json_t *record = json_incref(json_array_get(json_object_get(document, "records"), 0));

    json_decref(document);
    return record;
}

static void has_text(const json_t *o, const char *name, const char *want)
{
    const char *value = json_string_value(json_object_get(o, name));

    if (!value)
        fail_msg("there is no text %s", name);
    assert_string_equal(value, want);
}

static void has_number(const json_t *o, const char *name, json_int_t want)
{
    const json_t *value = json_object_get(o, name);

    if (!json_is_integer(value))
        fail_msg("there is no number %s", name);
    assert_int_equal(json_integer_value(value), want);
}

static void has_not(const json_t *o, const char *name)
{
    if (json_object_get(o, name))
        fail_msg("there is %s", name);
}

static void a_datagram_says_where_it_stood(void **state)
{
    struct made_record m;
    json_t *o;

    (void)state;
    made_record(&m, KDT_RECORD_RESPONSE, true);
    m.record.datagram.is_control = true;
    m.record.boot = 2;
    o = record_of(&m);
    has_number(o, "number", 1);
    has_number(o, "time_ns", 1000000000);
    assert_true(json_real_value(json_object_get(o, "seconds")) == 0.5);
    has_number(o, "conversation", 1);
    has_text(o, "link", "kdnet");
    has_text(o, "from", "host");
    has_text(o, "kind", "response");
    has_text(o, "channel", "control");
    has_number(o, "version", 4);
    has_number(o, "sequence", 7);
    has_number(o, "wire_bytes", 54);
    has_number(o, "boot", 2);
    has_not(o, "stop");
    has_not(o, "id");
    has_not(o, "words");
    json_decref(o);
}

static void of_what_stays_closed_nothing_is_claimed(void **state)
{
    struct made_record m;
    json_t *o;

    (void)state;
    made_record(&m, KDT_RECORD_UNVERIFIED, false);
    m.record.status = KD_ERR_AUTH;
    o = record_of(&m);
    has_text(o, "kind", "unopened");
    has_not(o, "from");
    has_not(o, "channel");
    has_not(o, "sequence");
    json_decref(o);
}

static void packets_of_streams_have_no_datagram(void **state)
{
    struct made_record m;
    json_t *o;

    (void)state;
    made_packet(&m, true, KD_PACKET_ACKNOWLEDGE, 0x80800000, NULL, 0);
    m.record.is_stream = true;
    o = record_of(&m);
    has_text(o, "link", "stream");
    has_text(o, "type", "ACKNOWLEDGE");
    has_text(o, "id", "0x80800000");
    has_not(o, "channel");
    has_not(o, "repeated");
    json_decref(o);
    made_packet(&m, true, 77, 1, "x", 1);
    m.record.is_repeat = true;
    o = record_of(&m);
    has_number(o, "type", 77);
    assert_true(json_is_true(json_object_get(o, "repeated")));
    json_decref(o);
}

static void a_reply_has_all_of_it_in_fields(void **state)
{
    static const uint8_t bytes[10] = {0};
    struct kd_manipulate what = {.api = KD_API_READ_VIRTUAL, .data = {bytes, 10}};
    struct made_record m;
    json_t *o;

    (void)state;
    what.u.memory.va = UINT64_C(0xfffff78000000000);
    what.u.memory.count = 16;
    what.u.memory.actual = 10;
    what.status = 0x80000005;
    made_manipulate(&m, false, &what);
    m.record.is_answer = true;
    m.record.asked_ns = m.record.time_ns - 46123;
    m.record.stop = 3;
    o = record_of(&m);
    has_text(o, "kind", "reply");
    has_text(o, "api", "ReadVirtualMemory");
    has_text(o, "address", "0xfffff78000000000");
    has_number(o, "length", 16);
    has_number(o, "done", 10);
    has_text(o, "ntstatus", "0x80000005");
    has_number(o, "round_trip_ns", 46123);
    has_number(o, "stop", 3);
    json_decref(o);
}

static void a_request_has_neither_status_nor_result(void **state)
{
    struct kd_manipulate what = {.api = KD_API_CONTINUE, .status = 0x103};
    struct made_record m;
    json_t *o;

    (void)state;
    made_manipulate(&m, true, &what);
    m.record.ends_stop = true;
    o = record_of(&m);
    has_not(o, "ntstatus");
    has_not(o, "done");
    assert_true(json_is_true(json_object_get(o, "ends_stop")));
    json_decref(o);
}

static void a_version_says_what_booted(void **state)
{
    struct kd_manipulate what = {.api = KD_API_GET_VERSION};
    struct made_record m;
    json_t *o;

    (void)state;
    what.u.version = (struct kd_version){
        .major = 0x040f, .minor = 10586, .machine = 0x8664, .kernel_base_va = 0x96f000};
    made_manipulate(&m, false, &what);
    m.record.is_new_boot = true;
    o = record_of(&m);
    has_text(o, "target", "boot debugger");
    has_number(o, "build", 10586);
    has_text(o, "base", "0x000000000096f000");
    assert_true(json_is_true(json_object_get(o, "new_boot")));
    json_decref(o);
}

static void stops_have_their_numbers(void **state)
{
    struct kd_state_change stop = {.kind = KD_STATE_EXCEPTION,
                                   .pc_va = UINT64_C(0xfffff80000001000),
                                   .exception_code = KD_STATUS_BREAKPOINT};
    struct made_record m;
    json_t *o;

    (void)state;
    made_state_change(&m, &stop, NULL, 0);
    o = record_of(&m);
    has_number(o, "stop", 1);
    has_text(o, "state", "0x00003030");
    has_text(o, "exception", "0x80000003");
    has_text(o, "pc", "0xfffff80000001000");
    assert_true(json_is_true(json_object_get(o, "new_stop")));
    json_decref(o);
    stop.kind = KD_STATE_LOAD_SYMBOLS;
    stop.image_base_va = 0x1000;
    stop.image_size = 77;
    stop.path = (struct kd_span){(const uint8_t *)"hal\xff.dll", 8};
    made_state_change(&m, &stop, NULL, 0);
    o = record_of(&m);
    has_text(o, "base", "0x0000000000001000");
    has_number(o, "size", 77);
    has_text(o, "words", "hal\\xff.dll");
    has_not(o, "exception");
    json_decref(o);
}

static void the_answer_to_a_file_has_its_status(void **state)
{
    uint8_t data[64] = {0x30, 0x34, 0, 0, 0x0f, 0, 0, 0xc0};
    struct made_record m;
    json_t *o;

    (void)state;
    made_packet(&m, true, KD_PACKET_FILE_IO, 0, data, sizeof data);
    o = record_of(&m);
    has_text(o, "ntstatus", "0xc000000f");
    json_decref(o);
    made_packet(&m, true, KD_PACKET_FILE_IO, 0, data, 5);
    o = record_of(&m);
    has_text(o, "kind", "damaged");
    has_not(o, "ntstatus");
    json_decref(o);
}

static void the_summary_counts(void **state)
{
    struct made_record m[3];
    json_t *document, *s, *target;

    (void)state;
    made_record(&m[0], KDT_RECORD_POKE, false);
    made_record(&m[1], KDT_RECORD_BREAK_IN, true);
    made_manipulate(&m[2], true, &(struct kd_manipulate){.api = KD_API_READ_MSR});
    document = document_of(m, 3);
    assert_int_equal(json_array_size(json_object_get(document, "records")), 3);
    s = json_object_get(document, "summary");
    has_number(s, "stops", 3);
    target = json_object_get(s, "from_target");
    has_number(target, "records", 1);
    has_number(target, "wire_bytes", 54);
    has_number(json_object_get(target, "kinds"), "pokes", 1);
    has_not(json_object_get(target, "kinds"), "prints");
    has_number(json_object_get(json_object_get(s, "from_host"), "kinds"), "break-ins", 1);
    has_number(json_object_get(json_object_get(s, "requests"), "ReadMSR"), "requests", 1);
    has_number(json_object_get(s, "round_trips"), "number", 0);
    has_number(json_object_get(s, "freezes"), "without_end", 0);
    has_number(json_object_get(s, "not_verified"), "key", 0);
    has_text(json_array_get(json_object_get(s, "conversations"), 0), "link", "kdnet");
    json_decref(document);
}

static void no_records_are_a_document_too(void **state)
{
    json_t *document = document_of(NULL, 0);

    (void)state;
    assert_int_equal(json_array_size(json_object_get(document, "records")), 0);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_says_where_it_stood),
        cmocka_unit_test(of_what_stays_closed_nothing_is_claimed),
        cmocka_unit_test(packets_of_streams_have_no_datagram),
        cmocka_unit_test(a_reply_has_all_of_it_in_fields),
        cmocka_unit_test(a_request_has_neither_status_nor_result),
        cmocka_unit_test(a_version_says_what_booted),
        cmocka_unit_test(stops_have_their_numbers),
        cmocka_unit_test(the_answer_to_a_file_has_its_status),
        cmocka_unit_test(the_summary_counts),
        cmocka_unit_test(no_records_are_a_document_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
