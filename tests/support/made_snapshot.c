#include "support/made_snapshot.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0xffffa80fb0000000)

/* Known; not there; at a place that cannot be read; for a reason that is no place. */
static const enum kd_status states[] = {
    KD_OK, KD_OK, KD_OK, KD_ERR_NOT_FOUND, KD_ERR_PAGED_OUT, KD_ERR_MALFORMED};

/* Small and large ones, those that are negative, what JSON has no number for. */
static const uint64_t values[] = {0,
                                  1,
                                  0x2bc,
                                  (uint64_t)-1073741823,
                                  UINT64_C(9007199254740991),
                                  UINT64_C(9007199254740992),
                                  UINT64_C(132204031121234567),
                                  UINT64_MAX};

static const char *const texts[] = {"", "lsass.exe", "\x1b[2J \"quoted\" \\",
                                    "\xc3\xa9\xef\xbf\xbd"};

static char *copy(const char *text)
{
    char *mine = malloc(strlen(text) + 1);

    assert(mine);
    strcpy(mine, text);
    return mine;
}

static void put(const struct kdw_fact *fact, void *record, size_t turn)
{
    enum kd_status st = states[turn % (sizeof states / sizeof states[0])];
    uint64_t fault = st == KD_ERR_PAGED_OUT ? BASE + turn : 0;
    void *at = (uint8_t *)record + fact->offset;

    switch (fact->kind) {
    case KDW_FACT_KEY:
        break;
    case KDW_FACT_TEXT:
        *(struct kdw_text *)at = (struct kdw_text){st, NULL, fault};
        if (st == KD_OK)
            ((struct kdw_text *)at)->utf8 = copy(texts[turn % (sizeof texts / sizeof texts[0])]);
        break;
    case KDW_FACT_GUID:
        *(struct kdw_guid *)at = (struct kdw_guid){.status = st, .fault_va = fault};
        for (size_t i = 0; st == KD_OK && i < 16; i++)
            ((struct kdw_guid *)at)->bytes[i] = (uint8_t)(turn + 17 * i);
        break;
    default:
        *(struct kdw_u64 *)at = (struct kdw_u64){.status = st, .fault_va = fault};
        if (st == KD_OK)
            ((struct kdw_u64 *)at)->value = values[turn % (sizeof values / sizeof values[0])];
        break;
    }
}

void made_snapshot(struct kdw_snapshot *s, size_t records)
{
    size_t turn = 0;

    *s = (struct kdw_snapshot){.build = 18362,
                               .kernel_base_va = UINT64_C(0xfffff8026e400000),
                               .time_100ns = {.value = UINT64_C(132204031121234567)},
                               .symbols = copy("PDB /srv/symbols/ntkrnlmp.pdb"),
                               .is_guess = true};
    for (size_t t = 0; t < KDW_TABLES; t++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[t];

        s->tables[t].is_taken = t != KDW_TABLE_CPUS;
        s->tables[t].is_cut = t == KDW_TABLE_JOBS;
        for (size_t i = 0; i < records && s->tables[t].is_taken; i++) {
            void *record = kdw_snapshot_add(s, (enum kdw_table_id)t, BASE + 0x1000 * t + 0x40 * i);

            assert(record);
            for (size_t f = 0; f < info->facts_len; f++)
                put(&info->facts[f], record, turn++);
        }
        turn++; /* so that the same fact has another turn in another table */
    }
}

/* ---- comparing ---- */

static bool is_same_fact(const struct kdw_fact *fact, const void *a, const void *b)
{
    const void *x = (const uint8_t *)a + fact->offset, *y = (const uint8_t *)b + fact->offset;
    const struct kdw_text *t = x, *u = y;

    switch (fact->kind) {
    case KDW_FACT_KEY:
        return memcmp(x, y, sizeof(uint64_t)) == 0;
    case KDW_FACT_TEXT:
        return t->status == u->status && t->fault_va == u->fault_va &&
               (t->status != KD_OK || strcmp(t->utf8, u->utf8) == 0);
    case KDW_FACT_GUID: {
        const struct kdw_guid *g = x, *h = y;

        return g->status == h->status && g->fault_va == h->fault_va &&
               memcmp(g->bytes, h->bytes, 16) == 0;
    }
    default: {
        const struct kdw_u64 *v = x, *w = y;

        return v->status == w->status && v->value == w->value && v->fault_va == w->fault_va;
    }
    }
}

static bool is_same_table(const struct kdw_table_info *info, const struct kdw_table *a,
                          const struct kdw_table *b)
{
    if (a->is_taken != b->is_taken || a->is_cut != b->is_cut || a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        const uint8_t *x = (const uint8_t *)a->records + i * info->record_size;
        const uint8_t *y = (const uint8_t *)b->records + i * info->record_size;

        for (size_t f = 0; f < info->facts_len; f++) {
            if (!is_same_fact(&info->facts[f], x, y)) {
                fprintf(stderr, "%s[%zu].%s differs\n", info->name, i, info->facts[f].name);
                return false;
            }
        }
    }
    return true;
}

bool made_snapshot_is_equal(const struct kdw_snapshot *a, const struct kdw_snapshot *b)
{
    for (size_t t = 0; t < KDW_TABLES; t++)
        if (!is_same_table(&kdw_snapshot_tables[t], &a->tables[t], &b->tables[t]))
            return false;
    return a->build == b->build && a->kernel_base_va == b->kernel_base_va &&
           a->time_100ns.status == b->time_100ns.status &&
           a->time_100ns.value == b->time_100ns.value && a->is_guess == b->is_guess &&
           strcmp(a->symbols ? a->symbols : "", b->symbols ? b->symbols : "") == 0;
}
