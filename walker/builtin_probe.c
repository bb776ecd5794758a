#include "builtin_probe.h"

#include "etw_parts.h"

#include <kdproto/bytes.h>
#include <walker/debugger_data.h>
#include <walker/object.h>

#include <string.h>

enum {
    POINTER_LEN = 8,
    LINKS_LEN = 16,
    SLOTS = 32,                 /* no kernel has fewer [guess] */
    DEBUGGER_DATA_ARRAY = 0x10, /* in EtwpDebuggerData [doc] */
    LOGGER_LEN = 0x800,         /* the largest known has 0x650 [seen] */
    IMAGE_LEN_MAX = 64 << 20,   /* the largest kernel has 18 MiB [seen] */
    NAME_NEAR = 0x1000, /* a name is in its logger's allocation; names have 2 KiB at most [doc] */
    PROVIDERS = 4,
    SYSTEM_ID = 4,
};

/* In the half of the address space that is the kernel's, and where a structure may begin. */
static bool is_kernel_va(uint64_t va)
{
    return va >> 63 != 0 && va % POINTER_LEN == 0;
}

static bool is_in_image(const struct kdw_probe *p, uint64_t va)
{
    return va > p->base_va && va - p->base_va < p->image_len;
}

/* Both fail with what ends a walk only. What cannot be read is 0. */
static enum kd_status read_pointer(struct kdw_mem *mem, uint64_t at, uint64_t *out)
{
    uint64_t value = 0;
    enum kd_status st = kdw_mem_u64(mem, at, &value);

    if (kdw_ends_walk(st))
        return st;
    *out = st == KD_OK && is_kernel_va(value) ? value : 0;
    return KD_OK;
}

static enum kd_status read_field(const struct kdw_probe *p, const struct kdw_layout *l,
                                 size_t field, uint64_t va, struct kdw_u64 *out)
{
    enum kd_status st = kdw_field_u64(p->mem, l, field, va, out);

    return kdw_ends_walk(st) ? st : KD_OK;
}

/* ---- the starts ---- */

static uint64_t landmark_va(const struct kdw_kernel_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->landmark_count; i++)
        if (strcmp(facts->landmarks[i].name, name) == 0)
            return facts->base_va + facts->landmarks[i].rva;
    return 0;
}

/* The first loggers that are neither free nor being stopped: those have bit 0 set. */
static enum kd_status find_loggers(struct kdw_probe *p)
{
    enum kd_status st = KD_OK;

    for (uint32_t slot = 0; slot < SLOTS && p->logger_count < KDW_PROBE_LOGGERS; slot++) {
        uint64_t va = 0;

        st = read_pointer(p->mem, p->array_va + (uint64_t)slot * POINTER_LEN, &va);
        if (st != KD_OK)
            break;
        if (va != 0)
            p->loggers[p->logger_count++] = (struct kdw_probe_logger){slot, va};
    }
    return st;
}

static void add_state(struct kdw_probe *p, uint64_t va)
{
    for (size_t i = 0; i < p->state_count; i++)
        if (p->states[i] == va)
            return;
    if (p->state_count < KDW_PROBE_STATES)
        p->states[p->state_count++] = va;
}

/* What may be the state: where two loggers at least point from one place in them. Which place that is,
 * depends on the layout, and not all layouts know it. */
static enum kd_status find_states(struct kdw_probe *p)
{
    uint64_t seen[KDW_PROBE_LOGGERS][LOGGER_LEN / POINTER_LEN] = {{0}};

    for (size_t i = 0; i < p->logger_count; i++) {
        uint8_t bytes[LOGGER_LEN] = {0};
        struct kdw_stretch stretch;
        struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
        enum kd_status st =
            kdw_stretch_read(p->mem, p->loggers[i].va, bytes, sizeof bytes, &stretch);

        if (st != KD_OK)
            return st;
        for (size_t k = 0; k < LOGGER_LEN / POINTER_LEN; k++) {
            uint64_t va = kd_rd_u64(&r);

            seen[i][k] = is_kernel_va(va) && !is_in_image(p, va) ? va : 0;
            for (size_t before = 0; before < i; before++)
                if (va != 0 && seen[before][k] == va)
                    add_state(p, va);
        }
    }
    return KD_OK;
}

static enum kd_status find_first_process(struct kdw_probe *p, uint64_t head_va)
{
    enum kd_status st = read_pointer(p->mem, head_va, &p->process_links);

    if (p->process_links == head_va)
        p->process_links = 0; /* an empty list */
    return st;
}

static enum kd_status find_sizes(struct kdw_probe *p, uint64_t block_va)
{
    struct kdw_debugger_data block;
    enum kd_status st = kdw_debugger_data_read(p->mem, block_va, NULL, NULL, &block);

    if (st == KD_OK)
        p->process_len = block.process_len;
    return kdw_ends_walk(st) ? st : KD_OK;
}

enum kd_status kdw_probe_begin(const struct kdw_kernel_facts *facts, struct kdw_probe *out)
{
    struct kdw_probe p = {.mem = facts->mem, .base_va = facts->base_va};
    uint64_t etw_va = landmark_va(facts, "EtwpDebuggerData");
    uint64_t processes_va = landmark_va(facts, "PsActiveProcessHead");
    uint64_t block_va = landmark_va(facts, "KdDebuggerDataBlock");
    enum kd_status st = KD_OK;

    p.image_len = facts->image_size ? facts->image_size : IMAGE_LEN_MAX;
    if (etw_va != 0)
        st = read_pointer(p.mem, etw_va + DEBUGGER_DATA_ARRAY, &p.array_va);
    if (st == KD_OK && p.array_va != 0)
        st = find_loggers(&p);
    if (st == KD_OK)
        st = find_states(&p);
    if (st == KD_OK && processes_va != 0)
        st = find_first_process(&p, processes_va);
    if (st == KD_OK && block_va != 0)
        st = find_sizes(&p, block_va);
    if (st == KD_OK)
        *out = p;
    return st;
}

/* ---- one layout ---- */

enum verdict { UNKNOWN, AGREES, CONTRADICTS };

struct trial {
    const struct kdw_probe *p;
    struct kdw_kernel k; /* with the layout as its symbols */
    struct kd_diag diag;
    struct kdw_probe_finding finding; /* of the structures judged so far */
};

/* The type's fields as the layout has them; where it has not, none exists. */
static enum kd_status resolve(struct trial *t, const char *type, const char *const *names,
                              size_t len, struct kdw_field_ref *refs, struct kdw_layout *out)
{
    return kdw_layout_resolve_optional(&t->k, type, names, len, refs, out);
}

enum state_field {
    STATE_CONTEXT,      /* the array is behind a pointer, */
    STATE_WMIP_CONTEXT, /* or inside the state in older kernels */
    STATE_MAX_LOGGERS,
    STATE_OWN_PROVIDER, /* an entry inside it that points to it, as all entries do */
    STATE_GLOBALS,
    STATE_TABLE,
    STATE_FIELDS
};

static enum kd_status resolve_state(struct trial *t, struct kdw_field_ref refs[STATE_FIELDS],
                                    struct kdw_layout *out)
{
    static const char *const names[STATE_FIELDS] = {
        [STATE_CONTEXT] = "EtwpLoggerContext",
        [STATE_WMIP_CONTEXT] = "WmipLoggerContext",
        [STATE_MAX_LOGGERS] = "MaxLoggers",
        [STATE_OWN_PROVIDER] = "EtwpSecurityProviderGuidEntry.SiloState",
        [STATE_GLOBALS] = "SiloGlobals",
        [STATE_TABLE] = "EtwpGuidHashTable",
    };

    return resolve(t, "_ETW_SILODRIVERSTATE", names, STATE_FIELDS, refs, out);
}

/* The state whose array this is. *state_va stays 0 where there is none. */
static enum kd_status find_state(const struct kdw_probe *p, const struct kdw_layout *l,
                                 enum verdict *v, uint64_t *state_va)
{
    if (p->array_va == 0)
        return KD_OK;
    if (kdw_layout_has(l, STATE_WMIP_CONTEXT)) {
        *state_va = p->array_va - l->refs[STATE_WMIP_CONTEXT].offset;
        return KD_OK;
    }
    for (size_t i = 0; i < p->state_count; i++) {
        struct kdw_u64 array;
        enum kd_status st = read_field(p, l, STATE_CONTEXT, p->states[i], &array);

        if (st != KD_OK)
            return st;
        if (array.status != KD_OK)
            continue;
        if (array.value == p->array_va) {
            *v = UNKNOWN;
            *state_va = p->states[i];
            return KD_OK;
        }
        *v = CONTRADICTS; /* unless another one points back */
    }
    return KD_OK;
}

static enum kd_status judge_state(struct trial *t, enum verdict *v)
{
    struct kdw_field_ref refs[STATE_FIELDS];
    struct kdw_layout l;
    struct kdw_u64 own = {0}, max = {0}, globals = {0};
    uint64_t state_va = 0;
    enum kd_status st = resolve_state(t, refs, &l);

    if (st == KD_OK)
        st = find_state(t->p, &l, v, &state_va);
    if (st != KD_OK || state_va == 0)
        return st;
    st = read_field(t->p, &l, STATE_OWN_PROVIDER, state_va, &own);
    if (st == KD_OK)
        st = read_field(t->p, &l, STATE_MAX_LOGGERS, state_va, &max);
    if (st == KD_OK)
        st = read_field(t->p, &l, STATE_GLOBALS, state_va, &globals);
    if (st != KD_OK || own.status != KD_OK)
        return st;
    *v = CONTRADICTS;
    if (own.value != state_va)
        return KD_OK;
    if (max.status == KD_OK && (max.value == 0 || max.value > KDW_LOGGERS_MAX))
        return KD_OK;
    if (globals.status == KD_OK && !is_in_image(t->p, globals.value))
        return KD_OK; /* those of the host silo are a variable */
    *v = AGREES;
    t->finding.state_va = state_va;
    t->finding.globals_va = globals.status == KD_OK ? globals.value : 0;
    return KD_OK;
}

enum logger_field {
    LOGGER_ID,
    LOGGER_STATE,
    LOGGER_NAME_LEN,
    LOGGER_NAME_MAX,
    LOGGER_NAME_VA,
    LOGGER_FIELDS
};

static enum verdict judge_logger(const struct kdw_object *o, uint64_t state_va,
                                 const struct kdw_probe_logger *logger)
{
    struct kdw_u64 f[LOGGER_FIELDS];
    uint64_t behind_va = logger->va + o->layout->size;

    for (size_t i = 0; i < LOGGER_FIELDS; i++)
        if (kdw_object_u64(o, i, &f[i]) != KD_OK)
            return UNKNOWN;
    if (f[LOGGER_ID].value != logger->slot || f[LOGGER_STATE].value != state_va)
        return CONTRADICTS;
    if (f[LOGGER_NAME_LEN].value == 0 || f[LOGGER_NAME_LEN].value % 2 != 0 ||
        f[LOGGER_NAME_LEN].value > f[LOGGER_NAME_MAX].value)
        return CONTRADICTS;
    return f[LOGGER_NAME_VA].value - behind_va < NAME_NEAR ? AGREES : CONTRADICTS;
}

/* Most of them, for one may be damaged or just be coming. */
static enum kd_status judge_loggers(struct trial *t, enum verdict *v)
{
    static const char *const names[LOGGER_FIELDS] = {
        [LOGGER_ID] = "LoggerId",
        [LOGGER_STATE] = "SiloState",
        [LOGGER_NAME_LEN] = "LoggerName.Length",
        [LOGGER_NAME_MAX] = "LoggerName.MaximumLength",
        [LOGGER_NAME_VA] = "LoggerName.Buffer",
    };
    size_t count[CONTRADICTS + 1] = {0};
    struct kdw_field_ref refs[LOGGER_FIELDS];
    struct kdw_layout l;
    enum kd_status st = resolve(t, "_WMI_LOGGER_CONTEXT", names, LOGGER_FIELDS, refs, &l);

    if (t->finding.state_va == 0)
        return st;
    for (size_t i = 0; i < t->p->logger_count && st == KD_OK; i++) {
        struct kdw_object o;

        st = kdw_object_load(t->p->mem, &l, t->p->loggers[i].va, &o);
        if (st == KD_OK) {
            count[judge_logger(&o, t->finding.state_va, &t->p->loggers[i])]++;
            kdw_object_free(&o);
        }
    }
    if (count[AGREES] != count[CONTRADICTS])
        *v = count[AGREES] > count[CONTRADICTS] ? AGREES : CONTRADICTS;
    return st;
}

enum provider_field { PROVIDER_LIST, PROVIDER_STATE, PROVIDER_FIELDS };

/* The table of a state's providers: buckets of a few lists each. */
struct table {
    uint64_t va;
    uint64_t bucket_len, bucket_count;
    uint64_t heads; /* in each */
    struct kdw_layout provider;
    struct kdw_field_ref refs[PROVIDER_FIELDS];
    size_t sound, broken; /* heads */
    size_t providers;     /* looked at */
    size_t count[CONTRADICTS + 1];
};

static enum kd_status resolve_table(struct trial *t, struct table *out)
{
    static const char *const bucket_names[] = {"ListHead"};
    static const char *const names[PROVIDER_FIELDS] = {"GuidList", "SiloState"};
    struct kdw_field_ref state_refs[STATE_FIELDS], heads;
    struct kdw_layout state, bucket;
    enum kd_status st = resolve_state(t, state_refs, &state);

    if (st == KD_OK)
        st = resolve(t, "_ETW_HASH_BUCKET", bucket_names, 1, &heads, &bucket);
    if (st == KD_OK)
        st = resolve(t, "_ETW_GUID_ENTRY", names, PROVIDER_FIELDS, out->refs, &out->provider);
    if (st != KD_OK || !state_refs[STATE_TABLE].exists || bucket.size == 0)
        return st;
    out->va = t->finding.state_va + state_refs[STATE_TABLE].offset;
    out->bucket_len = bucket.size;
    out->bucket_count = state_refs[STATE_TABLE].size / bucket.size;
    out->heads = heads.size / LINKS_LEN;
    return KD_OK;
}

/* The first provider of a list: it points back to the head, and to the state. */
static enum kd_status judge_provider(struct trial *t, struct table *table, uint64_t head_va,
                                     uint64_t links_va)
{
    struct kdw_u64 state = {.status = KD_ERR_NOT_FOUND};
    uint64_t back_va = 0;
    enum kd_status st = read_pointer(t->p->mem, links_va + POINTER_LEN, &back_va);

    if (st == KD_OK && table->refs[PROVIDER_LIST].exists)
        st = read_field(t->p, &table->provider, PROVIDER_STATE,
                        links_va - table->refs[PROVIDER_LIST].offset, &state);
    if (st != KD_OK || state.status != KD_OK)
        return st;
    table->providers++;
    table->count[back_va == head_va && state.value == t->finding.state_va ? AGREES : CONTRADICTS]++;
    return KD_OK;
}

static enum kd_status judge_head(struct trial *t, struct table *table, uint64_t head_va)
{
    uint8_t bytes[LINKS_LEN] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st = kdw_mem_read(t->p->mem, head_va, bytes, sizeof bytes, NULL);
    uint64_t first, last;

    if (st != KD_OK)
        return kdw_ends_walk(st) ? st : KD_OK;
    first = kd_rd_u64(&r);
    last = kd_rd_u64(&r);
    if (!is_kernel_va(first) || !is_kernel_va(last) || (first == head_va) != (last == head_va)) {
        table->broken++;
        return KD_OK;
    }
    table->sound++;
    if (first == head_va || table->providers == PROVIDERS)
        return KD_OK;
    return judge_provider(t, table, head_va, first);
}

/* That the heads are sound is the state's doing, so it is no second structure; providers are. */
static enum kd_status judge_providers(struct trial *t, enum verdict *v)
{
    struct table table = {0};
    enum kd_status st;

    if (t->finding.state_va == 0)
        return KD_OK;
    st = resolve_table(t, &table);
    for (uint64_t i = 0; i < table.bucket_count && st == KD_OK; i++)
        for (uint64_t k = 0; k < table.heads && st == KD_OK; k++)
            st = judge_head(t, &table, table.va + i * table.bucket_len + k * LINKS_LEN);
    if (table.broken > table.sound || table.count[CONTRADICTS] > table.count[AGREES])
        *v = CONTRADICTS;
    else if (table.count[AGREES] > table.count[CONTRADICTS])
        *v = AGREES;
    return st;
}

static enum kd_status judge_silo(struct trial *t, enum verdict *v)
{
    static const char *const names[] = {"EtwSiloState"};
    struct kdw_field_ref ref;
    struct kdw_layout l;
    struct kdw_u64 state;
    enum kd_status st = resolve(t, "_ESERVERSILO_GLOBALS", names, 1, &ref, &l);

    if (st != KD_OK || t->finding.globals_va == 0)
        return st;
    st = read_field(t->p, &l, 0, t->finding.globals_va, &state);
    if (st == KD_OK && state.status == KD_OK)
        *v = state.value == t->finding.state_va ? AGREES : CONTRADICTS;
    return st;
}

enum process_field { PROCESS_LINKS, PROCESS_ID, PROCESS_NAME, PROCESS_FIELDS };

static enum kd_status judge_process(struct trial *t, enum verdict *v)
{
    static const char *const names[PROCESS_FIELDS] = {
        [PROCESS_LINKS] = "ActiveProcessLinks",
        [PROCESS_ID] = "UniqueProcessId",
        [PROCESS_NAME] = "ImageFileName",
    };
    struct kdw_field_ref refs[PROCESS_FIELDS];
    struct kdw_layout l;
    struct kdw_text name = {.status = KD_ERR_NOT_FOUND};
    struct kdw_u64 id = {.status = KD_ERR_NOT_FOUND};
    uint64_t va;
    enum kd_status st = resolve(t, "_EPROCESS", names, PROCESS_FIELDS, refs, &l);

    if (st != KD_OK || t->p->process_links == 0 || !kdw_layout_has(&l, PROCESS_LINKS))
        return st;
    va = t->p->process_links - refs[PROCESS_LINKS].offset;
    st = read_field(t->p, &l, PROCESS_ID, va, &id);
    if (st == KD_OK)
        st = kdw_field_chars(t->p->mem, &l, PROCESS_NAME, va, &name);
    if (id.status == KD_OK && name.status == KD_OK)
        *v = id.value == SYSTEM_ID && strcmp(name.utf8, "System") == 0 ? AGREES : CONTRADICTS;
    kdw_text_free(&name);
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status judge_sizes(struct trial *t, enum verdict *v)
{
    struct kdw_layout l;
    enum kd_status st = resolve(t, "_EPROCESS", NULL, 0, NULL, &l);

    if (st == KD_OK && l.size != 0 && t->p->process_len != 0)
        *v = l.size == t->p->process_len ? AGREES : CONTRADICTS;
    return st;
}

static const struct {
    enum kdw_probe_structure structure;
    const char *text;
    /* Leaves *v, where nothing is known. */
    enum kd_status (*judge)(struct trial *t, enum verdict *v);
} structures[] = {
    {KDW_SEES_STATE, "ETW state", judge_state}, /* first: it leads to others */
    {KDW_SEES_LOGGERS, "loggers", judge_loggers},
    {KDW_SEES_PROVIDERS, "providers", judge_providers},
    {KDW_SEES_SILO, "host silo", judge_silo},
    {KDW_SEES_PROCESS, "System process", judge_process},
    {KDW_SEES_SIZES, "debugger data", judge_sizes},
};

enum kd_status kdw_probe_judge(const struct kdw_probe *p, struct kdw_symbols *layout,
                               struct kdw_probe_finding *out)
{
    struct trial t = {.p = p, .finding = {.fits = true}};

    t.k = (struct kdw_kernel){.mem = p->mem, .diag = &t.diag, .symbols = layout};
    for (size_t i = 0; i < sizeof structures / sizeof structures[0] && t.finding.fits; i++) {
        enum verdict v = UNKNOWN;
        enum kd_status st = structures[i].judge(&t, &v);

        if (kdw_ends_walk(st))
            return st;
        if (v == CONTRADICTS)
            t.finding.fits = false;
        else if (v == AGREES)
            t.finding.seen |= (unsigned)structures[i].structure;
    }
    *out = t.finding;
    return KD_OK;
}

const char *kdw_probe_structure_text(enum kdw_probe_structure structure)
{
    for (size_t i = 0; i < sizeof structures / sizeof structures[0]; i++)
        if (structures[i].structure == structure)
            return structures[i].text;
    return "";
}
