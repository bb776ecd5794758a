#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/manipulate.h>

#include "kdproto/vectors_kd.h"
#include "support/feed.h"
#include "support/hex.h"
#include "support/vector.h"

enum { HEADER = KD_MANIPULATE_HEADER_LEN };

static enum kd_status decode(void *ctx, const uint8_t *bytes, size_t len)
{
    struct kd_manipulate m;

    return kd_manipulate_decode(bytes, len, *(bool *)ctx, &m);
}

static struct kd_manipulate request_of(struct vector *v, const char *hex)
{
    struct kd_manipulate m;

    vector_load(v, hex);
    assert_int_equal(v->packet.type, KD_PACKET_STATE_MANIPULATE);
    assert_int_equal(kd_manipulate_decode(v->packet.data, v->packet.len, false, &m), KD_OK);
    return m;
}

static struct kd_manipulate reply_of(struct vector *v, const char *hex)
{
    struct kd_manipulate m;

    vector_load(v, hex);
    assert_int_equal(v->packet.type, KD_PACKET_STATE_MANIPULATE);
    assert_int_equal(kd_manipulate_decode(v->packet.data, v->packet.len, true, &m), KD_OK);
    return m;
}

/* ---- what was seen ---- */

static void a_request_for_the_version_is_decoded_without_its_noise(void **state)
{
    static const struct kd_version none;
    struct kd_manipulate m;
    struct vector v;

    (void)state;
    m = request_of(&v, V8_GET_VERSION);
    assert_int_equal(v.packet.id, 0x80000000);
    assert_int_equal(v.packet.len, 56);
    assert_int_equal(kd_checksum(v.packet.data, v.packet.len), 0x10c0);
    assert_int_equal(m.api, KD_API_GET_VERSION);
    assert_int_equal(m.processor_level, 0xffff);
    assert_int_equal(m.processor, 0xffff);
    assert_int_equal(m.status, 0x103);
    assert_memory_equal(&m.u.version, &none, sizeof none);
    assert_int_equal(m.data.len, 0);
}

static void the_version_of_a_boot_debugger_is_decoded(void **state)
{
    struct kd_manipulate m;
    struct vector v;

    (void)state;
    m = reply_of(&v, V9_VERSION);
    assert_int_equal(v.packet.id, 4);
    assert_int_equal(kd_checksum(v.packet.data, v.packet.len), 0x9aa);
    assert_int_equal(m.api, KD_API_GET_VERSION);
    assert_int_equal(m.status, 0);
    assert_false(kd_version_is_nt_kernel(&m.u.version));
    assert_int_equal(m.u.version.major, 0x040f);
    assert_int_equal(m.u.version.minor, 10586);
    assert_int_equal(m.u.version.protocol, 6);
    assert_int_equal(m.u.version.secondary, 2);
    assert_int_equal(m.u.version.flags, 0x0002);
    assert_int_equal(m.u.version.machine, 0x8664);
    assert_int_equal(m.u.version.max_packet_type, 0x0c);
    assert_int_equal(m.u.version.max_state_change, 0x32);
    assert_int_equal(m.u.version.max_manipulate, 0x59);
    assert_int_equal(m.u.version.simulation, 0);
    assert_true(m.u.version.kernel_base_va == 0x96f000);
    assert_true(m.u.version.module_list_va == 0xad5e60);
    assert_true(m.u.version.debugger_data_list_va == 0);
    assert_int_equal(m.data.len, 0);
}

static void the_version_of_a_kernel_is_decoded(void **state)
{
    struct kd_manipulate m;
    struct vector v;

    (void)state;
    m = reply_of(&v, V23_VERSION);
    assert_int_equal(v.packet.id, 0x928);
    assert_int_equal(kd_checksum(v.packet.data, v.packet.len), 0x121e);
    assert_int_equal(m.u.version.major, 0x000f);
    assert_int_equal(m.u.version.minor, 9600);
    assert_int_equal(m.u.version.protocol, 6);
    assert_int_equal(m.u.version.secondary, 2);
    assert_int_equal(m.u.version.flags, 0x0007);
    assert_int_equal(m.u.version.machine, 0x8664);
    assert_int_equal(m.u.version.max_packet_type, 0x0c);
    assert_int_equal(m.u.version.max_state_change, 0x03);
    assert_int_equal(m.u.version.max_manipulate, 0x31);
    assert_int_equal(m.u.version.simulation, 0);
    assert_true(m.u.version.kernel_base_va == 0xfffff8026bc18000);
    assert_true(m.u.version.module_list_va == 0xfffff8026bee22d0);
    assert_true(m.u.version.debugger_data_list_va == 0xfffff8026bef91f0);
    assert_true(kd_version_is_nt_kernel(&m.u.version));
}

static void a_read_and_its_reply_are_decoded(void **state)
{
    static const uint8_t links[16] = {0x30, 0x9e, 0xc4, 0x7b, 0x01, 0xf8, 0xff, 0xff,
                                      0x50, 0x86, 0xc5, 0x7b, 0x01, 0xf8, 0xff, 0xff};
    struct kd_manipulate request, reply;
    struct vector asked, answered;

    (void)state;
    request = request_of(&asked, V10_READ);
    assert_int_equal(asked.packet.id, 0x80000002);
    assert_int_equal(request.api, KD_API_READ_VIRTUAL);
    assert_int_equal(request.status, 0x4e); /* noise */
    assert_true(request.u.memory.va == 0xad5e60);
    assert_int_equal(request.u.memory.count, 16);
    assert_int_equal(request.u.memory.actual, 0x7ff7); /* noise */

    reply = reply_of(&answered, V11_READ_REPLY);
    assert_int_equal(answered.packet.id, 6);
    assert_int_equal(answered.packet.len, 72);
    assert_int_equal(kd_checksum(answered.packet.data, answered.packet.len), 0x11e5);
    assert_int_equal(reply.status, 0);
    assert_true(reply.u.memory.va == 0xad5e60);
    assert_int_equal(reply.u.memory.count, 16);
    assert_int_equal(reply.u.memory.actual, 16);
    assert_int_equal(reply.data.len, 16);
    assert_memory_equal(reply.data.data, links, 16);
    assert_true(kd_manipulate_answers(&reply, &request));
    assert_int_equal(kd_manipulate_read_data(&reply, 16).len, 16);
}

static void a_read_that_failed_is_decoded(void **state)
{
    struct kd_manipulate m;
    struct vector v;

    (void)state;
    m = reply_of(&v, V12_READ_FAILED);
    assert_int_equal(m.api, KD_API_READ_VIRTUAL);
    assert_int_equal(m.processor, 0x6e); /* WinDbg's noise, repeated by the target */
    assert_int_equal(m.status, 0xc0000001);
    assert_true(m.u.memory.va == 0xfffff780000003d8);
    assert_int_equal(m.u.memory.count, 816);
    assert_int_equal(m.u.memory.actual, 0);
    assert_int_equal(m.data.len, 0);
    assert_int_equal(kd_manipulate_read_data(&m, 816).len, 0);
}

static void both_kinds_of_continue_are_decoded(void **state)
{
    struct kd_manipulate m;
    struct vector v;

    (void)state;
    m = request_of(&v, V17_CONTINUE2);
    assert_int_equal(v.packet.id, 0x8000006e);
    assert_int_equal(m.api, KD_API_CONTINUE2);
    assert_int_equal(m.status, 0x10002);
    assert_int_equal(m.u.go.status, KD_CONTINUE_STATUS);
    assert_int_equal(m.u.go.trace, 0);
    assert_true(m.u.go.dr7 == 0x400);
    assert_true(m.u.go.symbol_start_va == 1);
    assert_true(m.u.go.symbol_end_va == 0);

    m = request_of(&v, V18_CONTINUE);
    assert_int_equal(v.packet.id, 0x800000fc);
    assert_int_equal(m.api, KD_API_CONTINUE);
    assert_int_equal(m.u.go.status, KD_CONTINUE_STATUS);
    assert_true(m.u.go.dr7 == 0); /* noise in the packet: Continue has no such field */
}

/* The constructed vector of the protocol notes: a read of 64 bytes on a serial line. */
static void a_read_request_is_encoded_byte_by_byte(void **state)
{
    static const char packet[] = "30303030 0200 3800 00008080 45050000"
                                 "3031000000000000000000000000000000"
                                 "80c16b02f8ffff40000000000000000000"
                                 "0000000000000000000000000000000000"
                                 "0000000000";
    const struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL,
                                    .u.memory = {.va = 0xfffff8026bc18000, .count = 64}};
    struct kd_packet pkt = {.type = KD_PACKET_STATE_MANIPULATE, .id = 0x80800000};
    uint8_t data[HEADER], buf[72], want[72];
    size_t len;

    (void)state;
    assert_int_equal(hex_decode(packet, want, sizeof want), 72);
    assert_int_equal(kd_manipulate_encode(&m, data, sizeof data, &pkt.len), KD_OK);
    pkt.data = data;
    assert_int_equal(kd_packet_encode(&pkt, buf, sizeof buf, &len), KD_OK);
    assert_int_equal(len, 72);
    assert_memory_equal(buf, want, 72);
}

/* ---- each layout ---- */

struct layout {
    struct kd_manipulate m;
    const char *fields; /* of the union, as hex; zeros follow */
};

/* Values that show where each field begins and ends. */
static const struct layout layouts[] = {
    {{.api = KD_API_READ_VIRTUAL, .u.memory = {0x1122334455667788, 0xa1a2a3a4, 0xb1b2b3b4}},
     "8877665544332211 a4a3a2a1 b4b3b2b1"},
    {{.api = KD_API_WRITE_VIRTUAL, .u.memory = {0x1122334455667788, 0xa1a2a3a4, 0}},
     "8877665544332211 a4a3a2a1"},
    {{.api = KD_API_READ_PHYSICAL, .u.memory = {0x1122334455667788, 0xa1a2a3a4, 2}},
     "8877665544332211 a4a3a2a1 02000000"},
    {{.api = KD_API_WRITE_PHYSICAL, .u.memory = {0x1122334455667788, 0xa1a2a3a4, 3}},
     "8877665544332211 a4a3a2a1 03000000"},
    {{.api = KD_API_READ_CONTROL_SPACE, .u.memory = {2, 0xe0, 0}}, "0200000000000000 e0000000"},
    {{.api = KD_API_WRITE_CONTROL_SPACE, .u.memory = {2, 0xe0, 0xe0}},
     "0200000000000000 e0000000 e0000000"},
    {{.api = KD_API_GET_CONTEXT}, ""},
    {{.api = KD_API_SET_CONTEXT, .u.context_flags = 0x10001b}, "1b001000"},
    {{.api = KD_API_GET_CONTEXT_EX, .u.context = {0x400, 0xd0, 0xc0}},
     "00040000 d0000000 c0000000"},
    {{.api = KD_API_SET_CONTEXT_EX, .u.context = {0x400, 0xd0, 0xc0}},
     "00040000 d0000000 c0000000"},
    {{.api = KD_API_WRITE_BREAKPOINT, .u.breakpoint = {0x1122334455667788, 32}},
     "8877665544332211 20000000"},
    {{.api = KD_API_RESTORE_BREAKPOINT, .u.breakpoint = {.handle = 32}}, "20000000"},
    {{.api = KD_API_CONTINUE, .u.go = {.status = 0x10002}}, "02000100"},
    {{.api = KD_API_CONTINUE2,
      .u.go = {0x10001, 1, 0x1122334455667788, 0x99aabbccddeeff00, 0x0102030405060708}},
     "01000100 01000000 8877665544332211 00ffeeddccbbaa99 0807060504030201"},
    {{.api = KD_API_READ_MSR, .u.msr = {0xc0000082, 0x1122334455667788}},
     "820000c0 88776655 44332211"},
    {{.api = KD_API_WRITE_MSR, .u.msr = {0xc0000082, 0x1122334455667788}},
     "820000c0 88776655 44332211"},
    {{.api = KD_API_READ_IO, .u.io = {.port = 0x1122334455667788, .size = 4, .value = 0xa1a2a3a4}},
     "8877665544332211 04000000 a4a3a2a1"},
    {{.api = KD_API_WRITE_IO, .u.io = {.port = 0x3f8, .size = 1, .value = 0x41}},
     "f803000000000000 01000000 41000000"},
    {{.api = KD_API_READ_IO_EXTENDED, .u.io = {0x1122334455667788, 2, 0xa1a2a3a4, 5, 6, 7}},
     "02000000 05000000 06000000 07000000 8877665544332211 a4a3a2a1"},
    {{.api = KD_API_WRITE_IO_EXTENDED, .u.io = {0x1122334455667788, 2, 0xa1a2a3a4, 5, 6, 7}},
     "02000000 05000000 06000000 07000000 8877665544332211 a4a3a2a1"},
    {{.api = KD_API_SEARCH_MEMORY, .u.search = {0x1122334455667788, 0x99aabbccddeeff00, 4}},
     "8877665544332211 00ffeeddccbbaa99 04000000"},
    {{.api = KD_API_QUERY_MEMORY, .u.query = {0x1122334455667788, 2, 7}},
     "8877665544332211 0000000000000000 02000000 07000000"},
    {{.api = KD_API_FILL_MEMORY, .u.fill = {0x1122334455667788, 0xa1a2a3a4, 2, 0x0102}},
     "8877665544332211 a4a3a2a1 0200 0201"},
    {{.api = KD_API_GET_BUS_DATA, .u.bus = {1, 2, 3, 4, 5}},
     "01000000 02000000 03000000 04000000 05000000"},
    {{.api = KD_API_SET_BUS_DATA, .u.bus = {1, 2, 3, 4, 5}},
     "01000000 02000000 03000000 04000000 05000000"},
    {{.api = KD_API_SWITCH_PROCESSOR}, ""},
    {{.api = KD_API_CAUSE_BUGCHECK}, ""},
    {{.api = KD_API_REBOOT}, ""},
    {{.api = KD_API_SWITCH_PARTITION, .u.partition = 0xa1a2a3a4}, "a4a3a2a1"},
    {{.api = KD_API_GET_VERSION,
      .u.version = {0x800f, 9600, 6, 2, 7, 0x8664, 12, 3, 0x31, 1, 0x1122334455667788,
                    0x99aabbccddeeff00, 0x0102030405060708}},
     "0f80 8025 06 02 0700 6486 0c 03 31 01 0000"
     "8877665544332211 00ffeeddccbbaa99 0807060504030201"},
};

enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

static void each_layout_is_encoded_field_by_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAYOUTS; i++) {
        struct kd_manipulate m = layouts[i].m;
        uint8_t buf[HEADER + 3], want[HEADER + 3] = {0};
        size_t len;

        m.processor_level = 0x0102;
        m.processor = 0x0304;
        m.status = 0xc0000001;
        m.data = (struct kd_span){(const uint8_t *)"xyz", 3};
        hex_decode("00000000 0201 0403 010000c0 00000000", want, 16);
        memcpy(want, &(uint8_t[]){(uint8_t)m.api, 0x31}, 2);
        hex_decode(layouts[i].fields, want + 16, 40);
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, no text */
        memcpy(want + HEADER, "xyz", 3);

        assert_int_equal(kd_manipulate_encode(&m, buf, sizeof buf, &len), KD_OK);
        assert_int_equal(len, sizeof buf);
        assert_memory_equal(buf, want, sizeof buf);
    }
}

static void what_was_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAYOUTS; i++) {
        const struct kd_manipulate *m = &layouts[i].m;
        uint8_t buf[HEADER], again[HEADER];
        struct kd_manipulate back;
        size_t len;

        assert_int_equal(kd_manipulate_encode(m, buf, sizeof buf, &len), KD_OK);
        assert_int_equal(kd_manipulate_decode(buf, len, true, &back), KD_OK);
        assert_int_equal(back.api, m->api);
        assert_memory_equal(&back.u, &m->u, sizeof m->u);
        assert_int_equal(kd_manipulate_encode(&back, again, sizeof again, &len), KD_OK);
        assert_memory_equal(again, buf, sizeof buf);
    }
}

static void functions_without_a_known_layout_are_not_encoded(void **state)
{
    size_t known = 0;

    (void)state;
    for (uint32_t api = 0x3100; api < 0x3200; api++) {
        const struct kd_manipulate m = {.api = api};
        uint8_t buf[HEADER];
        size_t len = 77;

        switch (kd_manipulate_encode(&m, buf, sizeof buf, &len)) {
        case KD_OK:
            known++;
            assert_int_equal(len, HEADER);
            break;
        case KD_ERR_UNSUPPORTED:
            assert_int_equal(len, 77);
            break;
        default:
            fail_msg("0x%x is neither encoded nor unsupported", (unsigned)api);
        }
    }
    assert_int_equal(known, LAYOUTS); /* so each that is encoded was compared above */
}

static void what_does_not_fit_is_not_encoded(void **state)
{
    struct kd_manipulate m = {.api = KD_API_WRITE_VIRTUAL, .data = {(const uint8_t *)"abcd", 4}};
    uint8_t buf[HEADER + 4];
    size_t len = 77;

    (void)state;
    assert_int_equal(kd_manipulate_encode(&m, buf, HEADER + 3, &len), KD_ERR_LIMIT);
    assert_int_equal(kd_manipulate_encode(&m, buf, HEADER - 1, &len), KD_ERR_LIMIT);
    m.data.len = SIZE_MAX;
    assert_int_equal(kd_manipulate_encode(&m, buf, sizeof buf, &len), KD_ERR_LIMIT);
    assert_int_equal(len, 77);
    m.data.len = 4;
    assert_int_equal(kd_manipulate_encode(&m, buf, sizeof buf, &len), KD_OK);
    assert_int_equal(len, sizeof buf);
}

static void only_a_missing_header_is_an_error(void **state)
{
    static const char *const vectors[] = {V8_GET_VERSION, V9_VERSION, V11_READ_REPLY,
                                          V17_CONTINUE2};
    bool is_reply;

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct vector v;

        vector_load(&v, vectors[i]);
        for (int reply = 0; reply < 2; reply++) {
            is_reply = reply;
            feed_prefixes_fail(decode, &is_reply, v.packet.data, v.packet.len, HEADER);
        }
    }
}

static void an_unknown_number_decodes_to_header_and_data(void **state)
{
    static const struct kd_manipulate zero;
    uint8_t bytes[HEADER + 2];
    struct kd_manipulate m;

    (void)state;
    memset(bytes, 0x31, sizeof bytes);
    assert_int_equal(kd_manipulate_decode(bytes, sizeof bytes, true, &m), KD_OK);
    assert_int_equal(m.api, 0x31313131);
    assert_int_equal(m.processor, 0x3131);
    assert_memory_equal(&m.u, &zero.u, sizeof m.u);
    assert_int_equal(m.data.len, 2);
}

/* ---- replies ---- */

static void each_reply_answers_its_own_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAYOUTS; i++)
        assert_true(kd_manipulate_answers(&layouts[i].m, &layouts[i].m));
}

static void a_reply_of_another_function_or_processor_is_stale(void **state)
{
    struct kd_manipulate reply = layouts[0].m;

    (void)state;
    reply.processor++;
    assert_false(kd_manipulate_answers(&reply, &layouts[0].m));
    reply = layouts[0].m;
    reply.api = KD_API_READ_PHYSICAL;
    assert_false(kd_manipulate_answers(&reply, &layouts[0].m));
}

static void a_reply_about_something_else_is_stale(void **state)
{
    static const struct {
        struct kd_manipulate request, reply;
    } pairs[] = {
        {{.api = KD_API_READ_VIRTUAL, .u.memory.va = 1},
         {.api = KD_API_READ_VIRTUAL, .u.memory.va = 2}},
        {{.api = KD_API_READ_CONTROL_SPACE, .u.memory.va = 1},
         {.api = KD_API_READ_CONTROL_SPACE, .u.memory.va = 2}},
        {{.api = KD_API_GET_CONTEXT_EX, .u.context.offset = 1024},
         {.api = KD_API_GET_CONTEXT_EX, .u.context.offset = 0}},
        {{.api = KD_API_RESTORE_BREAKPOINT, .u.breakpoint.handle = 1},
         {.api = KD_API_RESTORE_BREAKPOINT, .u.breakpoint.handle = 2}},
        {{.api = KD_API_READ_MSR, .u.msr.msr = 1}, {.api = KD_API_READ_MSR, .u.msr.msr = 2}},
        {{.api = KD_API_READ_IO, .u.io = {.port = 1, .size = 1}},
         {.api = KD_API_READ_IO, .u.io = {.port = 1, .size = 2}}},
        {{.api = KD_API_READ_IO_EXTENDED, .u.io = {.port = 1}},
         {.api = KD_API_READ_IO_EXTENDED, .u.io = {.port = 1, .bus = 1}}},
        {{.api = KD_API_SEARCH_MEMORY, .u.search.len = 1},
         {.api = KD_API_SEARCH_MEMORY, .u.search.len = 2}},
        {{.api = KD_API_QUERY_MEMORY, .u.query.va = 1},
         {.api = KD_API_QUERY_MEMORY, .u.query.va = 2}},
        {{.api = KD_API_FILL_MEMORY, .u.fill.va = 1}, {.api = KD_API_FILL_MEMORY, .u.fill.va = 2}},
        {{.api = KD_API_GET_BUS_DATA, .u.bus.offset = 1},
         {.api = KD_API_GET_BUS_DATA, .u.bus.offset = 2}},
        {{.api = KD_API_SWITCH_PARTITION, .u.partition = 1},
         {.api = KD_API_SWITCH_PARTITION, .u.partition = 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_false(kd_manipulate_answers(&pairs[i].reply, &pairs[i].request));
}

static void what_a_target_fills_in_does_not_make_a_reply_stale(void **state)
{
    static const struct {
        struct kd_manipulate request, reply;
    } pairs[] = {
        {{.api = KD_API_READ_VIRTUAL, .u.memory = {1, 16, 0}},
         {.api = KD_API_READ_VIRTUAL, .status = 0xc0000001, .u.memory = {1, 16, 8}}},
        {{.api = KD_API_WRITE_BREAKPOINT, .u.breakpoint = {.va = 1}},
         {.api = KD_API_WRITE_BREAKPOINT, .u.breakpoint = {.va = 1, .handle = 3}}},
        {{.api = KD_API_GET_CONTEXT_EX, .u.context = {0, 1024, 0}},
         {.api = KD_API_GET_CONTEXT_EX, .u.context = {0, 1024, 1024}}},
        {{.api = KD_API_READ_MSR, .u.msr = {1, 0}}, {.api = KD_API_READ_MSR, .u.msr = {1, 5}}},
        {{.api = KD_API_READ_IO, .u.io = {.port = 1, .size = 1}},
         {.api = KD_API_READ_IO, .u.io = {.port = 1, .size = 1, .value = 9}}},
        {{.api = KD_API_SEARCH_MEMORY, .u.search = {1, 100, 4}},
         {.api = KD_API_SEARCH_MEMORY, .u.search = {50, 100, 4}}},
        {{.api = KD_API_QUERY_MEMORY, .u.query = {.va = 1}},
         {.api = KD_API_QUERY_MEMORY, .u.query = {.va = 1, .address_space = 2, .flags = 7}}},
        {{.api = KD_API_GET_VERSION}, {.api = KD_API_GET_VERSION, .u.version.major = 15}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_true(kd_manipulate_answers(&pairs[i].reply, &pairs[i].request));
}

static void the_least_of_claimed_there_and_requested_is_believed(void **state)
{
    static const uint8_t data[64];
    struct kd_manipulate m = {
        .api = KD_API_READ_VIRTUAL, .u.memory.actual = 32, .data = {data, 64}};

    (void)state;
    assert_int_equal(kd_manipulate_read_data(&m, 48).len, 32);
    assert_int_equal(kd_manipulate_read_data(&m, 16).len, 16);
    m.u.memory.actual = 0xffffffff;
    assert_int_equal(kd_manipulate_read_data(&m, 0xffffffff).len, 64);
    assert_ptr_equal(kd_manipulate_read_data(&m, 48).data, data);

    m = (struct kd_manipulate){
        .api = KD_API_GET_CONTEXT_EX, .u.context.copied = 20, .data = {data, 64}};
    assert_int_equal(kd_manipulate_read_data(&m, 48).len, 20);
    m = (struct kd_manipulate){.api = KD_API_GET_CONTEXT, .data = {data, 64}};
    assert_int_equal(kd_manipulate_read_data(&m, KD_CONTEXT_LEN).len, 64);
    m = (struct kd_manipulate){.api = KD_API_GET_BUS_DATA, .u.bus.len = 5, .data = {data, 64}};
    assert_int_equal(kd_manipulate_read_data(&m, 48).len, 5);
    m = (struct kd_manipulate){
        .api = KD_API_WRITE_VIRTUAL, .u.memory.actual = 32, .data = {data, 64}};
    assert_int_equal(kd_manipulate_read_data(&m, 48).len, 0);
}

/* ---- the table ---- */

/* One letter for each number from 0x3130 on: as in the protocol notes. */
static const char classes[] = "RWRWWWXRWWWXXRW-" /* 3130..313f */
                              "--WRWWRWWX------" /* 3140..314f; from 314a on there are none */
                              "X-RW--RRWRWWRWWR" /* 3150..315f */
                              "W";               /* 3160 */

static const char replies[] = "yyyyyynyyyynnyyn" /* Reboot and both Continues answer nothing */
                              "nnnyyyyyynnnnnnn"
                              "nyyynnyyyynyyyyy"
                              "y";

static void the_class_of_each_function_is_that_of_the_protocol_notes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof classes - 1; i++) {
        static const char letters[] = {[KD_API_READS] = 'R',
                                       [KD_API_ALTERS] = 'W',
                                       [KD_API_RUNS] = 'X',
                                       [KD_API_FORBIDDEN] = '-'};

        if (letters[kd_api_class(0x3130 + i)] != classes[i])
            fail_msg("0x%x is not of class %c", 0x3130 + (unsigned)i, classes[i]);
    }
}

static void functions_that_get_no_reply_are_known(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof replies - 1; i++)
        if (kd_api_has_reply(0x3130 + i) != (replies[i] == 'y'))
            fail_msg("0x%x: reply is not '%c'", 0x3130 + (unsigned)i, replies[i]);
}

static void unknown_numbers_are_forbidden_and_nameless(void **state)
{
    static const uint32_t numbers[] = {0, 0x312f, 0x314a, 0x314f, 0x3161, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(kd_api_class(numbers[i]), KD_API_FORBIDDEN);
        assert_null(kd_api_name(numbers[i]));
        assert_false(kd_api_has_reply(numbers[i]));
    }
}

static void every_function_has_a_name(void **state)
{
    (void)state;
    for (uint32_t api = 0x3130; api <= 0x3160; api++)
        if (api < 0x314a || api > 0x314f)
            assert_non_null(kd_api_name(api));
    assert_string_equal(kd_api_name(0x3130), "ReadVirtualMemory");
    assert_string_equal(kd_api_name(0x313c), "Continue2");
    assert_string_equal(kd_api_name(0x3146), "GetVersion64");
    assert_string_equal(kd_api_name(0x3149), "CauseBugCheck");
    assert_string_equal(kd_api_name(0x3150), "SwitchProcessor");
    assert_string_equal(kd_api_name(0x315f), "GetContextEx");
    assert_string_equal(kd_api_name(0x3160), "SetContextEx");
}

static void errors_are_failures_and_warnings_are_answers(void **state)
{
    (void)state;
    assert_true(kd_ntstatus_is_failure(0xC0000001));
    assert_true(kd_ntstatus_is_failure(0xC000000E));
    assert_false(kd_ntstatus_is_failure(0));
    assert_false(kd_ntstatus_is_failure(0x00000103));
    assert_false(kd_ntstatus_is_failure(0x8000001A)); /* search: no match */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_failures_and_warnings_are_answers),
        cmocka_unit_test(a_request_for_the_version_is_decoded_without_its_noise),
        cmocka_unit_test(the_version_of_a_boot_debugger_is_decoded),
        cmocka_unit_test(the_version_of_a_kernel_is_decoded),
        cmocka_unit_test(a_read_and_its_reply_are_decoded),
        cmocka_unit_test(a_read_that_failed_is_decoded),
        cmocka_unit_test(both_kinds_of_continue_are_decoded),
        cmocka_unit_test(a_read_request_is_encoded_byte_by_byte),
        cmocka_unit_test(each_layout_is_encoded_field_by_field),
        cmocka_unit_test(what_was_encoded_decodes_to_the_same),
        cmocka_unit_test(functions_without_a_known_layout_are_not_encoded),
        cmocka_unit_test(what_does_not_fit_is_not_encoded),
        cmocka_unit_test(only_a_missing_header_is_an_error),
        cmocka_unit_test(an_unknown_number_decodes_to_header_and_data),
        cmocka_unit_test(each_reply_answers_its_own_request),
        cmocka_unit_test(a_reply_of_another_function_or_processor_is_stale),
        cmocka_unit_test(a_reply_about_something_else_is_stale),
        cmocka_unit_test(what_a_target_fills_in_does_not_make_a_reply_stale),
        cmocka_unit_test(the_least_of_claimed_there_and_requested_is_believed),
        cmocka_unit_test(the_class_of_each_function_is_that_of_the_protocol_notes),
        cmocka_unit_test(functions_that_get_no_reply_are_known),
        cmocka_unit_test(unknown_numbers_are_forbidden_and_nameless),
        cmocka_unit_test(every_function_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
