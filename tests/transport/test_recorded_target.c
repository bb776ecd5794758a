/* The real session is captures/windbg-uncut.pcapng, a boot debugger's; it is skipped where absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/recorded_scene.h"
#include "support/temp_dir.h"

#include <transport/recorded_target.h>

#define REAL KDWALK_TEST_DATA "/captures/windbg-uncut.pcapng"

#define KERNEL UINT64_C(0xfffff80000000000)
#define LOADER UINT64_C(0x00000000001a0000)
#define VA     UINT64_C(0xfffff80000001000)

enum { MS = 1000000, START_S = 1700000000 };

struct fixture {
    struct recorded_scene *scene;
    struct temp_dir dir;
    struct kdt_recorded_target *target;
    struct kd_diag diag;
    uint32_t id;
};

static struct fixture fixture;

static int setup(void **state)
{
    memset(&fixture, 0, sizeof fixture);
    if (recorded_scene_start((void **)&fixture.scene) != 0)
        return -1;
    temp_dir_create(&fixture.dir);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    kdt_recorded_target_close(f->target);
    temp_dir_remove(&f->dir);
    return recorded_scene_stop((void **)&f->scene);
}

/* ---- what is recorded ---- */

static void asks_and_answers(struct fixture *f, const struct kd_manipulate *request,
                             const struct kd_manipulate *reply)
{
    f->id ^= 1;
    scene_asks(f->scene, 0x80800000 | f->id, request);
    scene_answers(f->scene, 0x80800000 | f->id, reply);
}

static void stands(struct fixture *f, uint64_t pc_va)
{
    f->id ^= 1;
    scene_state(f->scene, 0x80800000 | f->id, KD_STATE_EXCEPTION, pc_va);
}

static void goes_on(struct fixture *f)
{
    struct kd_manipulate go = scene_of(KD_API_CONTINUE);

    f->id ^= 1;
    scene_asks(f->scene, 0x80800000 | f->id, &go);
}

static void says_version(struct fixture *f, uint16_t build, uint64_t base_va)
{
    struct kd_manipulate request = scene_of(KD_API_GET_VERSION);
    struct kd_manipulate reply = scene_version(build, base_va);

    reply.u.version.debugger_data_list_va = base_va == KERNEL ? base_va + 0x5000 : 0;
    reply.u.version.major = base_va == KERNEL ? 0x000f : 0x040f;
    asks_and_answers(f, &request, &reply);
}

/* The target starts anew, or its next boot stage does. */
static void boots(struct fixture *f)
{
    scene_wait(f->scene, 5000);
    f->scene->poke.nonce_b[0]++;
    scene_link(f->scene);
}

/* text stands at va; NULL: it cannot be read. */
static void reads(struct fixture *f, uint64_t va, const char *text)
{
    uint32_t len = text ? (uint32_t)strlen(text) : 8;
    struct kd_manipulate request = scene_read(va, len, 0, NULL);
    struct kd_manipulate reply = scene_read(va, len, text ? len : 0, text);

    if (!text)
        reply.status = 0xC0000001;
    asks_and_answers(f, &request, &reply);
}

/* A whole stop of the kernel, in which text was read at VA. */
static void stop_with(struct fixture *f, const char *text)
{
    stands(f, KERNEL + 0x1234);
    says_version(f, 18362, KERNEL);
    reads(f, VA, text);
    goes_on(f);
}

/* ---- what is made of it ---- */

static struct kdt_recorded_target_opts defaults(struct fixture *f)
{
    struct kdt_recorded_target_opts o = {0};

    o.recording.key = f->scene->is_stream ? NULL : &f->scene->key;
    o.recording.diag = &f->diag;
    return o;
}

static enum kd_status open_file(struct fixture *f, struct kdt_recorded_target_opts o, size_t len)
{
    static char path[300];

    temp_dir_write(&f->dir, "r.pcap", f->scene->file, len);
    snprintf(path, sizeof path, "%s", temp_dir_path(&f->dir, "r.pcap"));
    o.recording.path = path;
    kdt_recorded_target_close(f->target);
    f->target = NULL;
    kd_diag_clear(&f->diag);
    return kdt_recorded_target_open(&o, &f->target);
}

static const struct kdt_recorded_facts *opened(struct fixture *f,
                                               const struct kdt_recorded_target_opts *o)
{
    if (open_file(f, *o, f->scene->len) != KD_OK)
        fail_msg("%s", f->diag.text);
    return kdt_recorded_target_facts(f->target);
}

static void fails(struct fixture *f, const struct kdt_recorded_target_opts *o, enum kd_status st,
                  const char *says)
{
    assert_int_equal(open_file(f, *o, f->scene->len), st);
    assert_null(f->target);
    if (!strstr(f->diag.text, says))
        fail_msg("\"%s\" does not say \"%s\"", f->diag.text, says);
}

static void holds(struct fixture *f, uint64_t va, const char *text)
{
    char buf[64];
    size_t len = strlen(text);

    assert_int_equal(
        kdt_recorded_memory_read(kdt_recorded_target_virtual(f->target), va, (uint8_t *)buf, len),
        len);
    assert_memory_equal(buf, text, len);
}

static enum kdt_recorded_gap gap(struct fixture *f, uint64_t va)
{
    size_t len;
    uint32_t ntstatus;

    return kdt_recorded_memory_gap(kdt_recorded_target_virtual(f->target), va, 1, &len, &ntstatus);
}

/* ---- */

static void a_target_is_what_its_last_stop_says(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);
    const struct kdt_recorded_facts *facts;

    scene_link(f->scene);
    stop_with(f, "before..");
    stands(f, KERNEL + 0x4321);
    reads(f, VA + 8, "behind");
    facts = opened(f, &o);
    assert_true(facts->has_version && facts->has_stop);
    assert_int_equal(facts->version.minor, 18362);
    assert_true(facts->stop.pc_va == KERNEL + 0x4321);
    assert_int_equal(facts->stop.processor_count, 1);
    assert_int_equal(facts->boot, 1);
    assert_int_equal(facts->boots, 1);
    assert_int_equal(facts->targets, 1);
    assert_int_equal(facts->counts.stops, 2);
    assert_int_equal(facts->sealed, 0);
    assert_int_equal(facts->end, KD_OK);
    assert_true(facts->start_ns == UINT64_C(1000000000) * START_S);
    assert_true(facts->moment_ns == f->scene->time_ns - MS);
    holds(f, VA, "before..behind");
}

static void a_stream_needs_no_key(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o;

    f->scene->is_stream = true;
    o = defaults(f);
    stop_with(f, "text");
    assert_true(opened(f, &o)->has_version);
    holds(f, VA, "text");
    o.recording.key = &f->scene->key;
    (void)opened(f, &o);
    holds(f, VA, "text");
}

static void a_stop_or_a_time_picks_a_moment(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);
    uint64_t first_end;

    scene_link(f->scene);
    stop_with(f, "first");
    first_end = f->scene->time_ns - MS;
    scene_wait(f->scene, 500);
    stop_with(f, "again");
    stop_with(f, NULL);

    (void)opened(f, &o);
    assert_int_equal(gap(f, VA), KDT_GAP_REFUSED);
    o.moment = KDT_MOMENT_STOP;
    o.stop = 1;
    assert_true(opened(f, &o)->moment_ns == first_end);
    holds(f, VA, "first");
    o.stop = 2;
    (void)opened(f, &o);
    holds(f, VA, "again");
    o.stop = 3;
    (void)opened(f, &o);
    assert_int_equal(gap(f, VA), KDT_GAP_REFUSED);
    o.stop = 4;
    fails(f, &o, KD_ERR_NOT_FOUND, "there is no stop 4 in it, but 3 stops");
    o.stop = 0;
    fails(f, &o, KD_ERR_NOT_FOUND, "there is no stop 0 in it");

    o.moment = KDT_MOMENT_TIME;
    o.time_ns = first_end;
    (void)opened(f, &o);
    holds(f, VA, "first");
    o.time_ns = UINT64_MAX;
    (void)opened(f, &o);
    assert_int_equal(gap(f, VA), KDT_GAP_REFUSED);
    o.time_ns = UINT64_C(1000000000) * START_S - 1;
    fails(f, &o, KD_ERR_NOT_FOUND, "it begins after that time");
    o.time_ns = UINT64_C(1000000000) * START_S;
    fails(f, &o, KD_ERR_NOT_FOUND, "no target that was halted");
    o.moment = KDT_MOMENT_OFFSET;
    o.time_ns = first_end - UINT64_C(1000000000) * START_S;
    (void)opened(f, &o);
    holds(f, VA, "first");
    o.time_ns = UINT64_MAX;
    (void)opened(f, &o);
    assert_int_equal(gap(f, VA), KDT_GAP_REFUSED);
}

static void the_kernel_is_taken_where_one_is_needed(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stands(f, LOADER + 8);
    says_version(f, 10586, LOADER);
    reads(f, VA, "loader");
    o.needs_kernel = true;
    fails(f, &o, KD_ERR_UNSUPPORTED, "only a boot debugger is in it");
    goes_on(f);
    boots(f);
    stop_with(f, "kernel");
    assert_int_equal(opened(f, &o)->boot, 2);
    assert_int_equal(kdt_recorded_target_facts(f->target)->boots, 2);
    holds(f, VA, "kernel");
    boots(f);
    stands(f, LOADER + 8);
    says_version(f, 10586, LOADER);
    reads(f, VA, "again");

    assert_int_equal(opened(f, &o)->boot, 2);
    assert_true(kdt_recorded_target_facts(f->target)->stop.pc_va == KERNEL + 0x1234);
    holds(f, VA, "kernel");
    o.needs_kernel = false;
    assert_int_equal(opened(f, &o)->boot, 3);
    assert_int_equal(kdt_recorded_target_facts(f->target)->boots, 3);
    holds(f, VA, "again");
    o.moment = KDT_MOMENT_STOP;
    o.stop = 1;
    assert_int_equal(opened(f, &o)->boot, 1);
    holds(f, VA, "loader");
    o.needs_kernel = true;
    fails(f, &o, KD_ERR_UNSUPPORTED, "boot debugger");
}

static void what_is_known_of_a_boot_ends_with_it(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stop_with(f, "old boot");
    boots(f);
    stop_with(f, "new");
    assert_int_equal(opened(f, &o)->boot, 2);
    holds(f, VA, "new");
    assert_int_equal(gap(f, VA + 3), KDT_GAP_UNRECORDED);
}

/* The reply that tells the version is missing: as in a capture that dropped it. */
static void what_is_read_after_a_restart_is_not_mixed_with_the_boot_before(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stop_with(f, "old boot");
    boots(f);
    stands(f, KERNEL + 0x4321);
    reads(f, VA, "new");
    assert_int_equal(opened(f, &o)->boot, 1); /* the one that is known */
    holds(f, VA, "old boot");
    o.moment = KDT_MOMENT_STOP;
    o.stop = 2;
    assert_false(opened(f, &o)->has_version);
    holds(f, VA, "new");
    assert_int_equal(gap(f, VA + 3), KDT_GAP_UNRECORDED);
    o.moment = KDT_MOMENT_LAST;
    says_version(f, 18362, KERNEL);
    assert_int_equal(opened(f, &o)->boot, 2);
    holds(f, VA, "new");
    assert_int_equal(gap(f, VA + 3), KDT_GAP_UNRECORDED);
}

static void the_first_stop_after_a_restart_knows_nothing_of_the_boot_before(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stop_with(f, "old boot");
    boots(f);
    stands(f, KERNEL + 0x4321);
    o.moment = KDT_MOMENT_STOP;
    o.stop = 2;
    assert_true(opened(f, &o)->stop.pc_va == KERNEL + 0x4321);
    assert_int_equal(gap(f, VA), KDT_GAP_UNRECORDED);
    o.needs_kernel = true;
    fails(f, &o, KD_ERR_NOT_FOUND, "nobody asked the target in it for its version");
}

static void of_two_targets_the_one_that_stood_still_last_is_taken(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stop_with(f, "first");
    f->scene->target = scene_end(3, 50001);
    scene_link(f->scene);
    stop_with(f, "second");
    assert_int_equal(opened(f, &o)->targets, 2);
    assert_int_equal(kdt_recorded_target_facts(f->target)->boots, 2);
    holds(f, VA, "second");
    o.moment = KDT_MOMENT_STOP;
    o.stop = 1;
    (void)opened(f, &o);
    holds(f, VA, "first");
}

static void a_target_without_its_version_will_do_for_reading(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stands(f, KERNEL);
    reads(f, VA, "text");
    assert_false(opened(f, &o)->has_version);
    assert_true(kdt_recorded_target_facts(f->target)->has_stop);
    holds(f, VA, "text");
    o.needs_kernel = true;
    fails(f, &o, KD_ERR_NOT_FOUND, "nobody asked the target in it for its version");
    says_version(f, 18362, KERNEL);
    (void)opened(f, &o);
    holds(f, VA, "text"); /* of the same stop */
}

static void a_stop_in_which_nothing_was_asked_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stop_with(f, "text");
    stands(f, KERNEL + 0x9999);
    assert_true(opened(f, &o)->stop.pc_va == KERNEL + 0x1234);
    o.moment = KDT_MOMENT_STOP;
    o.stop = 2;
    assert_true(opened(f, &o)->stop.pc_va == KERNEL + 0x9999);
    holds(f, VA, "text");
}

static void what_cannot_be_opened_is_explained(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);
    struct kdnet_key wrong = {{1, 2, 3}};
    size_t handshake_end, header_len = f->scene->len;

    fails(f, &o, KD_ERR_NOT_FOUND, "neither KDNET nor a recorded stream is in it");
    scene_link(f->scene);
    handshake_end = f->scene->len;
    fails(f, &o, KD_ERR_NOT_FOUND, "no target that was halted is in it");
    stop_with(f, "text");
    o.recording.key = &wrong;
    fails(f, &o, KD_ERR_AUTH, "nothing in it verifies with this key");
    o.recording.key = NULL;
    fails(f, &o, KD_ERR_USAGE, "it is of KDNET, and no key was given");
    o.recording.key = &f->scene->key;
    memmove(f->scene->file + header_len, f->scene->file + handshake_end,
            f->scene->len - handshake_end);
    f->scene->len -= handshake_end - header_len;
    scene_poke(f->scene); /* the control channel needs no handshake */
    fails(f, &o, KD_ERR_NOT_FOUND, "the handshake that made its data key is not in it");
    o.recording.path = NULL;
}

static void some_that_cannot_be_opened_are_counted(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);

    scene_link(f->scene);
    stop_with(f, "text");
    memset(f->scene->data_key, 7, sizeof f->scene->data_key);
    stop_with(f, "gone");
    assert_true(opened(f, &o)->sealed > 0);
    holds(f, VA, "text");
}

static void a_file_cut_anywhere_is_used_as_far_as_it_goes(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);
    size_t whole, used = 0;

    scene_link(f->scene);
    stop_with(f, "text");
    whole = f->scene->len;
    for (size_t len = 0; len <= whole; len += 7) {
        enum kd_status st = open_file(f, o, len);

        if (st != KD_OK) {
            assert_true(f->diag.text[0]);
            continue;
        }
        used++;
        if (kdt_recorded_target_facts(f->target)->end != KD_OK)
            assert_true(f->diag.text[0]);
    }
    assert_true(used > 10);
    assert_int_equal(open_file(f, o, whole - 1), KD_OK);
    assert_int_equal(kdt_recorded_target_facts(f->target)->end, KD_ERR_TRUNCATED);
    holds(f, VA, "text");
    o.moment = KDT_MOMENT_STOP;
    o.stop = 7;
    assert_int_equal(open_file(f, o, whole - 1), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(f->diag.text, "; it breaks off: after packet"));
}

struct asked {
    unsigned calls, until;
};

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct asked *a = ctx;

    assert_true(total == 0 || done <= total);
    return ++a->calls <= a->until;
}

static void who_waits_is_asked_and_can_give_up(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);
    struct asked asked = {.until = 100};

    scene_link(f->scene);
    stop_with(f, "text");
    o.ctx = &asked;
    o.on_progress = on_progress;
    (void)opened(f, &o);
    assert_true(asked.calls > 0);
    asked = (struct asked){0};
    assert_int_equal(open_file(f, o, f->scene->len), KD_ERR_CANCELLED);
}

static void the_real_session_is_that_of_a_boot_debugger(void **state)
{
    struct fixture *f = *state;
    struct kdt_recorded_target_opts o = defaults(f);
    const struct kdt_recorded_facts *facts;
    struct kdnet_key key;
    FILE *file = fopen(REAL, "rb");
    uint32_t ntstatus = 0;
    size_t len = 0;

    if (!file) {
        print_message("no %s\n", REAL);
        skip();
    }
    fclose(file);
    assert_int_equal(kdnet_key_parse("8.8.8.8", 7, NULL, &key), KD_OK);
    o.recording.path = REAL;
    o.recording.key = &key;
    assert_int_equal(kdt_recorded_target_open(&o, &f->target), KD_OK);
    facts = kdt_recorded_target_facts(f->target);
    assert_int_equal(facts->version.minor, 10586);
    assert_false(kd_version_is_nt_kernel(&facts->version));
    assert_int_equal(facts->boots, 1);
    assert_int_equal(facts->counts.stops, 3);
    assert_true(facts->has_dtb);
    assert_true(facts->cr4 == 0x40668); /* packet 208 */
    assert_int_equal(kdt_recorded_memory_gap(kdt_recorded_target_virtual(f->target),
                                             UINT64_C(0xfffff780000003d8), 816, &len, &ntstatus),
                     KDT_GAP_REFUSED);
    assert_int_equal(ntstatus, 0xC0000001);
    assert_int_equal(len, 816);
    o.needs_kernel = true;
    kdt_recorded_target_close(f->target);
    f->target = NULL;
    assert_int_equal(kdt_recorded_target_open(&o, &f->target), KD_ERR_UNSUPPORTED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_target_is_what_its_last_stop_says),
        TEST(a_stream_needs_no_key),
        TEST(a_stop_or_a_time_picks_a_moment),
        TEST(the_kernel_is_taken_where_one_is_needed),
        TEST(what_is_known_of_a_boot_ends_with_it),
        TEST(what_is_read_after_a_restart_is_not_mixed_with_the_boot_before),
        TEST(the_first_stop_after_a_restart_knows_nothing_of_the_boot_before),
        TEST(of_two_targets_the_one_that_stood_still_last_is_taken),
        TEST(a_target_without_its_version_will_do_for_reading),
        TEST(a_stop_in_which_nothing_was_asked_changes_nothing),
        TEST(what_cannot_be_opened_is_explained),
        TEST(some_that_cannot_be_opened_are_counted),
        TEST(a_file_cut_anywhere_is_used_as_far_as_it_goes),
        TEST(who_waits_is_asked_and_can_give_up),
        TEST(the_real_session_is_that_of_a_boot_debugger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
