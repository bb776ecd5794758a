#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode_symbols.h"
#include "support/capture.h"
#include "support/pdb_build.h"
#include "support/recorded_scene.h"
#include "support/temp_dir.h"

#define KERNEL UINT64_C(0xfffff80000000000)

enum {
    MODULE_LIST = 0x1130,
    KI_STOP = 0x1200,
    IMAGE_LEN = 0x3000,
    OPTIONAL = 0x118, /* of the image's headers */
    DEBUG = 0x1000,
    RSDS = 0x1040,
    READ_MAX = 0x400,
};

struct fixture {
    struct recorded_scene *scene;
    struct temp_dir dir;
    struct cli cli;
    struct kd_diag diag;
    uint8_t image[0x1100];
    uint32_t id;
    struct capture said;
};

static struct fixture fixture;

/* --- the image and its symbols ----------------------------------------------------------------- */

static void put(struct fixture *f, size_t at, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++)
        f->image[at + i] = (uint8_t)(v >> 8 * i);
}

static void make_image(struct fixture *f, const uint8_t guid[16])
{
    memcpy(f->image, "MZ", 2);
    put(f, 0x3c, 0x100, 4);
    memcpy(f->image + 0x100, "PE\0", 4);
    put(f, 0x104, 0x8664, 2);
    put(f, 0x114, 0xf0, 2);
    put(f, OPTIONAL, 0x20b, 2);
    put(f, OPTIONAL + 56, IMAGE_LEN, 4);
    put(f, OPTIONAL + 108, 16, 4);
    put(f, OPTIONAL + 160, DEBUG, 4);
    put(f, OPTIONAL + 164, 28, 4);
    put(f, DEBUG + 12, 2, 4);
    put(f, DEBUG + 16, 24 + 13, 4);
    put(f, DEBUG + 20, RSDS, 4);
    memcpy(f->image + RSDS, "RSDS", 4);
    memcpy(f->image + RSDS + 4, guid, 16);
    put(f, RSDS + 20, 1, 4);
    memcpy(f->image + RSDS + 24, "ntkrnlmp.pdb", 13);
}

static void make_symbols(struct fixture *f)
{
    struct pdb_build *b = pdb_build_create();
    uint8_t *file;
    size_t len;

    b->info_age = b->dbi_age = 1;
    pdb_build_section(b, 0x1000);
    pdb_build_public(b, "PsLoadedModuleList", 1, MODULE_LIST - 0x1000);
    pdb_build_public(b, "KiStop\x1b", 1, KI_STOP - 0x1000); /* no terminal obeys a PDB either */
    file = pdb_build_file(b, &len);
    make_image(f, b->guid);
    temp_dir_write(&f->dir, "ntkrnlmp.pdb", file, len);
    free(file);
    pdb_build_destroy(b);
}

static int setup(void **state)
{
    memset(&fixture, 0, sizeof fixture);
    if (recorded_scene_start((void **)&fixture.scene) != 0)
        return -1;
    fixture.scene->is_stream = true;
    temp_dir_create(&fixture.dir);
    make_symbols(&fixture);
    fixture.cli.options.symbol_path = fixture.dir.path;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    temp_dir_remove(&f->dir);
    return recorded_scene_stop((void **)&f->scene);
}

/* --- what is recorded -------------------------------------------------------------------------- */

static void asks_and_answers(struct fixture *f, const struct kd_manipulate *request,
                             const struct kd_manipulate *reply)
{
    f->id ^= 1;
    scene_asks(f->scene, 0x80800000 | f->id, request);
    scene_answers(f->scene, 0x80800000 | f->id, reply);
}

static void stops(struct fixture *f, uint16_t build, uint64_t base_va)
{
    struct kd_manipulate request = scene_of(KD_API_GET_VERSION);
    struct kd_manipulate reply = scene_version(build, base_va);

    reply.u.version.module_list_va = base_va + MODULE_LIST;
    reply.u.version.debugger_data_list_va = base_va == KERNEL ? base_va + 0x2000 : 0;
    reply.u.version.major = base_va == KERNEL ? 0x000f : 0x040f;
    f->id ^= 1;
    scene_state(f->scene, 0x80800000 | f->id, KD_STATE_EXCEPTION, base_va + KI_STOP);
    asks_and_answers(f, &request, &reply);
}

static void goes_on(struct fixture *f)
{
    struct kd_manipulate go = scene_of(KD_API_CONTINUE);

    f->id ^= 1;
    scene_asks(f->scene, 0x80800000 | f->id, &go);
}

static void reads_headers(struct fixture *f)
{
    for (uint32_t at = 0; at < sizeof f->image; at += READ_MAX) {
        uint32_t len = sizeof f->image - at < READ_MAX ? sizeof f->image - at : READ_MAX;
        struct kd_manipulate request = scene_read(KERNEL + at, len, 0, NULL);
        struct kd_manipulate reply = scene_read(KERNEL + at, len, len, f->image + at);

        asks_and_answers(f, &request, &reply);
    }
}

/* --- what is made of it ------------------------------------------------------------------------ */

static struct decode_symbols *open_symbols(struct fixture *f)
{
    struct kdt_recording_opts opts = {.diag = &f->diag};
    struct kdt_recording *opened;
    struct decode_symbols *s;

    temp_dir_write(&f->dir, "session.pcap", f->scene->file, f->scene->len);
    opts.path = temp_dir_path(&f->dir, "session.pcap");
    assert_int_equal(kdt_recording_open(&opts, &opened), KD_OK);
    capture_begin(&f->said, CAPTURE_ERR);
    s = decode_symbols_open(&f->cli, &opts, opened);
    (void)capture_end(&f->said);
    kdt_recording_close(opened);
    assert_string_equal(f->diag.text, ""); /* that is the recording's */
    return s;
}

/* No symbols; says: what the warning has in it. NULL: there is none. */
static void opens_nothing(struct fixture *f, const char *says)
{
    struct decode_symbols *s = open_symbols(f);

    assert_null(s);
    assert_null(decode_symbols_names(s));
    if (!says)
        assert_string_equal(f->said.text, "");
    else if (!strstr(f->said.text, says))
        fail_msg("\"%s\" does not say \"%s\"", f->said.text, says);
    decode_symbols_close(s);
    capture_free(&f->said);
}

static void assert_named(struct decode_symbols *s, unsigned boot, uint64_t va, const char *want)
{
    struct describe_names *names = decode_symbols_names(s);
    struct kdt_record rec = {.boot = boot};
    struct text t = {0};

    names->add(names, &rec, va, &t);
    assert_string_equal(t.len ? t.chars : "", want);
    free(text_take(&t));
}

static void addresses_in_the_kernel_have_names(void **state)
{
    struct fixture *f = *state;
    struct decode_symbols *s;

    stops(f, 18362, KERNEL);
    reads_headers(f);
    goes_on(f);
    s = open_symbols(f);
    assert_string_equal(f->said.text, "");
    assert_non_null(s);
    assert_named(s, 1, KERNEL + MODULE_LIST, " nt!PsLoadedModuleList");
    assert_named(s, 1, KERNEL + KI_STOP + 0x10, " nt!KiStop\\x1b+0x10");
    assert_named(s, 0, KERNEL + KI_STOP,
                 " nt!KiStop\\x1b"); /* its first stop, before its version */
    assert_named(s, 1, KERNEL + 0x1000, "");
    assert_named(s, 1, KERNEL + IMAGE_LEN, "");
    assert_named(s, 1, 0x1234, "");
    decode_symbols_close(s);
    capture_free(&f->said);
}

static void of_several_boots_the_last_has_names(void **state)
{
    struct fixture *f = *state;
    struct decode_symbols *s;

    stops(f, 10586, 0x96f000); /* the boot debugger before it */
    goes_on(f);
    stops(f, 18362, KERNEL);
    reads_headers(f);
    goes_on(f);
    s = open_symbols(f);
    assert_non_null(s);
    assert_named(s, 2, KERNEL + KI_STOP, " nt!KiStop\\x1b");
    assert_named(s, 1, KERNEL + KI_STOP, "");
    assert_named(s, 0, KERNEL + KI_STOP, "");
    decode_symbols_close(s);
    capture_free(&f->said);
}

static void without_a_symbol_path_nothing_is_said(void **state)
{
    struct fixture *f = *state;

    stops(f, 18362, KERNEL);
    f->cli.options.symbol_path = NULL;
    opens_nothing(f, NULL);
    f->cli.options.symbol_path = " ; ";
    opens_nothing(f, NULL);
}

static void headers_that_nobody_read_are_a_warning(void **state)
{
    struct fixture *f = *state;

    stops(f, 18362, KERNEL);
    opens_nothing(f, "warning: addresses have no names: kernel: ");
}

static void symbols_that_are_nowhere_are_a_warning(void **state)
{
    struct fixture *f = *state;

    stops(f, 18362, KERNEL);
    reads_headers(f);
    f->cli.options.symbol_path = "/nonexistent";
    opens_nothing(f, "warning: addresses have no names: ");
}

static void a_boot_debugger_alone_is_a_warning(void **state)
{
    struct fixture *f = *state;

    stops(f, 10586, 0x96f000);
    opens_nothing(f, "warning: addresses have no names: ");
}

/* Whoever shows it says that it needs a key. */
static void a_recording_that_cannot_be_opened_is_not_our_matter(void **state)
{
    struct fixture *f = *state;

    f->scene->is_stream = false;
    scene_link(f->scene);
    opens_nothing(f, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(addresses_in_the_kernel_have_names),
        TEST(of_several_boots_the_last_has_names),
        TEST(without_a_symbol_path_nothing_is_said),
        TEST(headers_that_nobody_read_are_a_warning),
        TEST(symbols_that_are_nowhere_are_a_warning),
        TEST(a_boot_debugger_alone_is_a_warning),
        TEST(a_recording_that_cannot_be_opened_is_not_our_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
