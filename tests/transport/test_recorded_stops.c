#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/recorded_scene.h"
#include "support/temp_dir.h"

#include <transport/recorded_stops.h>

#define KERNEL UINT64_C(0xfffff80000000000)
#define VA     UINT64_C(0xfffff80000001000)
#define REAL   KDWALK_TEST_DATA "/captures/windbg-uncut.pcapng"

enum { MS = 1000000, FIRST_ID = (int)0x80800000 };

struct fixture {
    struct recorded_scene *scene;
    struct temp_dir dir;
    struct kdt_recorded_stops *stops;
    struct kdt_told told;
    struct kd_diag diag;
    uint32_t id;
};

static struct fixture fixture;

static int setup(void **state)
{
    memset(&fixture, 0, sizeof fixture);
    if (recorded_scene_start((void **)&fixture.scene) != 0)
        return -1;
    fixture.scene->is_stream = true;
    temp_dir_create(&fixture.dir);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    kdt_recorded_stops_close(f->stops);
    temp_dir_remove(&f->dir);
    return recorded_scene_stop((void **)&f->scene);
}

/* ---- what is recorded ---- */

static uint32_t next_id(struct fixture *f)
{
    f->id ^= 1;
    return (uint32_t)FIRST_ID | f->id;
}

static void stands(struct fixture *f, uint64_t pc_va)
{
    scene_state(f->scene, next_id(f), KD_STATE_EXCEPTION, pc_va);
}

static void asks(struct fixture *f, const struct kd_manipulate *request,
                 const struct kd_manipulate *reply)
{
    uint32_t id = next_id(f);

    scene_asks(f->scene, id, request);
    scene_answers(f->scene, id, reply);
}

/* text stands at va; NULL: it cannot be read. */
static void reads(struct fixture *f, uint64_t va, const char *text)
{
    uint32_t len = text ? (uint32_t)strlen(text) : 8;
    struct kd_manipulate request = scene_read(va, len, 0, NULL);
    struct kd_manipulate reply = scene_read(va, len, text ? len : 0, text);

    if (!text)
        reply.status = 0xC0000001;
    asks(f, &request, &reply);
}

static void says_version(struct fixture *f, uint16_t build)
{
    struct kd_manipulate request = scene_of(KD_API_GET_VERSION);
    struct kd_manipulate reply = scene_version(build, KERNEL);

    asks(f, &request, &reply);
}

static uint32_t is_let_go(struct fixture *f)
{
    struct kd_manipulate go = scene_of(KD_API_CONTINUE);
    uint32_t id = next_id(f);

    scene_asks(f->scene, id, &go);
    return id;
}

static void runs(struct fixture *f, uint32_t id)
{
    scene_packet(f->scene, false, KD_PACKET_ACKNOWLEDGE, id, NULL, 0);
}

static void goes_on(struct fixture *f)
{
    runs(f, is_let_go(f));
}

static void prints(struct fixture *f, const char *text)
{
    uint8_t data[16 + 32] = {0x30, 0x32, [8] = (uint8_t)strlen(text)};

    memcpy(data + 16, text, strlen(text));
    scene_packet(f->scene, false, KD_PACKET_DEBUG_IO, next_id(f), data, 16 + strlen(text));
}

/* ---- what is made of it ---- */

static void open_path(struct fixture *f, const char *path, const struct kdnet_key *key)
{
    const struct kdt_recording_opts opts = {.path = path, .key = key, .diag = &f->diag};

    if (kdt_recorded_stops_open(&opts, &f->stops) != KD_OK)
        fail_msg("%s", f->diag.text);
}

static void open_file(struct fixture *f)
{
    temp_dir_write(&f->dir, "r.pcap", f->scene->file, f->scene->len);
    open_path(f, temp_dir_path(&f->dir, "r.pcap"), f->scene->is_stream ? NULL : &f->scene->key);
}

static const struct kdt_recorded_stop *next_is(struct fixture *f, enum kd_event_kind kind)
{
    enum kd_status st = kdt_recorded_stops_next(f->stops, &f->told);

    if (st != KD_OK)
        fail_msg("nothing more is told: %s", kd_status_text(st));
    assert_int_equal(f->told.event.kind, kind);
    return &f->told.stop;
}

static void next_says(struct fixture *f, const char *text)
{
    (void)next_is(f, KD_EVENT_PRINT);
    assert_int_equal(f->told.event.u.text.len, strlen(text));
    assert_memory_equal(f->told.event.u.text.data, text, strlen(text));
}

static void ends_with(struct fixture *f, enum kd_status st)
{
    assert_int_equal(kdt_recorded_stops_next(f->stops, &f->told), st);
    assert_int_equal(kdt_recorded_stops_next(f->stops, &f->told), st); /* and stays so */
}

static void holds(const struct kdt_recorded_memory *m, uint64_t va, const char *text)
{
    char buf[64];
    size_t len = strlen(text);

    assert_int_equal(kdt_recorded_memory_read(m, va, (uint8_t *)buf, len), len);
    assert_memory_equal(buf, text, len);
}

static enum kdt_recorded_gap gap(const struct kdt_recorded_memory *m, uint64_t va)
{
    uint32_t ntstatus;
    size_t len;

    return kdt_recorded_memory_gap(m, va, 1, &len, &ntstatus);
}

/* ---- */

static void each_stop_has_what_was_read_in_it_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    const struct kdt_recorded_stop *stop;

    stands(f, KERNEL + 1);
    says_version(f, 18362);
    reads(f, VA, "first");
    reads(f, VA + 0x1000, "only here");
    goes_on(f);
    scene_wait(f->scene, 100);
    stands(f, KERNEL + 2);
    reads(f, VA, NULL);
    goes_on(f);
    stands(f, KERNEL + 3);
    reads(f, VA, "third");
    goes_on(f);
    open_file(f);

    stop = next_is(f, KD_EVENT_HALTED);
    assert_int_equal(stop->number, 1);
    assert_true(stop->change.pc_va == KERNEL + 1);
    assert_true(f->told.event.u.halted.pc_va == KERNEL + 1);
    assert_true(stop->is_over && stop->has_version && stop->is_version_new);
    assert_int_equal(stop->version.minor, 18362);
    assert_int_equal(stop->boot, 1);
    assert_int_equal(stop->requests, 4);
    assert_int_equal(stop->round_trips, 3);
    assert_int_equal(stop->bytes_read, 5 + 9);
    holds(stop->virt, VA, "first");
    holds(stop->virt, VA + 0x1000, "only here");
    assert_int_equal(gap(stop->phys, VA), KDT_GAP_UNRECORDED);

    stop = next_is(f, KD_EVENT_HALTED);
    assert_int_equal(stop->number, 2);
    assert_true(stop->has_version && !stop->is_version_new);
    assert_int_equal(gap(stop->virt, VA), KDT_GAP_REFUSED);
    assert_int_equal(gap(stop->virt, VA + 0x1000), KDT_GAP_UNRECORDED);

    stop = next_is(f, KD_EVENT_HALTED);
    assert_int_equal(stop->number, 3);
    holds(stop->virt, VA, "third");
    assert_int_equal(gap(stop->virt, VA + 0x1000), KDT_GAP_UNRECORDED);
    ends_with(f, KD_ERR_NOT_FOUND);
    assert_non_null(kdt_recorded_stops_recording(f->stops));
}

static void a_stop_lasts_from_its_report_to_the_acknowledged_continue(void **state)
{
    struct fixture *f = *state;
    const struct kdt_recorded_stop *stop;
    uint64_t begin_ns = f->scene->time_ns, end_ns;
    uint32_t id;

    stands(f, KERNEL + 1);
    scene_wait(f->scene, 40);
    reads(f, VA, "text");
    id = is_let_go(f);
    scene_wait(f->scene, 10);
    end_ns = f->scene->time_ns;
    runs(f, id);
    open_file(f);
    stop = next_is(f, KD_EVENT_HALTED);
    assert_true(stop->begin_ns == begin_ns);
    assert_true(f->told.time_ns == begin_ns);
    assert_true(stop->end_ns == end_ns);
    ends_with(f, KD_ERR_NOT_FOUND);
}

static void what_is_said_between_two_stops_comes_between_them(void **state)
{
    struct fixture *f = *state;

    prints(f, "before");
    stands(f, KERNEL + 1);
    reads(f, VA, "text");
    prints(f, "while it stands");
    goes_on(f);
    prints(f, "between");
    prints(f, "and again");
    stands(f, KERNEL + 2);
    reads(f, VA, "text");
    goes_on(f);
    prints(f, "after");
    open_file(f);
    next_says(f, "before");
    next_says(f, "while it stands");
    assert_int_equal(next_is(f, KD_EVENT_HALTED)->number, 1);
    next_says(f, "between");
    next_says(f, "and again");
    assert_int_equal(next_is(f, KD_EVENT_HALTED)->number, 2);
    next_says(f, "after");
    ends_with(f, KD_ERR_NOT_FOUND);
}

static void scene_module(struct fixture *f, const char *path, uint64_t base_va, bool is_unload)
{
    uint8_t buf[KD_STATE_CHANGE_LEN + 64] = {0};
    struct kd_writer w = kd_writer_of(buf, sizeof buf);

    kd_wr_u32(&w, KD_STATE_LOAD_SYMBOLS);
    kd_wr_zero(&w, 28);
    kd_wr_u32(&w, path ? (uint32_t)strlen(path) + 1 : 0);
    kd_wr_zero(&w, 4);
    kd_wr_u64(&w, base_va);
    kd_wr_zero(&w, 16);
    kd_wr_u8(&w, is_unload);
    kd_wr_zero(&w, KD_STATE_CHANGE_LEN - w.pos);
    if (path)
        kd_wr_bytes(&w, path, strlen(path) + 1);
    scene_packet(f->scene, false, KD_PACKET_STATE_CHANGE64, next_id(f), buf, w.pos);
}

static void modules_are_told_as_a_session_tells_them(void **state)
{
    struct fixture *f = *state;
    const struct kdt_recorded_stop *stop;
    struct kd_manipulate get = scene_of(KD_API_GET_CONTEXT);

    scene_module(f, "passing.sys", KERNEL + 0x1000, false);
    asks(f, &get, &get); /* the Rip rule */
    goes_on(f);
    scene_module(f, "looked-at.sys", KERNEL + 0x2000, false);
    reads(f, VA, "text");
    goes_on(f);
    scene_module(f, NULL, UINT64_MAX, true);
    goes_on(f);
    open_file(f);
    stop = next_is(f, KD_EVENT_MODULE);
    assert_int_equal(stop->change.path.len, 11);
    assert_memory_equal(stop->change.path.data, "passing.sys", 11);
    assert_memory_equal(f->told.event.u.halted.path.data, "passing.sys", 11);
    stop = next_is(f, KD_EVENT_HALTED);
    assert_int_equal(stop->change.kind, KD_STATE_LOAD_SYMBOLS);
    assert_memory_equal(stop->change.path.data, "looked-at.sys", 13);
    holds(stop->virt, VA, "text");
    assert_int_equal(next_is(f, KD_EVENT_RESTARTING)->number, 3);
    ends_with(f, KD_ERR_NOT_FOUND);
}

static void a_continue_that_was_lost_ends_nothing(void **state)
{
    struct fixture *f = *state;
    const struct kdt_recorded_stop *stop;
    uint64_t end_ns;
    uint32_t id, stop_id = next_id(f);

    scene_state(f->scene, stop_id, KD_STATE_EXCEPTION, KERNEL + 1);
    (void)is_let_go(f);
    scene_state(f->scene, stop_id, KD_STATE_EXCEPTION, KERNEL + 1);
    reads(f, VA, "behind");
    id = is_let_go(f);
    end_ns = f->scene->time_ns;
    runs(f, id);
    open_file(f);
    stop = next_is(f, KD_EVENT_HALTED);
    assert_true(stop->is_over);
    holds(stop->virt, VA, "behind");
    assert_true(stop->end_ns == end_ns);
    ends_with(f, KD_ERR_NOT_FOUND);
}

static void a_running_target_shows_that_a_presumed_continue_arrived(void **state)
{
    struct fixture *f = *state;

    stands(f, KERNEL + 1);
    reads(f, VA, "text");
    (void)is_let_go(f);
    prints(f, "I run");
    stands(f, KERNEL + 2);
    reads(f, VA, "more");
    (void)is_let_go(f);
    stands(f, KERNEL + 3);
    open_file(f);
    assert_true(next_is(f, KD_EVENT_HALTED)->is_over);
    next_says(f, "I run");
    assert_true(next_is(f, KD_EVENT_HALTED)->is_over);
    assert_false(next_is(f, KD_EVENT_HALTED)->is_over); /* the recording ends in it */
    ends_with(f, KD_ERR_NOT_FOUND);
}

static void a_restart_ends_a_stop_and_the_version_is_asked_anew(void **state)
{
    struct fixture *f = *state;
    const struct kdt_recorded_stop *stop;

    f->scene->is_stream = false;
    scene_link(f->scene);
    stands(f, KERNEL + 1);
    says_version(f, 18362);
    scene_wait(f->scene, 5000);
    f->scene->poke.nonce_b[0]++;
    scene_link(f->scene);
    stands(f, KERNEL + 2);
    reads(f, VA, "other");
    says_version(f, 19041);
    goes_on(f);
    open_file(f);
    stop = next_is(f, KD_EVENT_HALTED);
    assert_false(stop->is_over);
    assert_int_equal(stop->version.minor, 18362);
    (void)next_is(f, KD_EVENT_RESTARTED);
    stop = next_is(f, KD_EVENT_HALTED);
    assert_true(stop->is_over && stop->is_version_new);
    assert_int_equal(stop->version.minor, 19041);
    assert_int_equal(stop->boot, 2);
    holds(stop->virt, VA, "other");
    ends_with(f, KD_ERR_NOT_FOUND);
}

static void a_file_that_breaks_off_tells_what_there_was(void **state)
{
    struct fixture *f = *state;

    stands(f, KERNEL + 1);
    reads(f, VA, "text");
    f->scene->len -= 3;
    temp_dir_write(&f->dir, "r.pcap", f->scene->file, f->scene->len);
    open_path(f, temp_dir_path(&f->dir, "r.pcap"), NULL);
    assert_int_equal(next_is(f, KD_EVENT_HALTED)->number, 1);
    ends_with(f, KD_ERR_TRUNCATED);
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    struct fixture *f = *state;
    const struct kdt_recording_opts opts = {.path = "/nowhere/r.pcap", .diag = &f->diag};

    assert_int_not_equal(kdt_recorded_stops_open(&opts, &f->stops), KD_OK);
    assert_null(f->stops);
}

/* A session of WinDbg with a boot debugger, whole. */
static void a_real_session_is_told(void **state)
{
    struct fixture *f = *state;
    struct kdnet_key key;
    unsigned stops = 0, prints_seen = 0;
    FILE *there = fopen(REAL, "rb");

    if (!there) {
        print_message("no %s: skipped\n", REAL);
        skip();
    }
    fclose(there);
    assert_int_equal(kdnet_key_parse("8.8.8.8", 7, &f->diag, &key), KD_OK);
    open_path(f, REAL, &key);
    while (kdt_recorded_stops_next(f->stops, &f->told) == KD_OK) {
        prints_seen += f->told.event.kind == KD_EVENT_PRINT;
        if (!f->told.stop.number)
            continue;
        assert_int_equal(f->told.stop.number, ++stops);
        assert_true(f->told.stop.end_ns > f->told.stop.begin_ns);
        assert_true(f->told.stop.is_over);
    }
    assert_int_equal(stops, 3); /* a module, an int3, the farewell [seen] */
    assert_true(prints_seen >= 1);
    assert_int_equal(f->told.event.kind, KD_EVENT_RESTARTING);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(each_stop_has_what_was_read_in_it_and_nothing_else),
        ROW(a_stop_lasts_from_its_report_to_the_acknowledged_continue),
        ROW(what_is_said_between_two_stops_comes_between_them),
        ROW(modules_are_told_as_a_session_tells_them),
        ROW(a_continue_that_was_lost_ends_nothing),
        ROW(a_running_target_shows_that_a_presumed_continue_arrived),
        ROW(a_restart_ends_a_stop_and_the_version_is_asked_anew),
        ROW(a_file_that_breaks_off_tells_what_there_was),
        ROW(a_file_that_is_not_there_is_an_error),
        ROW(a_real_session_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
