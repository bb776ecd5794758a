/* From the wire to the fields: real datagrams opened, taken apart as packets, and each field
 * compared with what is known of it. First the ones of vectors_kdnet.h, then those of the recorded
 * session captures/windbg-uncut.pcapng (#n: its n-th datagram), which is skipped where absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/context_x64.h>
#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>
#include <kdproto/kdnet_tap.h>
#include <kdproto/manipulate.h>
#include <kdproto/packet.h>
#include <kdproto/state_change.h>

#include "support/hex.h"
#include "support/pcapng_min.h"
#include "support/test_crypto.h"
#include "vectors_kdnet.h"

static struct test_crypto crypto;

struct seen { /* one datagram, opened; the packet's data lie in plain */
    uint8_t plain[KDNET_DATAGRAM_MAX];
    size_t len; /* on the wire */
    struct kdnet_datagram d;
    struct kd_packet packet;
};

static struct kdnet_key key_of(const char *text)
{
    struct kdnet_key key;

    assert_int_equal(kdnet_key_parse(text, strlen(text), NULL, &key), KD_OK);
    return key;
}

static void open_vector(struct seen *s, const char *hex, const char *key_text,
                        const char *data_key_hex)
{
    struct kdnet_key key = key_of(key_text);
    uint8_t bytes[KDNET_DATAGRAM_MAX], data_key[KD_KEY_LEN];

    s->len = hex_decode(hex, bytes, sizeof bytes);
    hex_decode(data_key_hex, data_key, sizeof data_key);
    assert_int_equal(kdnet_open(&crypto.table, &key, data_key, bytes, s->len, s->plain, &s->d),
                     KD_OK);
}

static void take_packet(struct seen *s)
{
    assert_int_equal(kd_packet_decode(s->d.payload.data, s->d.payload.len, &s->packet), KD_OK);
}

static void open_c4(struct seen *s, const char *hex)
{
    open_vector(s, hex, C4_KEY, C4_DATA_KEY);
    take_packet(s);
}

static void open_c2(struct seen *s, const char *hex)
{
    open_vector(s, hex, C2_KEY, C2_DATA_KEY);
    take_packet(s);
}

static void expect_packet(const struct seen *s, bool is_control, uint16_t type, uint32_t id,
                          size_t len, uint32_t checksum)
{
    assert_int_equal(s->packet.is_control, is_control);
    assert_int_equal(s->packet.type, type);
    assert_int_equal(s->packet.id, id);
    assert_int_equal(s->packet.len, len);
    assert_int_equal(kd_checksum(s->packet.data, s->packet.len), checksum);
}

static void expect_control(const char *hex, bool is_c2, uint16_t type, uint32_t id)
{
    struct seen s;

    if (is_c2)
        open_c2(&s, hex);
    else
        open_c4(&s, hex);
    expect_packet(&s, true, type, id, 0, 0);
}

static struct kd_manipulate manipulate_of(const struct seen *s)
{
    struct kd_manipulate m;

    assert_int_equal(s->packet.type, KD_PACKET_STATE_MANIPULATE);
    assert_int_equal(kd_manipulate_decode(s->packet.data, s->packet.len, !s->d.from_host, &m),
                     KD_OK);
    return m;
}

static struct kd_state_change state_of(const struct seen *s)
{
    struct kd_state_change sc;

    assert_int_equal(s->packet.type, KD_PACKET_STATE_CHANGE64);
    assert_int_equal(kd_state_change_decode(s->packet.data, s->packet.len, &sc), KD_OK);
    return sc;
}

static void expect_bytes(const void *at, const char *hex)
{
    uint8_t expected[64];
    size_t len = hex_decode(hex, expected, sizeof expected);

    assert_memory_equal(at, expected, len);
}

/* ---- the vectors ---- */

static void v3_is_a_ping(void **state)
{
    struct seen s;

    (void)state;
    open_vector(&s, v3, C4_KEY, C4_DATA_KEY);
    assert_int_equal(s.d.payload.len, KDNET_PING_LEN);
    expect_bytes(s.d.payload.data, "0000000000000000 0102a8c0");
}

static void v4_is_a_print(void **state)
{
    struct kd_debug_io io;
    struct seen s;

    (void)state;
    open_c4(&s, v4);
    expect_packet(&s, false, KD_PACKET_DEBUG_IO, 0, 46, 0xBDF);
    assert_int_equal(kd_debug_io_decode(s.packet.data, s.packet.len, &io), KD_OK);
    assert_int_equal(io.kind, KD_DEBUG_IO_PRINT);
    assert_int_equal(io.text.len, 30);
    assert_memory_equal(io.text.data, "BD: Boot Debugger Initialized\n", 30);
}

static void v5_v6_v15_v16_v21_v22_are_control_packets(void **state)
{
    (void)state;
    expect_control(v5, false, KD_PACKET_RESEND, 0);
    expect_control(v6, false, KD_PACKET_ACKNOWLEDGE, 0);
    expect_control(v15, false, KD_PACKET_RESET, 0x80000060);
    expect_control(v16, false, KD_PACKET_RESET, 0x62);
    expect_control(v21, true, KD_PACKET_RESET, 0x80000000);
    expect_control(v22, true, KD_PACKET_RESET, 0x926);
}

static void v7_reports_a_boot_module(void **state)
{
    struct kd_state_change sc;
    struct seen s;

    (void)state;
    open_c4(&s, v7);
    expect_packet(&s, false, KD_PACKET_STATE_CHANGE64, 2, 252, 0x2F4C);
    sc = state_of(&s);
    assert_int_equal(sc.kind, KD_STATE_LOAD_SYMBOLS);
    assert_int_equal(sc.processor, 0);
    assert_int_equal(sc.processor_count, 1);
    assert_true(sc.thread_va == 0);
    assert_true(sc.pc_va == 0xA79685);
    assert_true(sc.image_base_va == 0x96F000);
    assert_true(sc.process_id == UINT64_MAX);
    assert_int_equal(sc.image_checksum, 0x149E3F);
    assert_int_equal(sc.image_size, 0x17D000);
    assert_false(sc.is_unload);
    assert_int_equal(sc.path.len, 11); /* PathNameLength 12 counts the NUL */
    assert_memory_equal(sc.path.data, "winload.efi", 12);
    assert_true(sc.dr6 == 0xFFFE0FF0);
    assert_true(sc.dr7 == 0x400);
    assert_int_equal(sc.eflags, 6);
    assert_int_equal(sc.code_len, 16);
    expect_bytes(sc.code, "ccc3cccc");
    assert_int_equal(sc.report_flags, 1);
    assert_int_equal(sc.cs, 0x10);
}

static void v8_asks_for_the_version(void **state)
{
    struct kd_manipulate m;
    struct seen s;

    (void)state;
    open_c4(&s, v8);
    expect_packet(&s, false, KD_PACKET_STATE_MANIPULATE, 0x80000000, 56, 0x10C0);
    m = manipulate_of(&s);
    assert_int_equal(m.api, KD_API_GET_VERSION);
    assert_int_equal(m.processor_level, 0xFFFF);
    assert_int_equal(m.processor, 0xFFFF);
    assert_int_equal(m.status, 0x103);
}

static void v9_is_the_version_of_a_boot_debugger(void **state)
{
    struct kd_manipulate m;
    struct seen s;

    (void)state;
    open_c4(&s, v9);
    expect_packet(&s, false, KD_PACKET_STATE_MANIPULATE, 4, 56, 0x9AA);
    m = manipulate_of(&s);
    assert_int_equal(m.api, KD_API_GET_VERSION);
    assert_int_equal(m.u.version.major, 0x040F);
    assert_int_equal(m.u.version.minor, 10586);
    assert_int_equal(m.u.version.protocol, 6);
    assert_int_equal(m.u.version.secondary, 2);
    assert_int_equal(m.u.version.flags, 2);
    assert_int_equal(m.u.version.machine, 0x8664);
    assert_int_equal(m.u.version.max_packet_type, 0x0C);
    assert_int_equal(m.u.version.max_state_change, 0x32);
    assert_int_equal(m.u.version.max_manipulate, 0x59);
    assert_int_equal(m.u.version.simulation, 0);
    assert_true(m.u.version.kernel_base_va == 0x96F000);
    assert_true(m.u.version.module_list_va == 0xAD5E60);
    assert_true(m.u.version.debugger_data_list_va == 0);
}

static void v10_and_v11_read_sixteen_bytes(void **state)
{
    struct kd_manipulate request, reply;
    struct kd_span data;
    struct seen asked, answered;

    (void)state;
    open_c4(&asked, v10);
    assert_int_equal(asked.packet.id, 0x80000002);
    request = manipulate_of(&asked);
    assert_int_equal(request.api, KD_API_READ_VIRTUAL);
    assert_true(request.u.memory.va == 0xAD5E60);
    assert_int_equal(request.u.memory.count, 16);
    assert_int_equal(request.u.memory.actual, 0x7FF7); /* noise */
    assert_int_equal(request.status, 0x4E);            /* noise */

    open_c4(&answered, v11);
    expect_packet(&answered, false, KD_PACKET_STATE_MANIPULATE, 6, 72, 0x11E5);
    reply = manipulate_of(&answered);
    assert_true(kd_manipulate_answers(&reply, &request));
    assert_int_equal(reply.status, 0);
    assert_int_equal(reply.u.memory.count, 16);
    assert_int_equal(reply.u.memory.actual, 16);
    data = kd_manipulate_read_data(&reply, 16);
    assert_int_equal(data.len, 16);
    expect_bytes(data.data, "309ec47b01f8ffff 5086c57b01f8ffff");
}

static void v12_is_a_read_that_failed(void **state)
{
    struct kd_manipulate m;
    struct seen s;

    (void)state;
    open_c4(&s, v12);
    m = manipulate_of(&s);
    assert_int_equal(m.api, KD_API_READ_VIRTUAL);
    assert_int_equal(m.status, 0xC0000001);
    assert_true(m.u.memory.va == UINT64_C(0xFFFFF780000003D8));
    assert_int_equal(m.u.memory.count, 816);
    assert_int_equal(m.u.memory.actual, 0);
    assert_int_equal(m.data.len, 0);
}

static void v13_asks_for_a_file_and_v14_refuses_it(void **state)
{
    static const char path[] = "\\Windows\\system32\\en-GB\\winload.efi.MUI";
    uint8_t refusal[KD_FILE_IO_HEADER_LEN];
    struct kd_file_io io;
    struct seen s, answer;

    (void)state;
    open_c4(&s, v13);
    expect_packet(&s, false, KD_PACKET_FILE_IO, 0x72, 144, 0x178A);
    assert_int_equal(kd_file_io_decode(s.packet.data, s.packet.len, &io), KD_OK);
    assert_int_equal(io.kind, KD_FILE_IO_CREATE);
    assert_int_equal(io.access, 0x120089);
    assert_int_equal(io.attributes, 0x80);
    assert_int_equal(io.share, 1);
    assert_int_equal(io.disposition, 1);
    assert_int_equal(io.path.len, 2 * (sizeof path - 1));
    for (size_t i = 0; i < sizeof path - 1; i++) {
        assert_int_equal(io.path.data[2 * i], path[i]);
        assert_int_equal(io.path.data[2 * i + 1], 0);
    }

    open_c4(&answer, v14);
    expect_packet(&answer, false, KD_PACKET_FILE_IO, 0x80000070, 64, 0xA02);
    expect_bytes(answer.packet.data + 4, "0f0000c0");
    kd_file_io_refuse(&io, refusal);
    assert_memory_equal(refusal, answer.packet.data, sizeof refusal);
}

static void v17_and_v18_let_the_target_go_on(void **state)
{
    struct kd_manipulate m;
    struct seen s;

    (void)state;
    open_c4(&s, v17);
    assert_int_equal(s.packet.id, 0x8000006E);
    m = manipulate_of(&s);
    assert_int_equal(m.api, KD_API_CONTINUE2);
    assert_int_equal(m.status, 0x10002);
    assert_int_equal(m.u.go.status, 0x10002);
    assert_int_equal(m.u.go.trace, 0);
    assert_true(m.u.go.dr7 == 0x400);
    assert_true(m.u.go.symbol_start_va == 1);
    assert_true(m.u.go.symbol_end_va == 0);

    open_c4(&s, v18);
    assert_int_equal(s.packet.id, 0x800000FC);
    m = manipulate_of(&s);
    assert_int_equal(m.api, KD_API_CONTINUE);
    assert_int_equal(m.u.go.status, 0x10002);
}

static void v19_is_the_break_in_byte(void **state)
{
    struct seen s;

    (void)state;
    open_vector(&s, v19, C2_KEY, C2_DATA_KEY);
    assert_int_equal(s.d.payload.len, 1);
    assert_int_equal(s.d.payload.data[0], KD_BREAKIN);
}

static void v20_is_the_halt_after_a_break_in(void **state)
{
    struct kd_state_change sc;
    struct seen s;

    (void)state;
    open_c2(&s, v20);
    expect_packet(&s, false, KD_PACKET_STATE_CHANGE64, 0x926, 240, 0x2F8E);
    expect_bytes(s.packet.data, "30300000 0600"); /* ProcessorLevel 6 */
    sc = state_of(&s);
    assert_int_equal(sc.kind, KD_STATE_EXCEPTION);
    assert_int_equal(sc.processor_count, 1);
    assert_true(sc.thread_va == UINT64_C(0xFFFFF8026BF65A00));
    assert_true(sc.pc_va == UINT64_C(0xFFFFF8026BD72B90));
    assert_true(sc.exception_va == UINT64_C(0xFFFFF8026BD72B90));
    assert_int_equal(sc.exception_code, KD_STATUS_BREAKPOINT);
    assert_int_equal(sc.parameter_count, 1);
    assert_true(sc.is_first_chance);
    assert_true(sc.dr6 == 0xFFFF0FF0);
    assert_true(sc.dr7 == 0x400);
    assert_int_equal(sc.eflags, 0x202);
    assert_int_equal(sc.code_len, 16);
    expect_bytes(sc.code, "ccc3cccc");
    assert_int_equal(sc.report_flags, 3);
    assert_int_equal(sc.cs, 0x10);
    assert_int_equal(sc.ds, 0x2B);
    assert_int_equal(sc.es, 0x2B);
    assert_int_equal(sc.fs, 0x53);
}

static void v23_is_the_version_of_a_kernel(void **state)
{
    struct kd_manipulate m;
    struct seen s;

    (void)state;
    open_c2(&s, v23);
    expect_packet(&s, false, KD_PACKET_STATE_MANIPULATE, 0x928, 56, 0x121E);
    m = manipulate_of(&s);
    assert_int_equal(m.u.version.major, 0x000F);
    assert_int_equal(m.u.version.minor, 9600);
    assert_int_equal(m.u.version.protocol, 6);
    assert_int_equal(m.u.version.secondary, 2);
    assert_int_equal(m.u.version.flags, 7);
    assert_int_equal(m.u.version.machine, 0x8664);
    assert_int_equal(m.u.version.max_packet_type, 0x0C);
    assert_int_equal(m.u.version.max_state_change, 3);
    assert_int_equal(m.u.version.max_manipulate, 0x31);
    assert_int_equal(m.u.version.simulation, 0);
    assert_true(m.u.version.kernel_base_va == UINT64_C(0xFFFFF8026BC18000));
    assert_true(m.u.version.module_list_va == UINT64_C(0xFFFFF8026BEE22D0));
    assert_true(m.u.version.debugger_data_list_va == UINT64_C(0xFFFFF8026BEF91F0));
}

/* ---- the recorded session ---- */

enum { SESSION_LEN = 955 };

static struct seen session[SESSION_LEN + 1]; /* by number, from 1 */
static bool is_session_loaded;

static int load_session(void **state)
{
    struct kdnet_key key = key_of(C4_KEY);
    struct kdnet_tap *tap;
    struct pcapng_min capture;
    struct pcapng_datagram raw;

    (void)state;
    if (!pcapng_min_open(&capture, KDWALK_TEST_DATA "/captures/windbg-uncut.pcapng"))
        return 0;
    assert_int_equal(kdnet_tap_create(&crypto.table, &key, &tap), KD_OK);
    for (size_t n = 1; n <= SESSION_LEN; n++) {
        struct seen *s = &session[n];

        assert_true(pcapng_min_next(&capture, &raw));
        s->len = raw.payload.len;
        assert_int_equal(kdnet_tap_open(tap, raw.payload.data, raw.payload.len, &s->d), KD_OK);
        memcpy(s->plain, s->d.payload.data, s->d.payload.len);
        s->d.payload.data = s->plain;
        if (!s->d.is_control && s->d.payload.len != KDNET_PING_LEN)
            take_packet(s);
    }
    assert_false(pcapng_min_next(&capture, &raw));
    kdnet_tap_destroy(tap);
    pcapng_min_close(&capture);
    is_session_loaded = true;
    return 0;
}

/* Datagram n: len bytes on the wire, from the host or not, sequence (0: not known). */
static const struct seen *number(size_t n, size_t len, bool from_host, uint64_t sequence)
{
    const struct seen *s = &session[n];

    if (!is_session_loaded) {
        print_message("no captures/windbg-uncut.pcapng in " KDWALK_TEST_DATA "\n");
        skip();
    }
    assert_int_equal(s->len, len);
    assert_int_equal(s->d.from_host, from_host);
    if (sequence)
        assert_true(s->d.sequence == sequence);
    return s;
}

static void v25_is_an_exception_of_the_boot_debugger(void **state)
{
    const struct seen *s = number(378, 294, false, 190);
    struct kd_state_change sc;

    (void)state;
    expect_packet(s, false, KD_PACKET_STATE_CHANGE64, 0xBE, 240, 0x24DF);
    sc = state_of(s);
    assert_int_equal(sc.kind, KD_STATE_EXCEPTION);
    assert_int_equal(sc.exception_code, KD_STATUS_BREAKPOINT);
    assert_true(sc.pc_va == 0x9CF07E);
    assert_true(sc.exception_va == 0x9CF07D); /* one less: boot debuggers only */
    assert_int_equal(sc.parameter_count, 1);
    assert_true(sc.is_first_chance);
    assert_true(sc.dr6 == 0xFFFE0FF0);
    assert_true(sc.dr7 == 0x400);
    assert_int_equal(sc.eflags, 2);
    expect_bytes(sc.code, "cc488b5c2440");
    assert_int_equal(sc.report_flags, 1);
}

static void v26_is_a_farewell(void **state)
{
    const struct seen *s = number(952, 294, false, 264);
    struct kd_state_change sc;

    (void)state;
    assert_int_equal(s->packet.id, 0x108);
    assert_int_equal(s->packet.len, 240);
    expect_bytes(s->packet.data + 32, "00000000 01f8ffff"); /* no path; noise behind its length */
    sc = state_of(s);
    assert_int_equal(sc.kind, KD_STATE_LOAD_SYMBOLS);
    assert_int_equal(sc.path.len, 0);
    assert_true(sc.image_base_va == UINT64_MAX);
    assert_true(sc.process_id == 0);
    assert_true(sc.is_unload);
    assert_true(kd_state_change_is_farewell(&sc));
}

static void v27_restores_all_breakpoints_in_vain(void **state)
{
    struct kd_manipulate request = manipulate_of(number(58, 102, true, 0));
    struct kd_manipulate reply = manipulate_of(number(60, 102, false, 0));
    uint32_t restored = 0;

    (void)state;
    assert_int_equal(request.api, KD_API_RESTORE_BREAKPOINT);
    assert_int_equal(request.u.breakpoint.handle, 1);
    assert_int_equal(reply.status, 0xC0000001);
    assert_true(kd_manipulate_answers(&reply, &request));
    for (size_t n = 58; restored < 32; n++) {
        assert_true(n <= SESSION_LEN);
        if (session[n].d.is_control || session[n].packet.type != KD_PACKET_STATE_MANIPULATE)
            continue;
        request = manipulate_of(&session[n]);
        assert_int_equal(request.api, KD_API_RESTORE_BREAKPOINT);
        if (session[n].d.from_host)
            assert_int_equal(request.u.breakpoint.handle, ++restored);
        else
            assert_int_equal(request.status, 0xC0000001);
    }
}

static void v28_tries_get_context_ex_then_get_context(void **state)
{
    struct kd_manipulate request = manipulate_of(number(190, 102, true, 0));
    struct kd_manipulate reply = manipulate_of(number(192, 102, false, 0));

    (void)state;
    assert_int_equal(request.api, KD_API_GET_CONTEXT_EX);
    assert_int_equal(request.u.context.offset, 0);
    assert_int_equal(request.u.context.count, KD_CONTEXT_LEN);
    assert_int_equal(reply.status, 0xC0000001);
    assert_int_equal(manipulate_of(&session[194]).api, KD_API_GET_CONTEXT);
    assert_true(session[194].d.from_host);
}

static void v29_is_a_context(void **state)
{
    const struct seen *s = number(196, 1334, false, 98);
    struct kd_manipulate m;

    (void)state;
    assert_int_equal(s->packet.id, 0x60);
    assert_int_equal(s->packet.len, 1288);
    m = manipulate_of(s);
    assert_int_equal(m.api, KD_API_GET_CONTEXT);
    assert_int_equal(m.data.len, KD_CONTEXT_LEN);
    assert_int_equal(kd_x64_context_flags(m.data.data), 0x10001B);
    assert_true(kd_x64_context_rip(m.data.data) == 0xA79685);
}

static void v30_recovers_from_a_lost_acknowledgement(void **state)
{
    static const struct {
        bool from_host;
        uint16_t type;
        uint32_t id;
        uint64_t sequence; /* 0: not known */
    } steps[] = {
        {true, KD_PACKET_STATE_MANIPULATE, 0x8000005E, 97}, /* without the ACK of 0x60 */
        {false, KD_PACKET_RESEND, 0, 0},
        {true, KD_PACKET_STATE_MANIPULATE, 0x8000005E, 98},
        {false, KD_PACKET_ACKNOWLEDGE, 0x8000005E, 0},
        {false, KD_PACKET_STATE_MANIPULATE, 0x62, 0}, /* the host expected 0x60 */
        {true, KD_PACKET_RESET, 0x80000060, 99},
        {false, KD_PACKET_RESET, 0x62, 102},
        {false, KD_PACKET_STATE_MANIPULATE, 0x62, 103},
        {true, KD_PACKET_ACKNOWLEDGE, 0x62, 0},
        {true, KD_PACKET_STATE_MANIPULATE, 0x80000060, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const struct seen *s =
            number(197 + i, session[197 + i].len, steps[i].from_host, steps[i].sequence);

        assert_false(s->d.is_control);
        assert_int_equal(s->packet.type, steps[i].type);
        assert_int_equal(s->packet.id, steps[i].id);
    }
}

static void v31_reads_the_special_registers(void **state)
{
    const struct seen *asked = number(206, 102, true, 0);
    const struct seen *answered = &session[208];
    struct kd_manipulate request = manipulate_of(asked), reply = manipulate_of(answered);
    struct kd_x64_special special;

    (void)state;
    assert_int_equal(request.api, KD_API_READ_CONTROL_SPACE);
    assert_true(request.u.memory.va == KD_X64_CONTROL_SPECIAL);
    assert_int_equal(request.u.memory.count, 0xE0);
    assert_true(kd_manipulate_answers(&reply, &request));
    assert_int_equal(reply.u.memory.actual, 0xE0);
    assert_int_equal(reply.data.len, 224);
    assert_int_equal(kd_x64_special_decode(reply.data.data, reply.data.len, &special), KD_OK);
    assert_true(special.cr3 == 0x1AB000);
}

static void v32_moves_rip_past_an_int3(void **state)
{
    const struct seen *s = number(214, 1334, true, 0);
    struct kd_manipulate request = manipulate_of(s);
    struct kd_manipulate reply = manipulate_of(number(216, 102, false, 0));
    struct kd_manipulate before = manipulate_of(&session[196]);
    uint8_t moved[KD_CONTEXT_LEN];

    (void)state;
    assert_int_equal(s->packet.id, 0x80000064);
    assert_int_equal(request.api, KD_API_SET_CONTEXT);
    assert_true(kd_x64_context_rip(before.data.data) == 0xA79685);
    assert_true(kd_x64_context_rip(request.data.data) == 0xA79686);
    memcpy(moved, before.data.data, sizeof moved);
    kd_x64_context_set_rip(moved, 0xA79686);
    assert_int_equal(request.data.len, sizeof moved);
    assert_int_equal(reply.api, KD_API_SET_CONTEXT);
    assert_int_equal(reply.status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v3_is_a_ping),
        cmocka_unit_test(v4_is_a_print),
        cmocka_unit_test(v5_v6_v15_v16_v21_v22_are_control_packets),
        cmocka_unit_test(v7_reports_a_boot_module),
        cmocka_unit_test(v8_asks_for_the_version),
        cmocka_unit_test(v9_is_the_version_of_a_boot_debugger),
        cmocka_unit_test(v10_and_v11_read_sixteen_bytes),
        cmocka_unit_test(v12_is_a_read_that_failed),
        cmocka_unit_test(v13_asks_for_a_file_and_v14_refuses_it),
        cmocka_unit_test(v17_and_v18_let_the_target_go_on),
        cmocka_unit_test(v19_is_the_break_in_byte),
        cmocka_unit_test(v20_is_the_halt_after_a_break_in),
        cmocka_unit_test(v23_is_the_version_of_a_kernel),
        cmocka_unit_test(v25_is_an_exception_of_the_boot_debugger),
        cmocka_unit_test(v26_is_a_farewell),
        cmocka_unit_test(v27_restores_all_breakpoints_in_vain),
        cmocka_unit_test(v28_tries_get_context_ex_then_get_context),
        cmocka_unit_test(v29_is_a_context),
        cmocka_unit_test(v30_recovers_from_a_lost_acknowledgement),
        cmocka_unit_test(v31_reads_the_special_registers),
        cmocka_unit_test(v32_moves_rip_past_an_int3),
    };

    test_crypto_init(&crypto);
    return cmocka_run_group_tests(tests, load_session, NULL);
}
