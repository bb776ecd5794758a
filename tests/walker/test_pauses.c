/* The lab's machines, walked in breaks of a few reads, while something in them changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "handle_table.h"
#include "support/breaks.h"
#include "support/lab_kernel.h"
#include "support/made_snapshot.h"

static const size_t lengths[] = {1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 50, 80, 130, 210, 340};

enum { COUNT_OF_LENGTHS = sizeof lengths / sizeof lengths[0] };

struct lab {
    struct lab_kernel k;
    struct kdw_snapshot before, after;
};

static void begin(struct lab *l, const char *name)
{
    lab_kernel_begin(&l->k, name);
    assert_int_equal(kdw_snapshot_take(&l->k.kernel, KDW_PART_ALL, &l->before), KD_OK);
}

static void end(struct lab *l)
{
    kdw_snapshot_free(&l->before);
    lab_kernel_end(&l->k);
}

/* ---- nothing changes ---- */

static void looks_only_grow(const struct kdw_snapshot *s)
{
    for (size_t t = 0; t < KDW_TABLES; t++)
        for (size_t i = 0; i < s->tables[t].len; i++) {
            assert_true(s->tables[t].looks[i] <= s->looks);
            assert_true(i == 0 || s->tables[t].looks[i] >= s->tables[t].looks[i - 1]);
        }
}

static void breaks_of_any_length_find_what_one_look_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAB_KERNELS; i++) {
        struct lab l;

        begin(&l, lab_kernel_names[i]);
        assert_true(kdw_snapshot_is_of_one_look(&l.before));
        for (size_t n = 0; n < COUNT_OF_LENGTHS; n++) {
            struct kdw_snapshot_opts opts;
            struct kdw_snapshot s;
            struct breaks b;

            breaks_init(&b, &l.k.kernel, lengths[n], CACHED);
            opts = breaks_opts(&b, KDW_PART_ALL);
            assert_int_equal(kdw_snapshot_take_with(&l.k.kernel, &opts, &s), KD_OK);
            assert_true(made_snapshot_is_equal(&s, &l.before));
            assert_int_equal(s.looks, b.pauses);
            assert_true(b.pauses > 0);
            looks_only_grow(&s);
            kdw_snapshot_free(&s);
            breaks_deinit(&b);
        }
        end(&l);
    }
}

/* ---- something goes ---- */

static const void *victim(const struct lab *l, enum kdw_table_id table, size_t nth)
{
    const struct kdw_table *t = &l->before.tables[table];

    assert_true(t->len > 0);
    return (const uint8_t *)t->records + nth % t->len * kdw_snapshot_tables[table].record_size;
}

static void forget_id(struct lab *l, uint64_t process_va)
{
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {.k = &l->k.kernel, .s = &s};
    struct kdw_handle_table table;
    struct kdw_handle_plan plan;
    struct kdw_handle handle;
    struct kdw_u64 table_va;

    assert_int_equal(kdw_walk_variable(&w, "PspCidTable", &table_va), KD_OK);
    assert_int_equal(kdw_handle_plan_resolve(&w, &plan), KD_OK);
    kdw_handle_table_begin(&table, &w, &plan, table_va.value, 1 << 20);
    while (kdw_handle_table_next(&table, &handle))
        if (handle.pointer_va == process_va)
            hostile_memory_write_u64(l->k.memory, handle.entry_va, 0);
}

static void end_process(struct lab *l, size_t nth)
{
    static const char *const links[] = {"ActiveProcessLinks", "MmProcessLinks",
                                        "SessionProcessLinks", "JobLinks"};
    const struct kdw_process *p = victim(l, KDW_TABLE_PROCESSES, 2 + nth);

    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        lab_kernel_unlink(&l->k, "_EPROCESS", p->va, links[i]);
    forget_id(l, p->va);
    lab_kernel_overwrite(&l->k, p->va - 0x30, 0x30 + lab_kernel_size(&l->k, "_EPROCESS"));
}

static void leave_job(struct lab *l, uint64_t job_va)
{
    uint64_t pointer_va = 0;

    KDW_EACH(&l->before, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (p->job_va.value == job_va &&
        lab_kernel_field(&l->k, "_EPROCESS", p->va, "Job", &pointer_va))
        hostile_memory_write_u64(l->k.memory, pointer_va, 0);
}

static void end_job(struct lab *l, size_t nth)
{
    const struct kdw_job *job = victim(l, KDW_TABLE_JOBS, nth);

    leave_job(l, job->va);
    lab_kernel_unlink(&l->k, "_EJOB", job->va, "JobLinks");
    lab_kernel_unlink(&l->k, "_EJOB", job->va, "SiblingJobLinks");
    lab_kernel_overwrite(&l->k, job->va - 0x30, 0x30 + lab_kernel_size(&l->k, "_EJOB"));
}

static void end_silo(struct lab *l, size_t nth)
{
    const struct kdw_silo *silo = victim(l, KDW_TABLE_SILOS, 1 + nth);
    const struct kdw_etw_state *s =
        kdw_snapshot_find(&l->before, KDW_TABLE_STATES, silo->etw_state_va.value);

    if (silo->va == 0)
        return;
    leave_job(l, silo->va);
    lab_kernel_unlink(&l->k, "_EJOB", silo->va, "JobLinks");
    lab_kernel_unlink(&l->k, "_EJOB", silo->va, "SiblingJobLinks");
    lab_kernel_overwrite(&l->k, silo->va - 0x30, 0x30 + lab_kernel_size(&l->k, "_EJOB"));
    if (kdw_is_set(&silo->globals_va))
        lab_kernel_overwrite(&l->k, silo->globals_va.value,
                             lab_kernel_size(&l->k, "_ESERVERSILO_GLOBALS"));
    if (!s || silo->etw_state_va.value == 0)
        return;
    lab_kernel_overwrite(&l->k, s->va, lab_kernel_size(&l->k, "_ETW_SILODRIVERSTATE"));
    lab_kernel_overwrite(&l->k, s->contexts_va.value, 8 * s->slots.value);
}

static void stop_logger(struct lab *l, size_t nth)
{
    const struct kdw_logger *logger = victim(l, KDW_TABLE_LOGGERS, nth);
    const struct kdw_etw_state *s =
        kdw_snapshot_find(&l->before, KDW_TABLE_STATES, logger->state_va.value);

    hostile_memory_write_u64(l->k.memory, s->contexts_va.value + 8 * logger->slot.value, 1);
    lab_kernel_overwrite(&l->k, logger->va, lab_kernel_size(&l->k, "_WMI_LOGGER_CONTEXT"));
}

static void end_consumer(struct lab *l, size_t nth)
{
    const struct kdw_consumer *c = victim(l, KDW_TABLE_CONSUMERS, nth);

    lab_kernel_unlink(&l->k, "_ETW_REALTIME_CONSUMER", c->va, "Links");
    KDW_EACH(&l->before, KDW_TABLE_HANDLES, struct kdw_consumer_handle, h)
    if (h->object_va.value == c->va)
        hostile_memory_write_u64(l->k.memory, h->va, 0);
    lab_kernel_overwrite(&l->k, c->va - 0x30,
                         0x30 + lab_kernel_size(&l->k, "_ETW_REALTIME_CONSUMER"));
}

static void free_provider(struct lab *l, size_t nth)
{
    const struct kdw_provider *p = victim(l, KDW_TABLE_PROVIDERS, nth);

    if (p->type.value == KDW_PROVIDER_SECURITY)
        return; /* it is part of the state */
    lab_kernel_unlink(&l->k, "_ETW_GUID_ENTRY", p->va, "GuidList");
    lab_kernel_overwrite(&l->k, p->va, lab_kernel_size(&l->k, "_ETW_GUID_ENTRY"));
}

static void unregister(struct lab *l, size_t nth)
{
    const struct kdw_registration *r = victim(l, KDW_TABLE_REGISTRATIONS, nth);

    lab_kernel_unlink(&l->k, "_ETW_REG_ENTRY", r->va, "RegList");
    if (r->listed_group_va.value)
        lab_kernel_unlink(&l->k, "_ETW_REG_ENTRY", r->va, "GroupRegList");
    lab_kernel_overwrite(&l->k, r->va, lab_kernel_size(&l->k, "_ETW_REG_ENTRY"));
}

static void unload_module(struct lab *l, size_t nth)
{
    const struct kdw_module_fact *m = victim(l, KDW_TABLE_MODULES, 1 + nth);

    lab_kernel_unlink(&l->k, NULL, m->va, NULL);
    lab_kernel_overwrite(&l->k, m->va, 0xa0);
}

static void (*const changes[])(struct lab *l, size_t nth) = {
    end_process,  end_job,       end_silo,   stop_logger,
    end_consumer, free_provider, unregister, unload_module,
};

/* ---- what may be found then ---- */

static bool is_same_number(const struct kdw_u64 *a, const struct kdw_u64 *b)
{
    return a->status == b->status && a->value == b->value;
}

static bool is_same_fact(const struct kdw_fact *fact, const void *a, const void *b)
{
    const void *x = (const uint8_t *)a + fact->offset, *y = (const uint8_t *)b + fact->offset;
    const struct kdw_text *text = x, *other = y;

    if (fact->kind == KDW_FACT_KEY)
        return memcmp(x, y, sizeof(uint64_t)) == 0;
    if (fact->kind == KDW_FACT_TEXT)
        return text->status == other->status &&
               (text->status != KD_OK || strcmp(text->utf8, other->utf8) == 0);
    if (fact->kind == KDW_FACT_GUID)
        return memcmp(((const struct kdw_guid *)x)->bytes, ((const struct kdw_guid *)y)->bytes,
                      16) == 0;
    return is_same_number(x, y);
}

static bool is_same(const struct kdw_table_info *info, const void *a, const void *b)
{
    for (size_t i = 0; i < info->facts_len; i++)
        if (!info->facts[i].is_joined && !is_same_fact(&info->facts[i], a, b))
            return false;
    return true;
}

static uint64_t address_of(const struct kdw_table_info *info, const void *record)
{
    uint64_t va;

    memcpy(&va, (const uint8_t *)record + info->facts[0].offset, sizeof va);
    return va;
}

static bool has(const struct kdw_snapshot *s, enum kdw_table_id table, const void *record)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    const struct kdw_table *t = &s->tables[table];
    const uint8_t *first = kdw_snapshot_find(s, table, address_of(info, record));
    const uint8_t *end = (const uint8_t *)t->records + t->len * info->record_size;

    for (; first && first != end; first += info->record_size) /* an address may be there twice */
        if (is_same(info, first, record))
            return true;
    return false;
}

static void fail_at(const struct kdw_table_info *info, const void *record, const char *what)
{
    fail_msg("a record of %s at 0x%llx %s", info->name,
             (unsigned long long)address_of(info, record), what);
}

/* Each record was there before the change or is there after it; what is in both is there. */
static void is_of_these_two(const struct kdw_snapshot *s, const struct lab *l)
{
    for (size_t t = 0; t < KDW_TABLES; t++) {
        enum kdw_table_id id = (enum kdw_table_id)t;
        const struct kdw_table_info *info = &kdw_snapshot_tables[t];
        const uint8_t *records = s->tables[t].records, *old = l->before.tables[t].records;

        for (size_t i = 0; i < s->tables[t].len; i++)
            if (!has(&l->before, id, records + i * info->record_size) &&
                !has(&l->after, id, records + i * info->record_size))
                fail_at(info, records + i * info->record_size, "never was");
        for (size_t i = 0; i < l->before.tables[t].len; i++)
            if (has(&l->after, id, old + i * info->record_size) &&
                !has(s, id, old + i * info->record_size))
                fail_at(info, old + i * info->record_size, "is missing");
    }
}

struct moment { /* the change comes in one of the pauses */
    struct lab *l;
    void (*change)(struct lab *l, size_t nth);
    size_t pause, nth;
};

static void change_in_time(void *ctx, size_t pause)
{
    const struct moment *m = ctx;

    if (pause == m->pause)
        m->change(m->l, m->nth);
}

/* False: there were not so many pauses. */
static bool walk_while(struct moment *m, size_t len)
{
    struct kdw_snapshot_opts opts;
    struct kdw_snapshot s;
    struct breaks b;
    bool was_in_time;

    breaks_init(&b, &m->l->k.kernel, len, CACHED);
    b.meanwhile = change_in_time;
    b.ctx = m;
    opts = breaks_opts(&b, KDW_PART_ALL);
    assert_int_equal(kdw_snapshot_take_with(&m->l->k.kernel, &opts, &s), KD_OK);
    was_in_time = b.pauses >= m->pause;
    breaks_deinit(&b);
    if (was_in_time) {
        assert_int_equal(kdw_snapshot_take(&m->l->k.kernel, KDW_PART_ALL, &m->l->after), KD_OK);
        is_of_these_two(&s, m->l);
        kdw_snapshot_free(&m->l->after);
    }
    kdw_snapshot_free(&s);
    hostile_memory_restore(m->l->k.memory);
    return was_in_time;
}

static size_t pauses_of(struct lab *l, size_t len)
{
    struct kdw_snapshot_opts opts;
    struct kdw_snapshot s;
    struct breaks b;

    breaks_init(&b, &l->k.kernel, len, CACHED);
    opts = breaks_opts(&b, KDW_PART_ALL);
    assert_int_equal(kdw_snapshot_take_with(&l->k.kernel, &opts, &s), KD_OK);
    kdw_snapshot_free(&s);
    breaks_deinit(&b);
    return b.pauses;
}

static void what_goes_meanwhile_leaves_no_record_that_never_was(void **state)
{
    static const size_t some[] = {4, 60};
    enum { MOMENTS = 10 }; /* of each walk */
    size_t step[2];
    struct lab l;

    (void)state;
    begin(&l, "18362");
    for (size_t n = 0; n < 2; n++)
        step[n] = 1 + pauses_of(&l, some[n]) / MOMENTS;
    for (size_t c = 0; c < sizeof changes / sizeof changes[0]; c++)
        for (size_t n = 0; n < sizeof some / sizeof some[0]; n++) {
            struct moment m = {.l = &l, .change = changes[c], .pause = 1};

            while (walk_while(&m, some[n])) {
                m.pause += step[n];
                m.nth++;
            }
        }
    end(&l);
}

/* ---- anything goes ---- */

struct mangler {
    struct lab *l;
    uint64_t random;
};

static uint64_t next_random(struct mangler *m)
{
    m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return m->random >> 33;
}

/* The address of a record, by lot. */
static uint64_t some_address(struct mangler *m)
{
    for (;;) {
        enum kdw_table_id id = (enum kdw_table_id)(next_random(m) % KDW_TABLES);
        const struct kdw_table *t = &m->l->before.tables[id];

        if (t->len)
            return address_of(&kdw_snapshot_tables[id], victim(m->l, id, (size_t)next_random(m)));
    }
}

/* Words of structures become pointers to others, or nonsense. */
static void mangle(void *ctx, size_t pause)
{
    struct mangler *m = ctx;

    (void)pause;
    for (size_t i = 0; i < 4; i++) {
        uint64_t va = some_address(m) + 8 * (next_random(m) % 0x180);
        uint64_t value =
            next_random(m) % 4 ? some_address(m) + 8 * (next_random(m) % 64) : next_random(m) << 20;

        hostile_memory_write_u64(m->l->k.memory, va, value);
    }
}

static void memory_that_is_mangled_in_every_pause_ends_the_walk_some_time(void **state)
{
    enum { WALKS = 40, PAUSES_MAX = 200000 };
    struct lab l;

    (void)state;
    begin(&l, "22000");
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct mangler m = {.l = &l, .random = seed};
        struct kdw_snapshot_opts opts;
        struct kdw_snapshot s;
        struct breaks b;

        breaks_init(&b, &l.k.kernel, 10 + 5 * seed, CACHED);
        b.meanwhile = mangle;
        b.ctx = &m;
        opts = breaks_opts(&b, KDW_PART_ALL);
        opts.before = seed % 2 ? &l.before : NULL;
        assert_int_equal(kdw_snapshot_take_with(&l.k.kernel, &opts, &s), KD_OK);
        assert_true(b.pauses < PAUSES_MAX);
        looks_only_grow(&s);
        kdw_snapshot_free(&s);
        breaks_deinit(&b);
        hostile_memory_restore(l.k.memory);
    }
    end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breaks_of_any_length_find_what_one_look_finds),
        cmocka_unit_test(what_goes_meanwhile_leaves_no_record_that_never_was),
        cmocka_unit_test(memory_that_is_mangled_in_every_pause_ends_the_walk_some_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
