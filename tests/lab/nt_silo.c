/* nt_silo.c - what makes jobs of one kernel silos: their globals, what drivers keep in them, and those drivers. */
#include <stdio.h>

#include "nt_parts.h"

#define GLOBAL(field) offsetof(struct _ESERVERSILO_GLOBALS, field)
#define PENDING       0x103

/* ---- storage: 32 slots, and a pointer to more behind them [guess: kernel listings] ---- */

#define SLOTS     32u
#define MORE      256u
#define SLOT_SIZE 0x10u /* a lock, and a pointer with a flag in bit 0 */

static uint32_t slot_of_monitor(size_t monitor)
{
    return monitor == 3 ? 41 : (uint32_t)(2 * monitor + 1);
}

static uint64_t new_storage(struct lab_machine *m, uint64_t silo)
{
    uint64_t va = pool_alloc(m, SLOTS * SLOT_SIZE + 8, "PsSt"), more = 0;

    for (size_t i = 0; i < crowd_monitor_count; i++) {
        uint32_t slot = slot_of_monitor(i);
        uint64_t object = pool_alloc(m, 0x40, "SilC"), at = va + slot * SLOT_SIZE;

        if (slot >= SLOTS) {
            if (!more)
                more = pool_alloc(m, MORE * SLOT_SIZE, "PsSt");
            at = more + (slot - SLOTS) * SLOT_SIZE;
        }
        put_u64(m, at + 8, object | (i & 1));
        tell(m->truth, TRUTH_STORAGE, at);
        tell_word(m->truth, "silo", silo);
        tell_number(m->truth, "slot", slot);
        tell_word(m->truth, "object", object);
    }
    put_u64(m, va + SLOTS * SLOT_SIZE, more);
    return va;
}

/* ---- monitors ---- */

static const struct lab_module *module_called(const struct lab_machine *m, const char *name)
{
    for (size_t i = 0; i < m->cast->module_count; i++)
        if (strcmp(m->cast->modules[i].name, name) == 0)
            return &m->cast->modules[i];
    return NULL;
}

/* A node: link, slot, two callbacks, the driver's name [doc]. */
static void monitor(struct lab_machine *m, size_t number)
{
    const struct lab_module *module = module_called(m, crowd_monitors[number]);
    uint64_t va = pool_alloc(m, 0x40, "PsSm"), create, terminate;
    char name[64] = "\\Driver\\";

    if (!module)
        return;
    create = module->base + 0x3000 + 0x140 * number;
    terminate = create + 0x90;
    strncat(name, module->name, strcspn(module->name, "."));
    put_u32(m, va + 0x10, 1);
    put_u32(m, va + 0x14, slot_of_monitor(number));
    put_u64(m, va + 0x18, create);
    put_u64(m, va + 0x20, terminate);
    put_string(m, va + 0x28, name, "PsSm");
    list_append(m, at_rva(m, NT_RVA_PspSiloMonitorList), va);
    tell(m->truth, TRUTH_MONITORS, va);
    tell_number(m->truth, "slot", slot_of_monitor(number));
    tell_word(m->truth, "create", create);
    tell_word(m->truth, "terminate", terminate);
    tell_text(m->truth, "name", name);
}

/* ---- globals ---- */

static void shared_data(struct lab_machine *m, const struct cast_silo *s)
{
    struct _SILO_USER_SHARED_DATA shared = {0};

    shared.ServiceSessionId = m->cast->sessions[s->session].id;
    shared.ActiveConsoleId = s->job == NOBODY ? 1 : shared.ServiceSessionId;
    shared.NtProductType = (enum _NT_PRODUCT_TYPE)m->scene->product;
    shared.SuiteMask = m->scene->suite;
#if NT_BUILD < 16299
    put(m, s->globals + GLOBAL(UserSharedData), &shared, sizeof(shared));
#else
    uint64_t at = pool_alloc(m, sizeof(shared), "SilG");

    put(m, at, &shared, sizeof(shared));
    put_text(m, at + offsetof(struct _SILO_USER_SHARED_DATA, NtSystemRoot), "C:\\Windows");
    put_u64(m, s->globals + GLOBAL(UserSharedData), at);
    put_string(m, s->globals + GLOBAL(NtSystemRoot),
               s->job == NOBODY ? "\\SystemRoot" : "C:\\Windows", "SilG");
#endif
    tell_number(m->truth, "service_session", shared.ServiceSessionId);
    tell_number(m->truth, "console_session", shared.ActiveConsoleId);
}

static void tell_silo(const struct lab_machine *m, const struct cast_silo *s, const char *root)
{
    const struct cast_job *j = s->job == NOBODY ? NULL : &m->cast->jobs[s->job];
    static const struct lab_guid none;
    struct truth *t = m->truth;

    tell(t, TRUTH_SILOS, j ? j->va : 0);
    tell_number(t, "kind", j ? 1 : 0);
    tell_number(t, "id", j ? j->id : 0);
    tell_word(t, "parent", 0);
    tell_guid(t, "container_id", (const uint8_t *)(j ? &j->container : &none));
    tell_word(t, "globals", s->globals);
    tell_number(t, "state", SERVERSILO_STARTED);
    tell_signed(t, "exit_status", PENDING);
    tell_text(t, "root_directory", root);
#if NT_BUILD < 16299
    tell_none(t, "system_root");
#else
    tell_text(t, "system_root", j ? "C:\\Windows" : "\\SystemRoot");
#endif
    tell_word(t, "etw_state", s->state);
}

static void globals(struct lab_machine *m, struct cast_silo *s)
{
    char root[32] = "";

    if (s->job == NOBODY) {
        put_u64(m, s->globals + GLOBAL(Storage), new_storage(m, 0));
    } else {
        snprintf(root, sizeof(root), "\\Silos\\%u", (unsigned)m->cast->jobs[s->job].id);
        put_string(m, s->globals + GLOBAL(SiloRootDirectoryName), root, "SilG");
    }
    put_u64(m, s->globals + GLOBAL(EtwSiloState), s->state);
    put_u32(m, s->globals + GLOBAL(State), SERVERSILO_STARTED);
    put_u32(m, s->globals + GLOBAL(ExitStatus), PENDING);
    tell_silo(m, s, root);
    shared_data(m, s);
}

void nt_silo_of_job(struct lab_machine *m, int job, struct _EJOB *out)
{
    struct cast_job *j = &m->cast->jobs[job];

    if (j->said->kind == JOB_PLAIN)
        return;
    out->Storage = target_pointer(new_storage(m, j->va));
    if (j->said->kind == JOB_SERVER_SILO) {
        struct cast_silo *s = &m->cast->silos[j->silo];

        s->globals = pool_alloc(m, sizeof(struct _ESERVERSILO_GLOBALS), "SilG");
        put_u64(m, s->globals + GLOBAL(Storage), (uintptr_t)out->Storage);
        out->ServerSiloGlobals = target_pointer(s->globals);
        return;
    }
    tell(m->truth, TRUTH_SILOS, j->va);
    tell_number(m->truth, "kind", 2);
    tell_number(m->truth, "id", j->id);
    tell_word(m->truth, "parent", 0);
    tell_guid(m->truth, "container_id", (const uint8_t *)&j->container);
    tell_word(m->truth, "globals", 0);
}

void nt_silos(struct lab_machine *m)
{
    list_init(m, at_rva(m, NT_RVA_PspSiloMonitorList));
    for (size_t i = 0; i < crowd_monitor_count; i++)
        monitor(m, i);
    for (size_t i = 0; i < m->cast->silo_count; i++)
        globals(m, &m->cast->silos[i]);
}
