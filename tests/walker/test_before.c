/* A walk that knows an earlier one reads less, and finds what a walk that knows nothing finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/breaks.h"
#include "support/lab_kernel.h"
#include "support/made_snapshot.h"
#include "walk.h"

struct lab {
    struct lab_kernel k;
    struct kdw_snapshot before;
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

/* Returns how many reads it took, of lines. */
static size_t take(struct lab *l, unsigned parts, const struct kdw_snapshot *before,
                   struct kdw_snapshot *out)
{
    struct kdw_snapshot_opts opts;
    struct breaks b;

    breaks_init(&b, &l->k.kernel, SIZE_MAX, CACHED);
    opts = breaks_opts(&b, parts);
    opts.before = before;
    assert_int_equal(kdw_snapshot_take_with(&l->k.kernel, &opts, out), KD_OK);
    breaks_deinit(&b);
    return b.reads;
}

static void what_cannot_have_changed_is_not_read(void **state)
{
    static const struct {
        unsigned parts;
        size_t percent; /* of the reads that are left, at most */
    } cases[] = {
        {KDW_PART_ALL, 99},
        {KDW_PART_LOGGER_DETAILS, 99},
        {KDW_PART_PROCESSES | KDW_PART_EVIDENCE, 70}, /* mostly headers of what handles lead to */
    };

    (void)state;
    for (size_t i = 0; i < LAB_KERNELS; i++) {
        struct lab l;

        begin(&l, lab_kernel_names[i]);
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            struct kdw_snapshot first, second, third;
            size_t all = take(&l, cases[c].parts, NULL, &first);
            size_t less = take(&l, cases[c].parts, &first, &second);

            assert_true(made_snapshot_is_equal(&first, &second));
            assert_true(100 * less <= cases[c].percent * all);
            assert_int_equal(take(&l, cases[c].parts, &second, &third),
                             less); /* it knows as much */
            assert_true(made_snapshot_is_equal(&first, &third));
            kdw_snapshot_free(&first);
            kdw_snapshot_free(&second);
            kdw_snapshot_free(&third);
        }
        end(&l);
    }
}

static void it_may_pause_as_well(void **state)
{
    struct lab l;

    (void)state;
    begin(&l, "18362");
    for (size_t len = 1; len < 200; len = 2 * len + 1) {
        struct kdw_snapshot_opts opts;
        struct kdw_snapshot s;
        struct breaks b;

        breaks_init(&b, &l.k.kernel, len, CACHED);
        opts = breaks_opts(&b, KDW_PART_ALL);
        opts.before = &l.before;
        assert_int_equal(kdw_snapshot_take_with(&l.k.kernel, &opts, &s), KD_OK);
        assert_true(made_snapshot_is_equal(&l.before, &s));
        kdw_snapshot_free(&s);
        breaks_deinit(&b);
    }
    end(&l);
}

/* ---- what changed is read ---- */

/* Every record of that table in turn, until one could be changed. */
static const void *record(const struct lab *l, enum kdw_table_id table, size_t i)
{
    const struct kdw_table *t = &l->before.tables[table];

    return i < t->len ? (const uint8_t *)t->records + i * kdw_snapshot_tables[table].record_size
                      : NULL;
}

static bool write_field(struct lab *l, const char *type, uint64_t va, const char *field,
                        uint64_t value, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    if (!lab_kernel_field(&l->k, type, va, field, &va))
        return false;
    hostile_memory_write(l->k.memory, va, bytes, len);
    return true;
}

static bool rename_logger(struct lab *l, size_t i)
{
    const struct kdw_logger *logger = record(l, KDW_TABLE_LOGGERS, i);

    if (!logger || !kdw_is_set(&logger->name_va))
        return false;
    hostile_memory_write(l->k.memory, logger->name_va.value, "X", 1); /* of the characters */
    return true;
}

static bool change_process(struct lab *l, size_t i)
{
    const struct kdw_process *p = record(l, KDW_TABLE_PROCESSES, i);

    return p && write_field(l, "_EPROCESS", p->va, "Flags2", 0x1234567, 4) &&
           write_field(l, "_EPROCESS", p->va, "Protection", 0x72, 1);
}

/* Another one with the same address: the pool gives it out again. */
static bool replace_process(struct lab *l, size_t i)
{
    const struct kdw_process *p = record(l, KDW_TABLE_PROCESSES, i);
    uint64_t name_va;

    if (!p || p->path.status != KD_OK || !p->path.utf8[0])
        return false;
    assert_true(lab_kernel_field(&l->k, "_EPROCESS", p->va,
                                 "SeAuditProcessCreationInfo.ImageFileName", &name_va));
    hostile_memory_write_u64(l->k.memory, lab_kernel_u64(&l->k, name_va), 0);
    return write_field(l, "_EPROCESS", p->va, "CreateTime", 0x1d5aa0011223344, 8) &&
           write_field(l, "_EPROCESS", p->va, "UniqueProcessId", 0x7774, 8) &&
           write_field(l, "_EPROCESS", p->va, "ImageFileName", 0x5a5a5a, 4);
}

static bool steal_token(struct lab *l, size_t i)
{
    const struct kdw_process *p = record(l, KDW_TABLE_PROCESSES, i);
    const struct kdw_process *system = record(l, KDW_TABLE_PROCESSES, 0);

    return p && p != system && p->token_va.value != system->token_va.value &&
           write_field(l, "_EPROCESS", p->va, "Token", system->token_va.value | 7, 8);
}

static bool change_token(struct lab *l, size_t i)
{
    const struct kdw_process *p = record(l, KDW_TABLE_PROCESSES, i);

    return p && kdw_is_set(&p->token_va) &&
           write_field(l, "_TOKEN", p->token_va.value, "MandatoryPolicy", 0, 4) &&
           write_field(l, "_TOKEN", p->token_va.value, "IntegrityLevelIndex", 0, 4);
}

static bool replace_module(struct lab *l, size_t i)
{
    const struct kdw_module_fact *m = record(l, KDW_TABLE_MODULES, i);
    const struct kdw_module_fact *first = record(l, KDW_TABLE_MODULES, 0);

    if (!m || m == first)
        return false;
    hostile_memory_write_u64(l->k.memory, m->va + 0x30, m->base_va.value + 0x100000);
    hostile_memory_write_u64(l->k.memory, m->va + 0x58, lab_kernel_u64(&l->k, first->va + 0x58));
    hostile_memory_write_u64(l->k.memory, m->va + 0x60, lab_kernel_u64(&l->k, first->va + 0x60));
    return true;
}

static bool change_enable(struct lab *l, size_t i)
{
    const struct kdw_enable *e = record(l, KDW_TABLE_ENABLES, i);

    return e && write_field(l, "_TRACE_ENABLE_INFO", e->va, "MatchAnyKeyword", 0x7777, 8);
}

static bool change_registration(struct lab *l, size_t i)
{
    const struct kdw_registration *r = record(l, KDW_TABLE_REGISTRATIONS, i);

    return r && write_field(l, "_ETW_REG_ENTRY", r->va, "Callback", 0xfffff80011111110, 8);
}

/* To the same process object, which is another process by now. */
static bool change_pid(struct lab *l, size_t i)
{
    const struct kdw_registration *r = record(l, KDW_TABLE_REGISTRATIONS, i);

    return r && kdw_is_set(&r->process_va) &&
           write_field(l, "_EPROCESS", r->process_va.value, "UniqueProcessId", 0x7770, 8) &&
           write_field(l, "_EPROCESS", r->process_va.value, "ImageFileName", 0x5a5a5a, 4);
}

static bool change_consumer(struct lab *l, size_t i)
{
    const struct kdw_consumer *c = record(l, KDW_TABLE_CONSUMERS, i);
    const struct kdw_process *system = record(l, KDW_TABLE_PROCESSES, 0);

    return c && write_field(l, "_ETW_REALTIME_CONSUMER", c->va, "ProcessObject", system->va, 8);
}

/* A handle that was to something else is to a consumer that no logger lists any more. */
static bool hide_consumer(struct lab *l, size_t i)
{
    const struct kdw_consumer_handle *h = record(l, KDW_TABLE_HANDLES, i);
    uint64_t entry_va;

    if (!h || !kdw_snapshot_find(&l->before, KDW_TABLE_CONSUMERS, h->object_va.value))
        return false;
    entry_va = h->va & ~(uint64_t)0xfff; /* the first in use of this page, which is another's */
    for (entry_va += 16; entry_va == h->va || lab_kernel_u64(&l->k, entry_va) == 0;)
        entry_va += 16;
    hostile_memory_write_u64(l->k.memory, entry_va, lab_kernel_u64(&l->k, h->va));
    hostile_memory_write_u64(l->k.memory, entry_va + 8, lab_kernel_u64(&l->k, h->va + 8));
    lab_kernel_unlink(&l->k, "_ETW_REALTIME_CONSUMER", h->object_va.value, "Links");
    return true;
}

static bool (*const changes[])(struct lab *l, size_t i) = {
    rename_logger, change_process,  replace_process, steal_token,
    change_token,  replace_module,  change_enable,   change_registration,
    change_pid,    change_consumer, hide_consumer,
};

static void what_has_changed_is_found(void **state)
{
    (void)state;
    for (size_t k = 0; k < LAB_KERNELS; k++) {
        struct lab l;

        begin(&l, lab_kernel_names[k]);
        for (size_t c = 0; c < sizeof changes / sizeof changes[0]; c++) {
            struct kdw_snapshot knowing, unknowing;
            size_t i = 0;

            while (!changes[c](&l, i))
                assert_true(i++ < 5000);
            (void)take(&l, KDW_PART_ALL, &l.before, &knowing);
            (void)take(&l, KDW_PART_ALL, NULL, &unknowing);
            assert_false(made_snapshot_is_equal(&knowing, &l.before)); /* which says in what */
            assert_true(made_snapshot_is_equal(&knowing, &unknowing));
            kdw_snapshot_free(&knowing);
            kdw_snapshot_free(&unknowing);
            hostile_memory_restore(l.k.memory);
        }
        end(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_have_changed_is_not_read),
        cmocka_unit_test(it_may_pause_as_well),
        cmocka_unit_test(what_has_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
