#include "support/clean_snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLOTS    UINT64_C(64)
#define GLOBALS  UINT64_C(0x100)
#define RUNDOWNS UINT64_C(0x10000)

struct kdw_u64 clean_known(uint64_t value)
{
    return (struct kdw_u64){.status = KD_OK, .value = value};
}

struct kdw_u64 clean_unreadable(void)
{
    return (struct kdw_u64){.status = KD_ERR_NOT_MAPPED, .fault_va = CLEAN_NOWHERE};
}

static struct kdw_text text(const char *chars)
{
    char *copy = malloc(strlen(chars) + 1);

    assert_non_null(copy);
    strcpy(copy, chars);
    return (struct kdw_text){.status = KD_OK, .utf8 = copy};
}

void clean_rename(struct kdw_text *t, const char *chars)
{
    free(t->utf8);
    *t = text(chars);
}

static void *add(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va)
{
    void *record = kdw_snapshot_add(s, table, va);

    assert_non_null(record);
    return record;
}

/* ---- who lives there ---- */

static void add_process(struct kdw_snapshot *s, uint64_t va, uint64_t pid, const char *name,
                        uint64_t protection, uint64_t silo_va)
{
    struct kdw_process *p = add(s, KDW_TABLE_PROCESSES, va);

    p->found = clean_known(KDW_FOUND_LIST | KDW_FOUND_CID);
    p->pid = clean_known(pid);
    p->name = text(name);
    p->exited_100ns = clean_known(0);
    p->job_not_active = clean_known(0);
    p->job_va = p->silo_va = p->server_silo_va = p->own_silo_va = clean_known(silo_va);
    p->protection = clean_known(protection);
    p->handle_table_va = clean_known(va + 0x400);
}

static struct kdw_job *add_job(struct kdw_snapshot *s, uint64_t va, uint64_t flags,
                               uint64_t globals_va)
{
    struct kdw_job *job = add(s, KDW_TABLE_JOBS, va);

    job->found = clean_known(KDW_FOUND_LIST);
    job->pointer_count = clean_known(5);
    job->flags = clean_known(flags);
    job->parent_va = clean_known(0);
    job->globals_va = clean_known(globals_va);
    return job;
}

static void add_silo(struct kdw_snapshot *s, uint64_t va, enum kdw_silo_kind kind,
                     uint64_t state_va)
{
    struct kdw_silo *silo = add(s, KDW_TABLE_SILOS, va);

    silo->kind = clean_known(kind);
    silo->state = clean_known(1);
    silo->globals_va = clean_known(va + GLOBALS);
    silo->etw_state_va = clean_known(state_va);
}

static void add_people(struct kdw_snapshot *s)
{
    add_process(s, CLEAN_LSASS, 700, "lsass.exe", 0x41, 0);
    add_process(s, CLEAN_MSMPENG, 2936, "MsMpEng.exe", 0x31, 0);
    add_process(s, CLEAN_INSIDE, 11900, "lsass.exe", 0, CLEAN_JOB);
    (void)add_job(s, CLEAN_JOB, 1 << 30, CLEAN_JOB + GLOBALS);
    (void)add_job(s, CLEAN_PLAIN, 0, 0);
    add_silo(s, 0, KDW_SILO_HOST, CLEAN_HOST);
    add_silo(s, CLEAN_JOB, KDW_SILO_SERVER, CLEAN_SILO);
}

/* ---- loggers ---- */

static struct kdw_etw_state *add_state(struct kdw_snapshot *s, uint64_t va, uint64_t silo_va)
{
    struct kdw_etw_state *state = add(s, KDW_TABLE_STATES, va);

    state->silo_va = state->own_silo_va = clean_known(silo_va);
    state->own_globals_va = clean_known(silo_va + GLOBALS);
    state->by_silo_globals = clean_known(va);
    state->max_loggers = state->slots = clean_known(SLOTS);
    state->rundowns_va = clean_known(va + RUNDOWNS);
    state->contexts_va = clean_known(va + RUNDOWNS + 8 * SLOTS);
    state->shutdown = state->start_owner_va = clean_known(0);
    state->security_mask = clean_known(1);
    state->active_system_loggers = clean_known(0);
    return state;
}

static struct kdw_logger *add_logger(struct kdw_snapshot *s, uint64_t va, uint64_t state_va,
                                     uint64_t slot, const char *name)
{
    struct kdw_logger *l = add(s, KDW_TABLE_LOGGERS, va);

    l->state_va = l->own_state_va = clean_known(state_va);
    l->slot = l->id = clean_known(slot);
    l->slot_value = clean_known(va);
    l->state = clean_known(KDW_LOGGER_LIVE);
    l->name = text(name);
    l->name_va = clean_known(va + 0x540);
    l->mode = clean_known(0x100);
    l->flags = clean_known(0x6);
    l->get_cpu_clock = l->collection_on = clean_known(1);
    l->status = l->consumers = l->transition_consumer_va = clean_known(0);
    l->lock = l->mutex_owner_va = l->callback_context_va = clean_known(0);
    l->minimum_buffers = clean_known(4);
    l->maximum_buffers = clean_known(24);
    l->flush_timer = clean_known(1);
    return l;
}

static void add_consumer(struct kdw_snapshot *s, struct kdw_logger *l, uint64_t process_va)
{
    struct kdw_consumer *consumer = add(s, KDW_TABLE_CONSUMERS, l->va + CLEAN_CONSUMER);
    struct kdw_consumer_handle *h = add(s, KDW_TABLE_HANDLES, l->va + CLEAN_HANDLE);

    l->consumers = clean_known(1);
    consumer->logger_va = clean_known(l->va);
    consumer->logger_id = l->id;
    consumer->own_state_va = l->state_va;
    consumer->process_va = h->process_va = clean_known(process_va);
    consumer->flags = clean_known(0);
    h->handle = clean_known(4);
    h->object_va = clean_known(consumer->va);
}

static void add_host_loggers(struct kdw_snapshot *s)
{
    struct kdw_etw_state *state = add_state(s, CLEAN_HOST, 0);
    struct kdw_logger *l;

    state->by_host_pointer = clean_known(CLEAN_HOST);
    state->by_debugger_data = state->contexts_va;
    state->security_pid = clean_known(700);
    state->session_count = clean_known(4);
    state->guid_count = clean_known(3);
    state->active_system_loggers = clean_known(0x2);
    l = add_logger(s, CLEAN_CIRCULAR, CLEAN_HOST, 2, "Circular Kernel Context Logger");
    l->flags = clean_known(0x10026);
    l = add_logger(s, CLEAN_SECURITY, CLEAN_HOST, 3, "Eventlog-Security");
    l->flags = clean_known(0x400e);
    add_consumer(s, l, CLEAN_LSASS);
    add_consumer(s, add_logger(s, CLEAN_DEFENDER, CLEAN_HOST, 4, "DefenderApiLogger"),
                 CLEAN_MSMPENG);
    (void)add_logger(s, CLEAN_OTHER, CLEAN_HOST, 5, "DiagLog");
}

static void add_silo_loggers(struct kdw_snapshot *s)
{
    struct kdw_etw_state *state = add_state(s, CLEAN_SILO, CLEAN_JOB);
    struct kdw_logger *l;

    state->security_pid = clean_known(11900);
    state->session_count = clean_known(1);
    state->guid_count = clean_known(1);
    l = add_logger(s, CLEAN_SILOS, CLEAN_SILO, 3, "Eventlog-Security");
    l->flags = clean_known(0x400e);
    add_consumer(s, l, CLEAN_INSIDE);
}

/* ---- providers ---- */

static struct kdw_provider *add_provider(struct kdw_snapshot *s, uint64_t va, uint64_t state_va,
                                         enum kdw_provider_type type, const uint8_t guid[16])
{
    struct kdw_provider *p = add(s, KDW_TABLE_PROVIDERS, va);
    uint8_t bucket = 0;

    p->state_va = p->own_state_va = clean_known(state_va);
    p->type = clean_known(type);
    p->guid.status = KD_OK;
    memcpy(p->guid.bytes, guid, 16);
    for (size_t i = 0; i < 16; i += 4)
        bucket ^= guid[i];
    p->bucket = clean_known(bucket % 64);
    p->references = p->enabled = p->level = p->property = clean_known(0);
    p->any_keyword = p->all_keyword = clean_known(0);
    p->lock = p->lock_owner_va = p->bucket_lock = p->filter_va = clean_known(0);
    return p;
}

static struct kdw_enable *add_enable(struct kdw_snapshot *s, struct kdw_provider *p, uint64_t slot,
                                     uint64_t logger_id)
{
    struct kdw_enable *e = add(s, KDW_TABLE_ENABLES, p->va + 0x70 + 0x20 * slot);

    e->provider_va = clean_known(p->va);
    e->slot = clean_known(slot);
    e->enabled = p->enabled = clean_known(1);
    e->level = p->level = clean_known(5);
    e->logger_id = clean_known(logger_id);
    e->property = p->property = clean_known(0x40);
    e->any_keyword = p->any_keyword = clean_known(UINT64_MAX);
    e->all_keyword = p->all_keyword = clean_known(0);
    p->references.value++;
    return e;
}

static struct kdw_registration *add_registration(struct kdw_snapshot *s, struct kdw_provider *p,
                                                 uint64_t mask)
{
    struct kdw_registration *r = add(s, KDW_TABLE_REGISTRATIONS, p->va + CLEAN_REG);

    r->provider_va = r->own_provider_va = clean_known(p->va);
    r->listed_group_va.status = KD_ERR_NOT_FOUND;
    r->group_va = r->group_mask = clean_known(0);
    r->flags = clean_known(0xa1); /* kernel, modern, inserted */
    r->enable_mask = clean_known(mask);
    r->callback_va = clean_known(CLEAN_DRIVER + 0x100);
    p->references.value++;
    return r;
}

/* The state's own entry, for its logger 3. */
static void add_security(struct kdw_snapshot *s, uint64_t state_va)
{
    static const uint8_t guid[16] = {0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49,
                                     0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d};
    struct kdw_security_logger *l = add(s, KDW_TABLE_SECURITY, state_va + 0xfb8);
    struct kdw_provider *p =
        add_provider(s, state_va + 0x18, state_va, KDW_PROVIDER_SECURITY, guid);

    add_enable(s, p, 0, 3)->level = clean_known(0xff);
    l->state_va = clean_known(state_va);
    l->slot = clean_known(0);
    l->logger_id = clean_known(3);
}

static void add_system(struct kdw_snapshot *s)
{
    struct kdw_system_logger *l = add(s, KDW_TABLE_SYSTEM, CLEAN_HOST + 0x104e);

    l->state_va = clean_known(CLEAN_HOST);
    l->index = clean_known(1);
    l->logger_id = clean_known(2);
    for (size_t i = 0; i < 8; i++)
        l->groups[i] = clean_known(i == 1 ? 0x1000c : 0);
}

static void add_providers(struct kdw_snapshot *s)
{
    static const uint8_t threats[16] = {0x7c, 0x89, 0xe1, 0xf4, 0x5d, 0xbb, 0x68, 0x56,
                                        0xf1, 0xd8, 0x04, 0x0f, 0x4d, 0x8d, 0xd3, 0x44};
    static const uint8_t member[16] = {1, 2, 3}, group[16] = {9, 8, 7}, siloed[16] = {4, 4, 4, 4};
    struct kdw_provider *p;
    struct kdw_registration *r;

    p = add_provider(s, CLEAN_THREATS, CLEAN_HOST, KDW_PROVIDER_TRACE, threats);
    (void)add_enable(s, p, 0, 4);
    (void)add_registration(s, p, 1);
    p = add_provider(s, CLEAN_GROUP, CLEAN_HOST, KDW_PROVIDER_GROUP, group);
    (void)add_enable(s, p, 1, 5);
    p->references.value++; /* its member's */
    p = add_provider(s, CLEAN_MEMBER, CLEAN_HOST, KDW_PROVIDER_TRACE, member);
    r = add_registration(s, p, 0);
    r->group_va = r->listed_group_va = clean_known(CLEAN_GROUP);
    r->group_mask = clean_known(2);
    p = add_provider(s, CLEAN_SILOED, CLEAN_SILO, KDW_PROVIDER_TRACE, siloed);
    (void)add_enable(s, p, 0, 3);
    (void)add_registration(s, p, 1);
}

/* ---- evidence ---- */

static void add_module(struct kdw_snapshot *s, uint64_t base_va, uint64_t size, const char *name)
{
    struct kdw_module_fact *m = add(s, KDW_TABLE_MODULES, base_va ^ UINT64_C(0x100000000000));

    m->base_va = clean_known(base_va);
    m->size = clean_known(size);
    m->name = text(name);
}

static void add_variable(struct kdw_snapshot *s, const char *name, uint64_t index, uint64_t value)
{
    struct kdw_variable *v = add(s, KDW_TABLE_VARIABLES,
                                 CLEAN_KERNEL + 0x800000 + 8 * s->tables[KDW_TABLE_VARIABLES].len);

    v->name = text(name);
    v->index = clean_known(index);
    v->value = clean_known(value);
}

static void add_evidence(struct kdw_snapshot *s)
{
    add_module(s, CLEAN_KERNEL, 0x1000000, "ntoskrnl.exe");
    add_module(s, CLEAN_DRIVER, 0x10000, "driver.sys");
    add_variable(s, "HalPrivateDispatchTable", 0, 0x2e);
    add_variable(s, "HalPrivateDispatchTable", 1, CLEAN_DRIVER + 0x10);
    add_variable(s, "HalPrivateDispatchTable", 2, 0);
    add_variable(s, "EtwpDiskIoNotifyRoutines", 0, CLEAN_KERNEL + 0x10);
    add_variable(s, "EtwpFileIoNotifyRoutines", 3, CLEAN_KERNEL + 0x20);
    add_variable(s, "EtwThreatIntProvRegHandle", 0, CLEAN_THREATS + CLEAN_REG);
    add_variable(s, "PspJobListLock", 0, 0);
}

void clean_snapshot(struct kdw_snapshot *s)
{
    *s = (struct kdw_snapshot){.build = 19041, .kernel_base_va = CLEAN_KERNEL};
    for (size_t i = 0; i < KDW_TABLES; i++)
        s->tables[i].is_taken = true;
    add_people(s);
    add_host_loggers(s);
    add_silo_loggers(s);
    add_providers(s);
    add_security(s, CLEAN_HOST);
    add_security(s, CLEAN_SILO);
    add_system(s);
    add_evidence(s);
}

/* ---- tampering with it ---- */

void *clean_record(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    struct kdw_table *t = &s->tables[table];

    for (size_t i = 0; i < t->len; i++) {
        uint8_t *record = (uint8_t *)t->records + i * info->record_size;

        if (memcmp(record + info->facts[0].offset, &va, sizeof va) == 0)
            return record;
    }
    fail_msg("the clean snapshot has no such record");
    return NULL;
}

struct kdw_variable *clean_variable(struct kdw_snapshot *s, const char *name, uint64_t index)
{
    KDW_EACH(s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    if (strcmp(v->name.utf8, name) == 0 && v->index.value == index)
        return clean_record(s, KDW_TABLE_VARIABLES, v->va);
    fail_msg("the clean snapshot has no such variable");
    return NULL;
}

struct unwanted {
    size_t key_at;
    uint64_t va;
};

static bool is_wanted(void *ctx, const void *record)
{
    const struct unwanted *u = ctx;

    return memcmp((const uint8_t *)record + u->key_at, &u->va, sizeof u->va) != 0;
}

void clean_remove(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va)
{
    struct unwanted u = {kdw_snapshot_tables[table].facts[0].offset, va};

    (void)clean_record(s, table, va);
    kdw_snapshot_filter(s, table, &u, is_wanted);
}

void clean_broken_list(struct kdw_snapshot *s, const char *name, uint64_t owner_va,
                       enum kd_status problem)
{
    struct kdw_list_walk *list = add(s, KDW_TABLE_LISTS, owner_va + 0x40);

    list->name = text(name);
    list->owner_va = clean_known(owner_va);
    list->problem = text(kd_status_text(problem));
    list->end_va = clean_known(CLEAN_NOWHERE);
    list->entries = clean_known(1);
}

/* ---- what the checks say ---- */

void clean_judge(struct kdw_snapshot *s, struct clean_verdicts *out)
{
    assert_int_equal(kdw_check_run(s, &out->list), KD_OK);
    kdw_snapshot_free(s);
}

void clean_assert(struct kdw_snapshot *s, unsigned t, enum kdw_verdict verdict, uint64_t also)
{
    struct clean_verdicts v;

    clean_judge(s, &v);
    for (unsigned i = 0; i < KDW_CHECKS; i++) {
        enum kdw_verdict got = v.list.results[i].verdict;

        if (i + 1 == t && got != verdict)
            fail_msg("T%u is %s, not %s", t, kdw_verdict_text(got), kdw_verdict_text(verdict));
        if (i + 1 != t && got == KDW_FAIL && !(also >> (i + 1) & 1))
            fail_msg("T%u failed as well", i + 1);
    }
    kdw_check_free(&v.list);
}
