#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/builtin.h>

#include "support/layout_table.h"

#define KERNELS   KDWALK_TABLES "/kernels.csv"
#define REVISIONS KDWALK_TABLES "/kernel-revisions.csv"

static struct kdw_pdb_id id_of(const struct csv *kernel)
{
    struct kdw_pdb_id id = {.age = (uint32_t)csv_number(kernel, "pdb_age")};

    assert_true(kdw_pdb_guid_parse(csv_text(kernel, "pdb_guid"), id.guid));
    return id;
}

static struct kdw_symbols *open_by(const struct kdw_kernel_facts *facts)
{
    struct kdw_symbols *s = NULL;
    struct kd_diag diag;

    if (kdw_builtin_open(facts, &diag, &s) != KD_OK)
        fail_msg("%s", diag.text);
    return s;
}

static const char *layout_path(const char *file, size_t len)
{
    static char path[512];

    snprintf(path, sizeof path, KDWALK_TABLES "/layouts/%.*s", (int)len, file);
    return path;
}

/* The whole version: 10.0.18362.5 is not in "10.0.18362.535". */
static bool is_named(struct kdw_symbols *s, const char *version)
{
    const char *at = strstr(kdw_symbols_origin(s), version);

    return at && strchr(" ,;", at[strlen(version)]) != NULL;
}

/* What the image of a tabled revision says of itself. */
static struct kdw_kernel_facts image_of(const char *version)
{
    struct kdw_kernel_facts facts = {0};
    struct csv revisions;

    assert_true(csv_open(&revisions, REVISIONS));
    while (csv_next(&revisions)) {
        if (strcmp(csv_text(&revisions, "version"), version) == 0) {
            facts.timestamp = (uint32_t)csv_number(&revisions, "pe_timestamp");
            facts.image_size = (uint32_t)csv_number(&revisions, "size_of_image");
        }
    }
    csv_close(&revisions);
    return facts;
}

/* Rows come in long runs of one layout: the first of each run is checked whole. */
static bool is_new(char last[64], const char *layout)
{
    bool differs = strcmp(last, layout) != 0;

    snprintf(last, 64, "%s", layout);
    return differs;
}

static uint64_t size_of(struct kdw_symbols *s, const char *name)
{
    struct kdw_type t;
    kdw_type_id type;

    assert_int_equal(kdw_type_by_name(s, name, &type), KD_OK);
    assert_int_equal(kdw_type_describe(s, type, &t), KD_OK);
    return t.size;
}

static void every_tabled_kernel_is_known_by_its_pdb(void **state)
{
    struct csv kernels;
    size_t count = 0, addresses = 0, layouts = 0;
    char last[64] = "";

    (void)state;
    assert_true(csv_open(&kernels, KERNELS));
    for (; csv_next(&kernels); count++) {
        struct kdw_pdb_id id = id_of(&kernels);
        struct kdw_symbols *s = open_by(&(struct kdw_kernel_facts){.pdb_id = &id});
        const char *layout = csv_text(&kernels, "layout_file");
        char origin[128];

        snprintf(origin, sizeof origin, "built-in tables of %s, by the identity of its PDB",
                 csv_text(&kernels, "version"));
        assert_string_equal(kdw_symbols_origin(s), origin);
        assert_false(kdw_symbols_is_guess(s));
        addresses += layout_table_check_addresses(s, &kernels);
        if (is_new(last, layout)) {
            assert_true(layout_table_check(s, layout_path(layout, strlen(layout))) > 850);
            layouts++;
        }
        assert_true(size_of(s, "_ETW_SILODRIVERSTATE") >= 0x1070);
        kdw_symbols_close(s);
    }
    csv_close(&kernels);
    print_message("%u kernels, %u addresses, %u layouts agree\n", (unsigned)count,
                  (unsigned)addresses, (unsigned)layouts);
    assert_int_equal(count, 180);
    assert_true(addresses > 180 * 40 && layouts >= 22);
}

static void addresses_that_a_kernel_lacks_are_not_found(void **state)
{
    struct csv kernels;
    size_t lacking = 0;

    (void)state;
    assert_true(csv_open(&kernels, KERNELS));
    while (csv_next(&kernels)) {
        struct kdw_pdb_id id = id_of(&kernels);
        uint64_t rva = 7;
        struct kdw_symbols *s;

        if (csv_text(&kernels, "EtwpSystemLogger")[0])
            continue;
        s = open_by(&(struct kdw_kernel_facts){.pdb_id = &id});
        assert_int_equal(kdw_symbol(s, "EtwpSystemLogger", &rva), KD_ERR_NOT_FOUND);
        assert_int_equal(rva, 7);
        kdw_symbols_close(s);
        lacking++;
    }
    csv_close(&kernels);
    assert_int_equal(lacking, 154);
}

/* Two files where the tables are undecided: then what both have. */
static size_t check_layouts(struct kdw_symbols *s, const char *files)
{
    const char *bar = strchr(files, '|');
    size_t fields;

    if (!bar)
        return layout_table_check(s, layout_path(files, strlen(files)));
    fields = layout_table_check_partly(s, layout_path(files, (size_t)(bar - files)));
    assert_int_equal(layout_table_check_partly(s, layout_path(bar + 1, strlen(bar + 1))), fields);
    return fields;
}

static void every_tabled_revision_is_known_by_its_image(void **state)
{
    struct csv revisions;
    size_t count = 0, layouts = 0;
    char last[64] = "";

    (void)state;
    assert_true(csv_open(&revisions, REVISIONS));
    for (; csv_next(&revisions); count++) {
        struct kdw_kernel_facts facts = {
            .timestamp = (uint32_t)csv_number(&revisions, "pe_timestamp"),
            .image_size = (uint32_t)csv_number(&revisions, "size_of_image"),
        };
        struct kdw_symbols *s = open_by(&facts);
        const char *confidence = csv_text(&revisions, "confidence");

        assert_true(is_named(s, csv_text(&revisions, "version")));
        assert_non_null(strstr(kdw_symbols_origin(s), "by time stamp and size of its image"));
        if (strcmp(confidence, "exact") != 0)
            assert_true(kdw_symbols_is_guess(s));
        if (is_new(last, csv_text(&revisions, "layout_file"))) {
            assert_true(check_layouts(s, csv_text(&revisions, "layout_file")) > 850);
            layouts++;
        }
        assert_true(size_of(s, "_ETW_SILODRIVERSTATE") >= 0x1070);
        kdw_symbols_close(s);
    }
    csv_close(&revisions);
    print_message("%u revisions, %u layouts agree\n", (unsigned)count, (unsigned)layouts);
    assert_int_equal(count, 1228);
    assert_true(layouts >= 33);
}

static void a_revision_whose_pdb_is_tabled_has_its_addresses(void **state)
{
    const struct kdw_kernel_facts facts = image_of("10.0.18362.535");
    struct kdw_symbols *s = open_by(&facts);
    uint64_t rva = 0;

    (void)state;
    assert_string_equal(kdw_symbols_origin(s),
                        "built-in tables of 10.0.18362.535, by time stamp and size of its image");
    assert_false(kdw_symbols_is_guess(s));
    assert_int_equal(kdw_symbol(s, "PspHostSiloGlobals", &rva), KD_OK);
    assert_int_equal(rva, 0x58e540);
    kdw_symbols_close(s);
}

static void a_revision_without_tabled_addresses_has_types_and_landmarks(void **state)
{
    /* The kernel of a published analysis, older than the first tabled one. */
    const struct kdw_landmark landmarks[] = {{"PsLoadedModuleList", 0x3081a0}};
    struct kdw_kernel_facts facts = image_of("10.0.14393.2068");
    struct kdw_symbols *s;
    uint64_t rva = 0;

    (void)state;
    assert_int_equal(facts.timestamp, 0x5a7e6e98);
    facts.landmarks = landmarks;
    facts.landmark_count = 1;
    s = open_by(&facts);
    assert_string_equal(kdw_symbols_origin(s),
                        "built-in tables of 10.0.14393.2068, by time stamp and size of its image; "
                        "types guessed from the nearest revision known; no addresses");
    assert_true(kdw_symbols_is_guess(s));
    assert_int_equal(kdw_symbol(s, "PspHostSiloGlobals", &rva), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_symbol(s, "PsLoadedModuleList", &rva), KD_OK);
    assert_int_equal(rva, 0x3081a0);
    kdw_symbols_close(s);
}

static void two_addresses_name_the_kernel_of_the_published_analysis_alone(void **state)
{
    const struct kdw_landmark published[] = {{"PsLoadedModuleList", 0x448130},
                                             {"PspHostSiloGlobals", 0x58e540}};
    const struct kdw_kernel_facts facts = {.landmarks = published, .landmark_count = 2};
    struct kdw_symbols *s = open_by(&facts);
    struct csv kernels;

    (void)state;
    assert_string_equal(
        kdw_symbols_origin(s),
        "built-in tables of 10.0.18362.535, guessed by the addresses of PsLoadedModuleList, "
        "PspHostSiloGlobals");
    assert_true(kdw_symbols_is_guess(s));
    assert_true(csv_open(&kernels, KERNELS));
    while (csv_next(&kernels))
        if (strcmp(csv_text(&kernels, "version"), "10.0.18362.535") == 0)
            assert_true(layout_table_check_addresses(s, &kernels) > 40);
    csv_close(&kernels);
    assert_true(layout_table_check(s, KDWALK_TABLES "/layouts/18362.csv") == 985);
    kdw_symbols_close(s);
}

/* All pairs of the tables: each names the kernels that share it, and answers what they agree on. */
static void kernels_with_equal_landmarks_answer_what_they_agree_on(void **state)
{
    struct csv kernels, others;
    size_t shared = 0, apart = 0;

    (void)state;
    assert_true(csv_open(&kernels, KERNELS));
    while (csv_next(&kernels)) {
        const struct kdw_landmark pair[] = {
            {"PsLoadedModuleList", csv_number(&kernels, "PsLoadedModuleList")},
            {"PspHostSiloGlobals", csv_number(&kernels, "PspHostSiloGlobals")}};
        struct kdw_symbols *s =
            open_by(&(struct kdw_kernel_facts){.landmarks = pair, .landmark_count = 2});
        const char *layout = csv_text(&kernels, "layout_file");
        bool is_shared = strstr(kdw_symbols_origin(s), " or ") != NULL;
        bool is_apart = false;
        uint64_t rva;

        assert_true(is_named(s, csv_text(&kernels, "version")));
        assert_true(layout_table_check_partly(s, layout_path(layout, strlen(layout))) > 700);
        assert_true(csv_open(&others, KERNELS));
        while (csv_next(&others)) {
            if (!is_named(s, csv_text(&others, "version")))
                continue;
            assert_int_equal(csv_number(&others, "PspHostSiloGlobals"), pair[1].rva);
            is_apart = is_apart || strcmp(csv_text(&others, "layout_file"), layout) != 0;
            if (kdw_symbol(s, "EtwpPsProvRegHandle", &rva) == KD_OK)
                assert_int_equal(csv_number(&others, "EtwpPsProvRegHandle"), rva);
        }
        csv_close(&others);
        assert_int_equal(is_shared,
                         strstr(kdw_symbols_origin(s), "; only what they agree on") != NULL);
        shared += is_shared;
        apart += is_apart;
        kdw_symbols_close(s);
    }
    csv_close(&kernels);
    print_message("%u kernels share their pair, %u with one of another layout\n", (unsigned)shared,
                  (unsigned)apart);
    assert_int_equal(shared, 180 - 70);
    assert_true(apart > 17);
}

static void what_is_not_tabled_is_not_guessed_at(void **state)
{
    const struct kdw_pdb_id unknown = {.age = 1, .guid = {1, 2, 3}};
    const struct kdw_landmark landmarks[] = {{"PsLoadedModuleList", 0x448130},
                                             {"PspHostSiloGlobals", 0x58e540},
                                             {"KdDebuggerDataBlock", 1}};
    const struct kdw_kernel_facts cases[] = {
        {0},
        {.pdb_id = &unknown, .landmarks = landmarks, .landmark_count = 2}, /* another kernel */
        {.timestamp = 1, .image_size = 2, .landmarks = landmarks, .landmark_count = 2},
        {.landmarks = landmarks, .landmark_count = 1}, /* one proves nothing */
        {.landmarks = landmarks, .landmark_count = 3}, /* one contradicts */
    };
    struct kdw_symbols *s;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kd_diag diag = {""};

        assert_int_equal(kdw_builtin_open(&cases[i], &diag, &s), KD_ERR_NOT_FOUND);
        assert_string_equal(diag.text, "the built-in tables do not know this kernel");
    }
}

static void enumerations_have_the_names_that_a_kernel_has(void **state)
{
    static const struct {
        const char *guid;
        bool has_token_container;
    } kernels[] = {{"517E128F7B7C4EA79491DE6B9B9CE190", false}, /* 10.0.14393.4583 */
                   {"616A94E33A4827B451B0E19C14C03792", true}}; /* 10.0.18362.535 */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kdw_pdb_id id = {.age = 1};
        struct kdw_symbols *s;
        struct kdw_type t;
        kdw_type_id type;
        const char *name = NULL;

        assert_true(kdw_pdb_guid_parse(kernels[i].guid, id.guid));
        s = open_by(&(struct kdw_kernel_facts){.pdb_id = &id});
        assert_int_equal(kdw_type_by_name(s, "_SERVERSILO_STATE", &type), KD_OK);
        assert_int_equal(kdw_type_describe(s, type, &t), KD_OK);
        assert_int_equal(t.kind, KDW_TYPE_ENUM);
        assert_int_equal(t.size, 4);
        assert_int_equal(kdw_type_enum_name(s, type, 1, &name), KD_OK);
        assert_string_equal(name, "SERVERSILO_STARTED");
        assert_int_equal(kdw_type_by_name(s, "_ETW_STRING_TOKEN_TYPE", &type), KD_OK);
        assert_int_equal(kdw_type_enum_name(s, type, 3, &name),
                         kernels[i].has_token_container ? KD_OK : KD_ERR_NOT_FOUND);
        kdw_symbols_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tabled_kernel_is_known_by_its_pdb),
        cmocka_unit_test(addresses_that_a_kernel_lacks_are_not_found),
        cmocka_unit_test(every_tabled_revision_is_known_by_its_image),
        cmocka_unit_test(a_revision_whose_pdb_is_tabled_has_its_addresses),
        cmocka_unit_test(a_revision_without_tabled_addresses_has_types_and_landmarks),
        cmocka_unit_test(two_addresses_name_the_kernel_of_the_published_analysis_alone),
        cmocka_unit_test(kernels_with_equal_landmarks_answer_what_they_agree_on),
        cmocka_unit_test(what_is_not_tabled_is_not_guessed_at),
        cmocka_unit_test(enumerations_have_the_names_that_a_kernel_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
