/* What a halted target answers, and how its statistics judge what it was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "fake_machine.h"
#include "plain_host.h"

#define SUCCESS      0u
#define UNSUCCESSFUL 0xC0000001u
#define RIP          0xF8

static struct plain_host h;
static uint32_t reply_id;   /* of the next reply */
static uint8_t request[56]; /* cleared by begin() */

static void start(uint8_t version)
{
    const struct lab_target_options opts = {.version = version};

    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0);
    reply_id = 2;
}

static int halted(void **state)
{
    (void)state;
    start(4);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    host_stop(&h);
    return 0;
}

static uint8_t *begin(uint32_t api)
{
    memset(request, 0, sizeof request);
    put32(request, api);
    return request;
}

static const uint8_t *ask_with(const void *data, size_t len, size_t *reply_len)
{
    const uint8_t *reply = host_ask(&h, request, data, len, reply_id, reply_len);

    reply_id += 2;
    return reply;
}

static const uint8_t *ask(size_t *reply_len)
{
    return ask_with(NULL, 0, reply_len);
}

static void assert_memory_of(uint64_t at, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], fake_byte(at + i));
}

/* ---- the header ---- */

static void unused_bytes_of_header_and_union_come_back(void **state)
{
    const uint8_t *reply;
    size_t len;

    (void)state;
    memset(begin(READ_VIRTUAL), 0xA5, sizeof request);
    put32(request, READ_VIRTUAL);
    put64(request + 16, FAKE_DATA);
    put32(request + 24, 8);
    reply = ask(&len);
    assert_int_equal(len, 56 + 8);
    assert_memory_equal(reply, request, 8);
    assert_int_equal(get32(reply + 8), SUCCESS);
    assert_memory_equal(reply + 12, request + 12, 16);
    assert_int_equal(get32(reply + 28), 8);
    assert_memory_equal(reply + 32, request + 32, 24);
}

/* ---- memory ---- */

static void assert_read(uint32_t api, uint64_t at, uint32_t count, uint32_t actual, uint32_t status)
{
    const uint8_t *reply;
    size_t len;

    begin(api);
    put64(request + 16, at);
    put32(request + 24, count);
    reply = ask(&len);
    assert_int_equal(get32(reply + 8), status);
    assert_true(get64(reply + 16) == at);
    assert_int_equal(get32(reply + 24), count);
    assert_int_equal(get32(reply + 28), actual);
    assert_int_equal(len, 56 + actual);
    assert_memory_of(at, reply + 56, actual);
}

static void memory_is_read_up_to_1024_bytes_a_request(void **state)
{
    (void)state;
    assert_read(READ_VIRTUAL, FAKE_DATA + 5, 1, 1, SUCCESS);
    assert_read(READ_VIRTUAL, FAKE_DATA + 0xFF0, 1024, 1024, SUCCESS); /* over a page's edge */
    assert_read(READ_VIRTUAL, FAKE_DATA, 1025, 1024, SUCCESS);         /* cut: no failure */
    assert_read(READ_VIRTUAL, FAKE_DATA, 0xFFFFFFFF, 1024, SUCCESS);
    assert_int_equal(host_stats(&h)->bytes_read, 1 + 3 * 1024);
}

static void what_is_not_mapped_is_refused_and_a_prefix_is_given(void **state)
{
    (void)state;
    assert_read(READ_VIRTUAL, FAKE_DATA - 1, 16, 0, UNSUCCESSFUL);
    assert_read(READ_VIRTUAL, 0, 16, 0, UNSUCCESSFUL);
    assert_read(READ_VIRTUAL, UINT64_MAX - 3, 16, 0, UNSUCCESSFUL);
    assert_read(READ_VIRTUAL, FAKE_DATA + FAKE_DATA_LEN - 10, 16, 10, UNSUCCESSFUL);
    assert_read(READ_VIRTUAL, FAKE_DATA + FAKE_DATA_LEN - 10, 4096, 10, UNSUCCESSFUL);
}

static void physical_memory_is_read_the_same_way(void **state)
{
    (void)state;
    assert_read(0x313D, FAKE_PHYSICAL + 0x100, 64, 64, SUCCESS);
    assert_read(0x313D, FAKE_PHYSICAL + FAKE_PHYSICAL_LEN - 4, 8, 4, UNSUCCESSFUL);
    assert_read(0x313D, 0, 8, 0, UNSUCCESSFUL);
}

static uint32_t search(uint64_t start, uint64_t length, const void *pattern, size_t len,
                       uint64_t *found)
{
    const uint8_t *reply;

    begin(0x3156);
    put64(request + 16, start);
    put64(request + 24, length);
    put32(request + 32, (uint32_t)len);
    reply = ask_with(pattern, len, NULL);
    *found = get64(reply + 16);
    return get32(reply + 8);
}

static void memory_is_searched_over_pages_and_holes(void **state)
{
    uint8_t pattern[6];
    uint64_t at = FAKE_DATA + 0x1FFD, found; /* over a page's edge */

    (void)state;
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = fake_byte(at + i);
    assert_int_equal(search(at, sizeof pattern, pattern, sizeof pattern, &found), SUCCESS);
    assert_true(found == at);
    assert_int_equal(search(at, sizeof pattern - 1, pattern, sizeof pattern, &found), 0x8000001A);
    assert_int_equal(search(FAKE_DATA - 0x2000, 0x5000, pattern, sizeof pattern, &found), SUCCESS);
    assert_true(found <= at && found >= FAKE_DATA);
    assert_int_equal(search(FAKE_DATA, UINT64_MAX, "no such bytes here", 18, &found), 0x8000001A);
    assert_int_equal(search(FAKE_DATA, 16, "", 0, &found), UNSUCCESSFUL);
}

static void pages_are_described(void **state)
{
    const uint8_t *reply;

    (void)state;
    put64(begin(0x315C) + 16, FAKE_DATA);
    reply = ask(NULL);
    assert_int_equal(get32(reply + 8), SUCCESS);
    assert_int_equal(get32(reply + 32), 2); /* kernel */
    assert_int_equal(get32(reply + 36), 7);
    put64(begin(0x315C) + 16, 0x7FF600000000);
    reply = ask(NULL);
    assert_int_equal(get32(reply + 32), 0); /* process */
    assert_int_equal(get32(reply + 36), 0);
}

/* ---- identity and registers ---- */

static void the_version_names_the_kernel(void **state)
{
    const uint8_t *reply;
    size_t len;

    (void)state;
    memset(begin(GET_VERSION) + 4, 0xFF, 4); /* as WinDbg asks */
    reply = ask(&len);
    assert_int_equal(len, 56);
    assert_int_equal(get32(reply + 8), SUCCESS);
    assert_int_equal(get16(reply + 16), 0x000F);
    assert_int_equal(get16(reply + 18), 18362);
    assert_int_equal(reply[20], 6);
    assert_int_equal(reply[21], 2);
    assert_int_equal(get16(reply + 22), 7);
    assert_int_equal(get16(reply + 24), 0x8664);
    assert_int_equal(reply[26], 12);
    assert_int_equal(reply[27], 3);
    assert_int_equal(reply[28], 0x31);
    assert_true(get64(reply + 32) == FAKE_KERNEL_BASE);
    assert_true(get64(reply + 40) == 0xFFFFF80100101000);
    assert_true(get64(reply + 48) == 0xFFFFF80100101010);
}

static const uint8_t *control_space(uint16_t processor, uint64_t index, uint32_t count, size_t *len)
{
    put32(begin(READ_CONTROL_SPACE) + 4, (uint32_t)processor << 16);
    put64(request + 16, index);
    put32(request + 24, count);
    return ask(len);
}

static void control_space_is_kept_for_each_processor(void **state)
{
    const uint8_t *reply;
    size_t len;

    (void)state;
    reply = control_space(0, 0, 8, &len);
    assert_int_equal(len, 64);
    assert_true(get64(reply + 56) == 0xFFFFF80100020000);
    reply = control_space(1, 1, 8, &len);
    assert_true(get64(reply + 56) == 0xFFFF800133330180);
    reply = control_space(1, 3, 8, &len);
    assert_true(get64(reply + 56) == 0xFFFF80011111A080);
    reply = control_space(1, 2, 0xE0, &len);
    assert_int_equal(len, 56 + 0xE0);
    assert_int_equal(get32(reply + 28), 0xE0);
    assert_true(get64(reply + 56 + 0x10) == 0x1AD002);           /* Cr3 */
    assert_true((get64(reply + 56 + 0x18) & 0x1000) == 0);       /* Cr4: four levels */
    assert_true(get64(reply + 56 + 0xA8) == 0xFFFF800133330000); /* GsBase */
    reply = control_space(0, 2, 16, &len);                       /* as much as was asked for */
    assert_int_equal(len, 56 + 16);
    assert_int_equal(get32(reply + 28), 16);
    assert_int_equal(get32(control_space(2, 2, 0xE0, &len) + 8), UNSUCCESSFUL);
    assert_int_equal(len, 56);
    assert_int_equal(get32(control_space(0, 4, 8, &len) + 8), UNSUCCESSFUL);
}

static void an_old_target_reports_the_whole_size_of_a_control_space(void **state)
{
    const uint8_t *reply;
    size_t len;

    (void)state;
    start(2);
    reply = control_space(0, 2, 16, &len);
    assert_int_equal(len, 56 + 16);
    assert_int_equal(get32(reply + 28), 0xE0);
}

static void machine_specific_registers_are_known_or_refused(void **state)
{
    const uint8_t *reply;

    (void)state;
    put32(begin(0x3152) + 16, 0xC0000101);
    reply = ask(NULL);
    assert_int_equal(get32(reply + 8), SUCCESS);
    assert_int_equal(get32(reply + 20), 0x00020000);
    assert_int_equal(get32(reply + 24), 0xFFFFF801);
    put32(begin(0x3152) + 16, 0x12345678);
    assert_int_equal(get32(ask(NULL) + 8), 0xC000000E);
}

static void get_whole_context(uint16_t processor, uint8_t context[CONTEXT_LEN])
{
    const uint8_t *reply;
    size_t len;

    put32(begin(GET_CONTEXT) + 4, (uint32_t)processor << 16);
    reply = ask(&len);
    assert_int_equal(get32(reply + 8), SUCCESS);
    assert_int_equal(len, 56 + CONTEXT_LEN);
    memcpy(context, reply + 56, CONTEXT_LEN);
}

static uint32_t get_slice(uint32_t offset, uint32_t count, uint8_t *out, uint32_t *copied)
{
    const uint8_t *reply;
    size_t len;

    begin(GET_CONTEXT_EX);
    put32(request + 16, offset);
    put32(request + 20, count);
    reply = ask(&len);
    *copied = get32(reply + 24);
    assert_int_equal(len, 56 + *copied);
    memcpy(out, reply + 56, *copied);
    return get32(reply + 8);
}

static void a_context_comes_whole_or_in_slices(void **state)
{
    uint8_t whole[CONTEXT_LEN], sliced[CONTEXT_LEN];
    uint32_t copied;

    (void)state;
    get_whole_context(0, whole);
    assert_int_equal(get32(whole + 0x30), 0x10001F);
    assert_true(get64(whole + RIP) == FAKE_BREAK_PC);
    assert_int_equal(get_slice(0, 1024, sliced, &copied), SUCCESS);
    assert_int_equal(copied, 1024);
    assert_int_equal(get_slice(1024, 1024, sliced + 1024, &copied), SUCCESS);
    assert_int_equal(copied, CONTEXT_LEN - 1024);
    assert_memory_equal(sliced, whole, CONTEXT_LEN);
    assert_int_equal(get_slice(CONTEXT_LEN, 1, sliced, &copied), UNSUCCESSFUL);
    assert_int_equal(copied, 0);
    get_whole_context(1, whole);
    assert_true(get64(whole + RIP) != FAKE_BREAK_PC);
}

static void a_new_target_gives_a_context_in_slices_only(void **state)
{
    uint8_t slice[CONTEXT_LEN];
    uint32_t copied;

    (void)state;
    start(5);
    begin(GET_CONTEXT);
    assert_int_equal(get32(ask(NULL) + 8), UNSUCCESSFUL);
    assert_int_equal(get_slice(0, CONTEXT_LEN, slice, &copied), SUCCESS);
    assert_int_equal(copied, 0x448); /* what a packet holds */
    assert_int_equal(get_slice(0x448, CONTEXT_LEN, slice, &copied), SUCCESS);
    assert_int_equal(copied, 0x88);
}

static void an_old_target_gives_a_context_whole_only(void **state)
{
    uint8_t context[CONTEXT_LEN];
    uint32_t copied;

    (void)state;
    start(2);
    assert_int_equal(get_slice(0, CONTEXT_LEN, context, &copied), UNSUCCESSFUL);
    get_whole_context(0, context);
}

/* ---- what alters ---- */

static void set_whole(uint16_t processor, const uint8_t context[CONTEXT_LEN])
{
    put32(begin(SET_CONTEXT) + 4, (uint32_t)processor << 16);
    put32(request + 16, 0xDEADBEEF); /* ContextFlags beside the context: garbage, ignored */
    assert_int_equal(get32(ask_with(context, CONTEXT_LEN, NULL) + 8), SUCCESS);
}

static void assert_counts(uint64_t advances, uint64_t unchanged, uint64_t altering)
{
    assert_int_equal(host_stats(&h)->rip_advances, advances);
    assert_int_equal(host_stats(&h)->rip_unchanged, unchanged);
    assert_int_equal(host_stats(&h)->altering, altering);
}

static void only_rip_plus_one_is_permitted_whatever_else_is_changed(void **state)
{
    uint8_t c[CONTEXT_LEN];
    uint64_t altering = 0;

    (void)state;
    get_whole_context(0, c);
    for (size_t i = 0; i < CONTEXT_LEN; i += 37) { /* any byte beside Rip */
        if (i >= RIP && i < RIP + 8)
            continue;
        put64(c + RIP, FAKE_BREAK_PC + 1);
        c[i] ^= 1;
        set_whole(0, c);
        assert_counts(0, 0, ++altering);
        c[i] ^= 1;
    }
    put64(c + RIP, FAKE_BREAK_PC + 2);
    set_whole(0, c);
    assert_counts(0, 0, ++altering);
    put64(c + RIP, FAKE_BREAK_PC); /* unchanged: nothing to continue with */
    set_whole(0, c);
    assert_counts(0, 0, ++altering);
    put64(c + RIP, FAKE_BREAK_PC + 1);
    set_whole(0, c);
    assert_counts(1, 0, altering);
    set_whole(0, c); /* repeated, because our ACK was lost */
    assert_counts(2, 0, altering);
    set_whole(1, c); /* the other processor stands at no int3 */
    assert_counts(2, 0, altering + 1);
}

static uint32_t set_slice(uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    begin(SET_CONTEXT_EX);
    put32(request + 16, offset);
    put32(request + 20, len);
    return get32(ask_with(bytes, len, NULL) + 8);
}

static void slices_are_judged_one_by_one(void **state)
{
    uint8_t c[CONTEXT_LEN], now[CONTEXT_LEN];

    (void)state;
    get_whole_context(0, c);
    assert_int_equal(set_slice(RIP + 8, c + RIP + 8, 512), SUCCESS);
    assert_counts(0, 1, 0);
    assert_int_equal(set_slice(0, c, 1024), SUCCESS); /* Rip as it was */
    assert_counts(0, 1, 1);
    put64(c + RIP, FAKE_BREAK_PC + 1);
    assert_int_equal(set_slice(0, c, 1024), SUCCESS);
    assert_counts(1, 1, 1);
    assert_int_equal(set_slice(RIP, c + RIP, 8), SUCCESS);
    assert_counts(2, 1, 1);
    c[RIP + 8] ^= 1;
    assert_int_equal(set_slice(RIP + 8, c + RIP + 8, 16), SUCCESS);
    assert_counts(2, 1, 2);
    get_whole_context(0, now);
    assert_memory_equal(now, c, CONTEXT_LEN); /* all of them were done */
    assert_int_equal(set_slice(CONTEXT_LEN - 8, c, 16), UNSUCCESSFUL);
    assert_int_equal(set_slice(CONTEXT_LEN, c, 8), UNSUCCESSFUL);
    assert_int_equal(set_slice(0xFFFFFFFF, c, 8), UNSUCCESSFUL);
    assert_counts(2, 1, 5);
}

static void what_writes_is_refused_and_counted(void **state)
{
    static const uint32_t writing[] = {0x3131, 0x3134, 0x3135, 0x3138, 0x3139, 0x313A, 0x313E,
                                       0x3142, 0x3144, 0x3145, 0x3147, 0x3148, 0x3153, 0x3158,
                                       0x315B, 0x315D, 0x315E, 0x3000, 0x314A, 0x3161, 0xFFFFFFFF};
    size_t n = sizeof writing / sizeof *writing;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        begin(writing[i]);
        assert_int_equal(get32(ask_with("data", 4, NULL) + 8), UNSUCCESSFUL);
        assert_counts(0, 0, i + 1);
    }
    begin(0x315A); /* clears all internal breakpoints: acknowledged and no more */
    host_request(&h, request, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_silence(&h);
    assert_counts(0, 0, n + 1);
}

static void what_only_reads_is_not_counted_as_altering(void **state)
{
    static const uint32_t reading[] = {READ_VIRTUAL, GET_CONTEXT, READ_CONTROL_SPACE,
                                       0x313D,       0x3143,      GET_VERSION,
                                       0x3152,       0x3156,      0x3157,
                                       0x3159,       0x315C,      GET_CONTEXT_EX};

    (void)state;
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++) {
        begin(reading[i]);
        ask(NULL);
    }
    assert_counts(0, 0, 0);
    assert_int_equal(host_stats(&h)->requests, sizeof reading / sizeof *reading);
}

/* Send a request that has no reply. */
static void tell(void)
{
    host_request(&h, request, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id += 2;
}

static void continuing_otherwise_than_a_reader_may_is_counted(void **state)
{
    (void)state;
    put32(begin(CONTINUE) + 16, 0x00010002);
    tell();
    assert_counts(0, 0, 0);
    host_expect_data(&h, STATE_CHANGE, 2, NULL); /* Rip was left at the int3 */
    host_control(&h, ACKNOWLEDGE, 2);
    put32(begin(CONTINUE) + 16, 0x00010001);
    tell();
    assert_counts(0, 0, 1);
    host_expect_data(&h, STATE_CHANGE, 4, NULL);
    host_control(&h, ACKNOWLEDGE, 4);
    put32(begin(0x313C) + 16, 0x00010002); /* Continue2 writes Dr7 */
    tell();
    assert_counts(0, 0, 2);
}

static void switching_processors_reports_the_other_one(void **state)
{
    const uint8_t *d;

    (void)state;
    put32(begin(0x3150) + 4, 1u << 16);
    tell();
    d = host_expect_data(&h, STATE_CHANGE, 2, NULL);
    assert_int_equal(get32(d), 0x3030);
    assert_int_equal(get16(d + 6), 1);
    assert_true(get64(d + 24) != FAKE_BREAK_PC);
    host_control(&h, ACKNOWLEDGE, 2);
    put32(begin(CONTINUE) + 16, 0x00010002); /* processor 0 still stands at its int3 */
    tell();
    d = host_expect_data(&h, STATE_CHANGE, 4, NULL);
    assert_int_equal(get16(d + 6), 0);
    assert_true(get64(d + 24) == FAKE_BREAK_PC);
}

static void a_reboot_asked_for_reboots(void **state)
{
    (void)state;
    begin(0x313B);
    tell();
    assert_true(lab_target_is_running(h.target));
    assert_counts(0, 0, 1);
    host_wait(&h, 0);
    host_expect_poke(&h);
    assert_int_equal(h.poke_sequence, 3);
}

/* ---- statistics ---- */

static void statistics_are_json(void **state)
{
    json_t *o, *freezes;
    char *text;

    (void)state;
    assert_read(READ_VIRTUAL, FAKE_DATA, 100, 100, SUCCESS);
    assert_read(READ_VIRTUAL, FAKE_DATA, 100, 100, SUCCESS);
    begin(0x4242);
    ask(NULL);
    host_wait(&h, SECOND_US);
    text = lab_target_stats_json(h.target, h.now_us);
    o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "kernel")), "fake");
    assert_int_equal(json_integer_value(json_object_get(o, "requests_total")), 3);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(o, "requests"), "ReadVirtualMemory")),
        2);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "requests"), "unknown")),
                     1);
    assert_int_equal(json_integer_value(json_object_get(o, "altering")), 1);
    assert_int_equal(json_integer_value(json_object_get(o, "bytes_read")), 200);
    assert_true(json_is_false(json_object_get(o, "left_running")));
    assert_true(json_is_true(json_object_get(o, "halted")));
    freezes = json_object_get(o, "freezes");
    assert_int_equal(json_integer_value(json_object_get(freezes, "count")), 1);
    assert_true(json_real_value(json_object_get(freezes, "total_ms")) == 1000.0);
    assert_int_equal(json_array_size(json_object_get(freezes, "each_ms")), 1);
    json_decref(o);
}

#define HALTED(name) cmocka_unit_test_setup_teardown(name, halted, stop)
#define STARTS(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        HALTED(unused_bytes_of_header_and_union_come_back),
        HALTED(memory_is_read_up_to_1024_bytes_a_request),
        HALTED(what_is_not_mapped_is_refused_and_a_prefix_is_given),
        HALTED(physical_memory_is_read_the_same_way),
        HALTED(memory_is_searched_over_pages_and_holes),
        HALTED(pages_are_described),
        HALTED(the_version_names_the_kernel),
        HALTED(control_space_is_kept_for_each_processor),
        STARTS(an_old_target_reports_the_whole_size_of_a_control_space),
        HALTED(machine_specific_registers_are_known_or_refused),
        HALTED(a_context_comes_whole_or_in_slices),
        STARTS(a_new_target_gives_a_context_in_slices_only),
        STARTS(an_old_target_gives_a_context_whole_only),
        HALTED(only_rip_plus_one_is_permitted_whatever_else_is_changed),
        HALTED(slices_are_judged_one_by_one),
        HALTED(what_writes_is_refused_and_counted),
        HALTED(what_only_reads_is_not_counted_as_altering),
        HALTED(continuing_otherwise_than_a_reader_may_is_counted),
        HALTED(switching_processors_reports_the_other_one),
        HALTED(a_reboot_asked_for_reboots),
        HALTED(statistics_are_json),
    };
    return cmocka_run_group_tests_name("lab.test_target_requests", tests, NULL, NULL);
}
