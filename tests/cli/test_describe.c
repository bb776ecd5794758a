#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "describe.h"
#include "support/made_record.h"

#include <kdproto/file_io.h>

#include <inttypes.h>

/* What is said of a record, and the words in it; NULL: none. */
static void assert_described(const struct made_record *m, enum describe_kind kind,
                             const char *meaning, const char *words)
{
    struct description d;

    assert_int_equal(describe_kind(&m->record), kind);
    describe_record(&m->record, NULL, &d);
    assert_string_equal(d.meaning.len ? d.meaning.chars : "", meaning);
    assert_string_equal(d.words.len ? d.words.chars : "", words ? words : "");
    describe_free(&d);
}

/* --- KDNET ------------------------------------------------------------------------------------- */

/* v4 addresses, written into a poke as section 1.7 has them. */
static void put_address(uint8_t *at, uint8_t last_byte, uint16_t port)
{
    memset(at, 0, 18);
    at[10] = at[11] = 0xff;
    at[12] = 10;
    at[15] = last_byte;
    at[16] = (uint8_t)(port >> 8);
    at[17] = (uint8_t)port;
}

static void make_poke(struct made_record *m, uint8_t connected, uint16_t port)
{
    made_record(m, KDT_RECORD_POKE, false);
    m->bytes[0] = m->bytes[1] = 1;
    put_address(m->bytes + 34, 2, 50001);
    put_address(m->bytes + 52, 1, 50000);
    put_address(m->bytes + 70, connected, port);
    m->record.datagram.is_control = true;
    m->record.datagram.payload = (struct kd_span){m->bytes, KDNET_POKE_LEN};
}

static void a_poke_says_who_calls_whom(void **state)
{
    struct made_record m;

    (void)state;
    make_poke(&m, 0, 0);
    assert_described(&m, DESCRIBE_POKE, "10.0.0.2:50001 calls 10.0.0.1:50000, no session", NULL);
    make_poke(&m, 1, 50000);
    assert_described(&m, DESCRIBE_POKE, "10.0.0.2:50001 calls 10.0.0.1:50000, in session", NULL);
    make_poke(&m, 9, 50000);
    assert_described(&m, DESCRIBE_POKE,
                     "10.0.0.2:50001 calls 10.0.0.1:50000, session with 10.0.0.9:50000", NULL);
}

static void some_need_no_more_than_their_label(void **state)
{
    static const struct {
        enum kdt_record_kind kind;
        enum describe_kind described;
        const char *label;
    } rows[] = {{KDT_RECORD_RESPONSE, DESCRIBE_RESPONSE, "response"},
                {KDT_RECORD_HOST_POKE, DESCRIBE_HOST_POKE, "host poke"},
                {KDT_RECORD_PING, DESCRIBE_PING, "ping"},
                {KDT_RECORD_BREAK_IN, DESCRIBE_BREAK_IN, "break-in"}};
    struct made_record m;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        made_record(&m, rows[i].kind, true);
        assert_described(&m, rows[i].described, "", NULL);
        assert_string_equal(describe_kind_label(rows[i].described), rows[i].label);
    }
}

static void what_could_not_be_opened_says_why(void **state)
{
    struct made_record m;

    (void)state;
    made_record(&m, KDT_RECORD_UNVERIFIED, false);
    m.record.status = KD_ERR_AUTH;
    assert_described(&m, DESCRIBE_UNVERIFIED, "54 bytes: it is damaged, or the key is another",
                     NULL);
    m.record.status = KD_ERR_NOT_FOUND;
    assert_described(&m, DESCRIBE_UNVERIFIED, "54 bytes: its handshake is not in the recording",
                     NULL);
    m.record.status = KD_ERR_USAGE;
    assert_described(&m, DESCRIBE_UNVERIFIED, "54 bytes: no key was given", NULL);
    m.record.status = KD_ERR_UNSUPPORTED;
    assert_described(&m, DESCRIBE_UNVERIFIED, "54 bytes: not supported", NULL);
}

static void what_makes_no_sense_is_described_by_its_length(void **state)
{
    struct made_record m;

    (void)state;
    made_record(&m, KDT_RECORD_DAMAGED, false);
    assert_described(&m, DESCRIBE_DAMAGED, "54 bytes that are no packet", NULL);
    made_packet(&m, false, KD_PACKET_STATE_CHANGE64, 2, "1234", 4);
    assert_described(&m, DESCRIBE_DAMAGED, "STATE_CHANGE64 of 4 bytes that make no sense", NULL);
    made_packet(&m, false, KD_PACKET_STATE_MANIPULATE, 2, "12345", 5);
    assert_described(&m, DESCRIBE_DAMAGED, "STATE_MANIPULATE of 5 bytes that make no sense", NULL);
    made_packet(&m, false, KD_PACKET_DEBUG_IO, 2, "123456", 6);
    assert_described(&m, DESCRIBE_DAMAGED, "DEBUG_IO of 6 bytes that make no sense", NULL);
    made_packet(&m, false, KD_PACKET_FILE_IO, 2, "1234567", 7);
    assert_described(&m, DESCRIBE_DAMAGED, "FILE_IO of 7 bytes that make no sense", NULL);
    made_record(&m, KDT_RECORD_UNKNOWN, false);
    m.record.datagram.payload.len = 3;
    assert_described(&m, DESCRIBE_UNKNOWN, "data payload of 3 bytes", NULL);
}

static void addresses_of_both_families_can_be_read(void **state)
{
    struct kdt_endpoint v6 = {{0xfe, 0x80, [15] = 0x1f}, 50000};
    struct kdt_endpoint v4 = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, 50000};
    struct text t = {0};

    (void)state;
    describe_endpoint(&v6, &t);
    text_add(&t, " ");
    describe_endpoint(&v4, &t);
    assert_string_equal(t.chars, "[fe80:0:0:0:0:0:0:1f]:50000 192.0.2.1:50000");
    free(text_take(&t));
}

/* --- packets ----------------------------------------------------------------------------------- */

static void control_packets_have_labels(void **state)
{
    struct made_record m;

    (void)state;
    made_packet(&m, true, KD_PACKET_ACKNOWLEDGE, 2, NULL, 0);
    assert_described(&m, DESCRIBE_ACKNOWLEDGE, "", NULL);
    made_packet(&m, true, KD_PACKET_RESEND, 2, NULL, 0);
    assert_described(&m, DESCRIBE_RESEND, "", NULL);
    made_packet(&m, true, KD_PACKET_RESET, 2, NULL, 0);
    assert_described(&m, DESCRIBE_RESET, "", NULL);
}

static void other_packets_are_named_or_numbered(void **state)
{
    struct made_record m;

    (void)state;
    made_packet(&m, false, KD_PACKET_TRACE_IO, 2, "abc", 3);
    assert_described(&m, DESCRIBE_OTHER_PACKET, "TRACE_IO, 3 bytes", NULL);
    made_packet(&m, false, 77, 2, "abc", 3);
    assert_described(&m, DESCRIBE_OTHER_PACKET, "type 77, 3 bytes", NULL);
}

static void what_is_said_again_is_marked(void **state)
{
    struct made_record m;

    (void)state;
    made_packet(&m, false, KD_PACKET_TRACE_IO, 2, "abc", 3);
    m.record.is_repeat = true;
    assert_described(&m, DESCRIBE_OTHER_PACKET, "TRACE_IO, 3 bytes (repeated)", NULL);
}

static void an_exception_has_a_name_and_a_place(void **state)
{
    const struct kd_state_change stop = {.kind = KD_STATE_EXCEPTION,
                                         .processor = 1,
                                         .processor_count = 4,
                                         .pc_va = UINT64_C(0xfffff8026e5fc1f0),
                                         .exception_code = KD_STATUS_BREAKPOINT};
    struct made_record m;

    (void)state;
    made_state_change(&m, &stop, NULL, 0);
    m.record.state_change.is_first_chance = true;
    assert_described(&m, DESCRIBE_EXCEPTION,
                     "stop 1: 0x80000003 STATUS_BREAKPOINT at 0xfffff8026e5fc1f0, processor 1 of 4",
                     NULL);
    m.record.state_change.is_first_chance = false;
    m.record.state_change.processor_count = 1;
    m.record.state_change.exception_code = 0xe0000001;
    m.record.is_new_stop = false;
    assert_described(&m, DESCRIBE_EXCEPTION,
                     "stop 1 again: 0xe0000001 at 0xfffff8026e5fc1f0, second chance", NULL);
    m.record.is_repeat = true;
    assert_described(&m, DESCRIBE_EXCEPTION,
                     "stop 1: 0xe0000001 at 0xfffff8026e5fc1f0, second chance (repeated)", NULL);
}

static void loading_and_unloading_images(void **state)
{
    struct kd_state_change stop = {
        .kind = KD_STATE_LOAD_SYMBOLS, .image_base_va = 0x96f000, .image_size = 0x17d000};
    struct made_record m;

    (void)state;
    stop.path = (struct kd_span){(const uint8_t *)"win\x1bload.efi", 12};
    made_state_change(&m, &stop, NULL, 0);
    assert_described(&m, DESCRIBE_LOAD_SYMBOLS,
                     "stop 1: load symbols of win\\x1bload.efi, base 0x96f000, size 0x17d000",
                     "win\\x1bload.efi");
    stop.path.len = 0;
    stop.is_unload = true;
    made_state_change(&m, &stop, NULL, 0);
    assert_described(&m, DESCRIBE_LOAD_SYMBOLS,
                     "stop 1: unload symbols of a nameless image, base 0x96f000, size 0x17d000",
                     NULL);
    stop.image_base_va = UINT64_MAX;
    made_state_change(&m, &stop, NULL, 0);
    assert_described(&m, DESCRIBE_LOAD_SYMBOLS, "stop 1: the target leaves this stage", NULL);
}

static void other_state_changes(void **state)
{
    struct kd_state_change stop = {.kind = KD_STATE_COMMAND_STRING};
    struct made_record m;

    (void)state;
    made_state_change(&m, &stop, "who\0!do", 8);
    assert_described(&m, DESCRIBE_OTHER_STATE_CHANGE, "stop 1: command string \"who\\x00!do\\x00\"",
                     "who\\x00!do\\x00");
    made_state_change(&m, &stop, NULL, 0);
    assert_described(&m, DESCRIBE_OTHER_STATE_CHANGE, "stop 1: command string \"\"", NULL);
    stop.kind = 0x3099;
    made_state_change(&m, &stop, NULL, 0);
    assert_described(&m, DESCRIBE_OTHER_STATE_CHANGE, "stop 1: state 0x3099", NULL);
}

/* Header of section 3.10: function, processor level and number, two lengths. */
static void make_debug_io(struct made_record *m, bool is_from_host, uint8_t function,
                          uint8_t first_len, uint8_t second_len, const char *text)
{
    uint8_t data[64] = {function, 0x32, [8] = first_len, [12] = second_len};

    memcpy(data + 16, text, strlen(text));
    made_packet(m, is_from_host, KD_PACKET_DEBUG_IO, 0, data, 16 + strlen(text));
}

static void a_print_cannot_move_the_cursor(void **state)
{
    struct made_record m;

    (void)state;
    make_debug_io(&m, false, 0x30, 5, 0,
                  "hi\x1b"
                  "c\n");
    assert_described(&m, DESCRIBE_PRINT, "\"hi\\x1bc\\n\"", "hi\\x1bc\\n");
    make_debug_io(&m, false, 0x30, 200, 0, "longer than it is");
    assert_described(&m, DESCRIBE_PRINT, "\"longer than it is\"", "longer than it is");
}

static void prompts_and_their_answers(void **state)
{
    struct made_record m;

    (void)state;
    make_debug_io(&m, false, 0x31, 7, 80, "Break? ");
    assert_described(&m, DESCRIBE_PROMPT, "\"Break? \"", "Break? ");
    make_debug_io(&m, true, 0x31, 7, 1, "ixx");
    assert_described(&m, DESCRIBE_ANSWER, "\"i\"", "i");
    make_debug_io(&m, true, 0x31, 7, 255, "ixx");
    assert_described(&m, DESCRIBE_ANSWER, "\"ixx\"", "ixx");
    make_debug_io(&m, true, 0x31, 7, 0, "");
    assert_described(&m, DESCRIBE_ANSWER, "\"\"", NULL);
}

static void files_are_named_in_full(void **state)
{
    static const uint8_t path[] = {'\\', 0, 0xe9, 0, 0x07, 0, 0x3d, 0xd8, 0x00, 0xde, 0, 0};
    uint8_t data[KD_FILE_IO_HEADER_LEN + sizeof path] = {0x30, 0x34};
    struct made_record m;

    (void)state;
    memcpy(data + KD_FILE_IO_HEADER_LEN, path, sizeof path);
    made_packet(&m, false, KD_PACKET_FILE_IO, 0, data, sizeof data);
    assert_described(&m, DESCRIBE_FILE_REQUEST, "create \\\xc3\xa9\\x07\xf0\x9f\x98\x80",
                     "\\\xc3\xa9\\x07\xf0\x9f\x98\x80");
    data[4] = 0x0f;
    data[7] = 0xc0;
    made_packet(&m, true, KD_PACKET_FILE_IO, 0, data, KD_FILE_IO_HEADER_LEN);
    assert_described(&m, DESCRIBE_FILE_ANSWER, "create: 0xc000000f STATUS_NO_SUCH_FILE", NULL);
}

static void other_uses_of_files(void **state)
{
    uint8_t data[KD_FILE_IO_HEADER_LEN] = {0x31, 0x34, [8] = 5, [17] = 0x10, [24] = 200};
    struct made_record m;

    (void)state;
    made_packet(&m, false, KD_PACKET_FILE_IO, 0, data, sizeof data);
    assert_described(&m, DESCRIBE_FILE_REQUEST, "read handle 0x5, offset 0x1000, 200 bytes", NULL);
    data[0] = 0x33;
    made_packet(&m, false, KD_PACKET_FILE_IO, 0, data, sizeof data);
    assert_described(&m, DESCRIBE_FILE_REQUEST, "close handle 0x5", NULL);
    data[0] = 0x77;
    made_packet(&m, true, KD_PACKET_FILE_IO, 0, data, sizeof data);
    assert_described(&m, DESCRIBE_FILE_ANSWER, "function 0x3477: 0x00000000 STATUS_SUCCESS", NULL);
}

static void every_kind_has_a_label_and_a_plural(void **state)
{
    (void)state;
    for (int kind = 0; kind < DESCRIBE_KINDS; kind++) {
        assert_true(strlen(describe_kind_label(kind)) > 0);
        assert_true(strlen(describe_kind_plural(kind)) > 0);
        for (int other = 0; other < kind; other++)
            assert_string_not_equal(describe_kind_plural(kind), describe_kind_plural(other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poke_says_who_calls_whom),
        cmocka_unit_test(some_need_no_more_than_their_label),
        cmocka_unit_test(what_could_not_be_opened_says_why),
        cmocka_unit_test(what_makes_no_sense_is_described_by_its_length),
        cmocka_unit_test(addresses_of_both_families_can_be_read),
        cmocka_unit_test(control_packets_have_labels),
        cmocka_unit_test(other_packets_are_named_or_numbered),
        cmocka_unit_test(what_is_said_again_is_marked),
        cmocka_unit_test(an_exception_has_a_name_and_a_place),
        cmocka_unit_test(loading_and_unloading_images),
        cmocka_unit_test(other_state_changes),
        cmocka_unit_test(a_print_cannot_move_the_cursor),
        cmocka_unit_test(prompts_and_their_answers),
        cmocka_unit_test(files_are_named_in_full),
        cmocka_unit_test(other_uses_of_files),
        cmocka_unit_test(every_kind_has_a_label_and_a_plural),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
