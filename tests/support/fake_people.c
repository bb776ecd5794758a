#include "support/fake_people.h"

#include <assert.h>

#define JOB     "_EJOB"
#define PROCESS "_EPROCESS"
#define GLOBALS "_ESERVERSILO_GLOBALS"

#define COOKIE    0xa7u
#define TYPES_VA  UINT64_C(0xffffd18000001000)
#define MEMORY_VA UINT64_C(0xffffd18000012000)
#define IDS_VA    UINT64_C(0xffffd18000003000)
#define LEAF_VA   UINT64_C(0xffffd18000004000)

const char *const fake_people_builds[3] = {"14393", "18362", "22000"};

static void put_type(struct fake_people *p, const char *variable, unsigned index)
{
    uint64_t va = TYPES_VA + 0x100u * index;

    fake_kernel_zero(&p->k, "_OBJECT_TYPE", va);
    fake_kernel_put(&p->k, "_OBJECT_TYPE", va, "Index", index);
    fake_mem_u64(&p->k.mem, fake_kernel_global(&p->k, variable), va);
}

static uint64_t empty_list(struct fake_people *p, const char *variable)
{
    uint64_t va = fake_kernel_global(&p->k, variable);

    fake_mem_list(&p->k.mem, va, NULL, 0);
    return va;
}

static void empty_lists(struct fake_people *p, const char *type, uint64_t va,
                        const char *const *fields, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fake_mem_list(&p->k.mem, va + fake_kernel_offset(&p->k, type, fields[i]), NULL, 0);
}

void fake_people_init(struct fake_people *p, const char *build)
{
    fake_kernel_init(&p->k, build);
    fake_mem_u32(&p->k.mem, fake_kernel_global(&p->k, "ObHeaderCookie"), COOKIE);
    put_type(p, "PsJobType", FAKE_JOB_TYPE);
    put_type(p, "PsProcessType", FAKE_PROCESS_TYPE);
    p->jobs_va = empty_list(p, "PspJobList");
    p->active_va = empty_list(p, "PsActiveProcessHead");
    p->monitors_va = empty_list(p, "PspSiloMonitorList");
    p->memory_va = MEMORY_VA;
    fake_mem_list(&p->k.mem, MEMORY_VA, NULL, 0);
    fake_mem_u64(&p->k.mem, fake_kernel_global(&p->k, "PsInitialSystemProcess"), 0);
    p->host_va = fake_kernel_global(&p->k, "PspHostSiloGlobals");
    fake_kernel_zero(&p->k, GLOBALS, p->host_va);
    fake_mem_zero(&p->k.mem, MEMORY_VA - 0x1000,
                  0x1000); /* where a process would have more of itself */
    fake_kernel_zero(&p->k, "_HANDLE_TABLE", IDS_VA);
    fake_kernel_put(&p->k, "_HANDLE_TABLE", IDS_VA, "TableCode", LEAF_VA);
    fake_mem_zero(&p->k.mem, LEAF_VA, 0x1000);
    fake_mem_u64(&p->k.mem, fake_kernel_global(&p->k, "PspCidTable"), IDS_VA);
}

void fake_people_deinit(struct fake_people *p)
{
    fake_kernel_deinit(&p->k);
}

void fake_people_object(struct fake_people *p, uint64_t va, unsigned type)
{
    uint64_t header = va - fake_kernel_offset(&p->k, "_OBJECT_HEADER", "Body");

    fake_kernel_zero(&p->k, "_OBJECT_HEADER", header);
    fake_kernel_put(&p->k, "_OBJECT_HEADER", header, "PointerCount", 1);
    fake_kernel_put(&p->k, "_OBJECT_HEADER", header, "TypeIndex",
                    (type ^ COOKIE ^ header >> 8) & 0xff);
}

void fake_people_job(struct fake_people *p, uint64_t va, uint64_t id)
{
    static const char *const lists[] = {"ChildJobListHead", "SiblingJobLinks", "ProcessListHead"};

    fake_people_object(p, va, FAKE_JOB_TYPE);
    fake_kernel_zero(&p->k, JOB, va);
    empty_lists(p, JOB, va, lists, 3);
    fake_kernel_put(&p->k, JOB, va, "JobId", id);
    fake_kernel_put(&p->k, JOB, va, "RootJob", va);
}

void fake_people_process(struct fake_people *p, uint64_t va, uint64_t pid, const char *image)
{
    static const char *const lists[] = {"ActiveProcessLinks", "MmProcessLinks",
                                        "SessionProcessLinks", "JobLinks"};

    fake_people_object(p, va, FAKE_PROCESS_TYPE);
    fake_kernel_zero(&p->k, PROCESS, va);
    empty_lists(p, PROCESS, va, lists, 4);
    fake_kernel_put(&p->k, PROCESS, va, "Pcb.Header.Type", 3);
    fake_kernel_put(&p->k, PROCESS, va, "UniqueProcessId", pid);
    fake_kernel_put_chars(&p->k, PROCESS, va, "ImageFileName", image);
}

void fake_people_session(struct fake_people *p, uint64_t va, uint64_t id)
{
    static const char *const lists[] = {"ProcessList"};

    fake_kernel_zero(&p->k, "_MM_SESSION_SPACE", va);
    empty_lists(p, "_MM_SESSION_SPACE", va, lists, 1);
    fake_kernel_put(&p->k, "_MM_SESSION_SPACE", va, "SessionId", id);
}

void fake_people_server_silo(struct fake_people *p, uint64_t job_va, uint64_t globals_va)
{
    fake_kernel_put(&p->k, JOB, job_va, "Silo", 1);
    fake_kernel_put(&p->k, JOB, job_va, "ServerSiloGlobals", globals_va);
    fake_kernel_zero(&p->k, GLOBALS, globals_va);
}

void fake_people_link(struct fake_people *p, uint64_t head_va, const char *type, uint64_t va,
                      const char *field)
{
    uint64_t links_va = va + fake_kernel_offset(&p->k, type, field), last_va = 0;
    enum kd_status st = kdw_mem_u64(&p->k.mem.mem, head_va + 8, &last_va);

    assert(st == KD_OK);
    (void)st;
    fake_mem_u64(&p->k.mem, links_va, head_va);
    fake_mem_u64(&p->k.mem, links_va + 8, last_va);
    fake_mem_u64(&p->k.mem, last_va, links_va);
    fake_mem_u64(&p->k.mem, head_va + 8, links_va);
}

void fake_people_job_is_listed(struct fake_people *p, uint64_t va)
{
    fake_people_link(p, p->jobs_va, JOB, va, "JobLinks");
}

void fake_people_process_is_listed(struct fake_people *p, uint64_t va, uint64_t pid)
{
    uint64_t variable = fake_kernel_global(&p->k, "PsInitialSystemProcess"), system = 0;
    enum kd_status st = kdw_mem_u64(&p->k.mem.mem, variable, &system);

    assert(st == KD_OK);
    (void)st;
    if (system == 0)
        fake_mem_u64(&p->k.mem, variable, va);
    fake_people_link(p, p->active_va, PROCESS, va, "ActiveProcessLinks");
    fake_people_link(p, p->memory_va, PROCESS, va, "MmProcessLinks");
    fake_people_id(p, pid, va);
}

void fake_people_id(struct fake_people *p, uint64_t id, uint64_t object_va)
{
    uint64_t entry = LEAF_VA + id / 4 * fake_kernel_size(&p->k, "_HANDLE_TABLE_ENTRY");

    fake_kernel_put(&p->k, "_HANDLE_TABLE_ENTRY", entry, "ObjectPointerBits",
                    object_va >> 4 & 0xfffffffffff);
}

void fake_people_sid(struct fake_people *p, uint64_t va, uint8_t authority, const uint32_t *parts,
                     uint8_t len)
{
    const uint8_t head[8] = {1, len, 0, 0, 0, 0, 0, authority};

    fake_mem_write(&p->k.mem, va, head, sizeof head);
    for (size_t i = 0; i < len; i++)
        fake_mem_u32(&p->k.mem, va + sizeof head + 4 * i, parts[i]);
}

void fake_people_take(struct fake_people *p, unsigned parts, struct kdw_snapshot *s)
{
    enum kd_status st = kdw_snapshot_take(&p->k.kernel, parts, s);

    assert(st == KD_OK && p->k.diag.text[0] == '\0');
    (void)st;
}

const struct kdw_job *fake_people_find_job(const struct kdw_snapshot *s, uint64_t va)
{
    return kdw_snapshot_find(s, KDW_TABLE_JOBS, va);
}

const struct kdw_process *fake_people_find(const struct kdw_snapshot *s, uint64_t va)
{
    return kdw_snapshot_find(s, KDW_TABLE_PROCESSES, va);
}
