/* fuzz_check.c - the checks over a sound machine's snapshot that the input changes step by step: whatever it
 * says, there is a verdict of each check, with findings that fit it. A first byte that is odd asks for doubt
 * alone, facts that cannot be read, tables that were not looked at, lists that broke off: no check may
 * fail by that. */
#include "support/clean_snapshot.h"

#include <kdproto/bytes.h>
#include <walker/check.h>

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 512 };

enum step { /* what kinds of doubt there are comes first */
            STEP_UNREADABLE,
            STEP_NOT_TAKEN,
            STEP_CUT,
            STEP_BROKEN_LIST,
            STEP_DOUBTS,
            STEP_VALUE = STEP_DOUBTS,
            STEP_BIT,
            STEP_ADDRESS,
            STEP_NO_SUCH_FIELD,
            STEP_VANISH,
            STEP_APPEAR,
            STEPS
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* ---- the input chooses ---- */

static enum kdw_table_id choose_table(struct kd_reader *r)
{
    return (enum kdw_table_id)(kd_rd_u8(r) % KDW_TABLES);
}

/* NULL: the table is empty. */
static uint8_t *choose_record(struct kd_reader *r, struct kdw_snapshot *s, enum kdw_table_id table)
{
    struct kdw_table *t = &s->tables[table];
    size_t i = kd_rd_u16(r);

    return t->len ? (uint8_t *)t->records + i % t->len * kdw_snapshot_tables[table].record_size
                  : NULL;
}

static uint64_t key_of(const void *record)
{
    return *(const uint64_t *)record; /* the address comes first in every record */
}

/* ---- steps ---- */

static void set_status(const struct kdw_fact *fact, void *at, enum kd_status st)
{
    switch (fact->kind) {
    case KDW_FACT_KEY:
        break;
    case KDW_FACT_TEXT:
        free(((struct kdw_text *)at)->utf8);
        *(struct kdw_text *)at = (struct kdw_text){.status = st, .fault_va = CLEAN_NOWHERE};
        break;
    case KDW_FACT_GUID:
        *(struct kdw_guid *)at = (struct kdw_guid){.status = st, .fault_va = CLEAN_NOWHERE};
        break;
    default:
        *(struct kdw_u64 *)at = (struct kdw_u64){.status = st, .fault_va = CLEAN_NOWHERE};
    }
}

static void set_value(const struct kdw_fact *fact, void *at, uint64_t value)
{
    if (fact->kind == KDW_FACT_GUID)
        ((struct kdw_guid *)at)->bytes[value & 15] ^= (uint8_t)(value >> 4);
    else if (fact->kind != KDW_FACT_KEY && fact->kind != KDW_FACT_TEXT)
        *(struct kdw_u64 *)at = clean_known(value);
}

static void change_fact(struct kd_reader *r, struct kdw_snapshot *s, enum step step)
{
    enum kdw_table_id table = choose_table(r), other = KDW_TABLE_SILOS;
    uint8_t *record = choose_record(r, s, table), *target = NULL;
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    const struct kdw_fact *fact = &info->facts[kd_rd_u8(r) % info->facts_len];
    uint8_t *at = record ? record + fact->offset : NULL;

    if (step == STEP_ADDRESS) {
        other = choose_table(r);
        target = choose_record(r, s, other);
    }
    if (!record || table == KDW_TABLE_LISTS)
        return;
    if (step == STEP_UNREADABLE)
        set_status(fact, at, KD_ERR_NOT_MAPPED);
    else if (step == STEP_NO_SUCH_FIELD)
        set_status(fact, at, KD_ERR_NOT_FOUND);
    else if (step == STEP_VALUE)
        set_value(fact, at, kd_rd_u64(r));
    else if (step == STEP_ADDRESS)
        set_value(fact, at, target ? key_of(target) : 0);
    else if (fact->kind > KDW_FACT_KEY && fact->kind < KDW_FACT_TEXT)
        set_value(fact, at,
                  ((struct kdw_u64 *)(void *)at)->value ^ UINT64_C(1) << kd_rd_u8(r) % 64);
}

static void break_list(struct kd_reader *r, struct kdw_snapshot *s)
{
    static const char *const names[] = {
        "PspJobList", "PsActiveProcessHead", "EtwpGuidHashTable", "RegListHead",
        "Consumers",  "PsLoadedModuleList",  "ProcessListHead",   "ObjectTable"};
    const char *name = names[kd_rd_u8(r) % (sizeof names / sizeof names[0])];
    const uint8_t *owner = choose_record(r, s, choose_table(r));

    if (s->tables[KDW_TABLE_LISTS].len < kdw_snapshot_tables[KDW_TABLE_LISTS].max)
        clean_broken_list(s, name, owner ? key_of(owner) : 0, KD_ERR_NOT_MAPPED);
}

static void vanish(struct kd_reader *r, struct kdw_snapshot *s)
{
    enum kdw_table_id table = choose_table(r);
    const uint8_t *record = choose_record(r, s, table);

    if (record)
        clean_remove(s, table, key_of(record));
}

static void take_step(struct kd_reader *r, struct kdw_snapshot *s, enum step step)
{
    switch (step) {
    case STEP_NOT_TAKEN:
        s->tables[choose_table(r)].is_taken = false;
        break;
    case STEP_CUT:
        s->tables[choose_table(r)].is_cut = true;
        break;
    case STEP_BROKEN_LIST:
        break_list(r, s);
        break;
    case STEP_VANISH:
        vanish(r, s);
        break;
    case STEP_APPEAR: {
        enum kdw_table_id table = choose_table(r);

        (void)kdw_snapshot_add(s, table, kd_rd_u64(r));
        break;
    }
    default:
        change_fact(r, s, step);
    }
}

/* ---- what must hold ---- */

static void inspect_finding(const struct kdw_snapshot *s, const struct kdw_finding *f)
{
    must(f->check < KDW_CHECKS && f->repeated < KDW_CHECKS, "a finding is of a check");
    must(f->verdict <= KDW_FAIL && f->verdict != KDW_PASS, "what passed is no finding");
    must(f->table < KDW_TABLES, "a finding is of a table");
    must(f->va == 0 || kdw_snapshot_find(s, f->table, f->va), "a finding is of a record");
    must(f->what && f->what[0] && f->meaning && f->meaning[0], "a finding says what and why");
}

static void inspect(const struct kdw_snapshot *s, const struct kdw_check_list *list, bool is_doubt)
{
    size_t kept[KDW_CHECKS] = {0};
    enum kdw_verdict worst[KDW_CHECKS] = {KDW_INFORMATION};

    for (size_t i = 0; i < list->len; i++) {
        const struct kdw_finding *f = &list->findings[i];

        inspect_finding(s, f);
        must(i == 0 || f->check >= f[-1].check, "findings are in the order of the checks");
        kept[f->check]++;
        if (f->verdict > worst[f->check])
            worst[f->check] = f->verdict;
    }
    for (unsigned i = 0; i < KDW_CHECKS; i++) {
        const struct kdw_check_result *result = &list->results[i];

        must(result->verdict > KDW_INFORMATION && result->verdict <= KDW_FAIL,
             "each has a verdict");
        must(kept[i] <= KDW_FINDINGS_KEPT && kept[i] <= result->findings, "so many are kept");
        must(worst[i] <= result->verdict, "no finding is worse than the verdict");
        must(result->verdict != KDW_FAIL || result->findings > 0, "who fails says why");
        must(!is_doubt || result->verdict != KDW_FAIL, "doubt fails nothing");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kd_reader r = kd_reader_of(data, size);
    bool is_doubt = kd_rd_u8(&r) & 1;
    struct kdw_check_list list;
    struct kdw_snapshot s;

    clean_snapshot(&s);
    for (unsigned i = 0; i < STEPS_MAX && kd_reader_ok(&r); i++)
        take_step(&r, &s, (enum step)(kd_rd_u8(&r) % (is_doubt ? STEP_DOUBTS : STEPS)));
    must(kdw_check_run(&s, &list) == KD_OK, "checks end");
    inspect(&s, &list, is_doubt);
    kdw_check_free(&list);
    kdw_snapshot_free(&s);
    return 0;
}
