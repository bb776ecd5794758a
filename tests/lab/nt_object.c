/* nt_object.c - objects of one kernel: their headers, types and names, and handles to them. */
#include "nt_parts.h"

/* How a header hides its type's index: public listings of 1607 and newer [guess]. */
#define HEADER_COOKIE 0xa7u
#define HAS_NAME      2u /* InfoMask: the name stands just before the header [doc] */
#define HANDLES       256u

static const struct {
    const char *name;
    unsigned index;
    uint32_t variable; /* RVA; 0: none */
} types[] = {
    {"Token", INDEX_TOKEN, NT_RVA_SeTokenObjectType},
    {"Job", INDEX_JOB, NT_RVA_PsJobType},
    {"Process", INDEX_PROCESS, NT_RVA_PsProcessType},
    {"Thread", INDEX_THREAD, 0},
    {"EtwRegistration", INDEX_ETW_REGISTRATION, NT_RVA_EtwpRegistrationObjectType},
    {"EtwConsumer", INDEX_ETW_CONSUMER, NT_RVA_EtwpRealTimeConnectionObjectType},
};

static void object_type(struct lab_machine *m, const char *name, unsigned index, uint32_t variable)
{
    struct _OBJECT_TYPE type = {0};
    uint64_t va = pool_alloc(m, sizeof(type), "ObjT");

    type.Index = (U1B)index;
    put(m, va, &type, sizeof(type));
    put_string(m, va + offsetof(struct _OBJECT_TYPE, Name), name, "ObNm");
    list_init(m, va + offsetof(struct _OBJECT_TYPE, TypeList));
    put_u64(m, at_rva(m, NT_RVA_ObTypeIndexTable) + 8 * index, va);
    if (variable)
        put_u64(m, at_rva(m, variable), va);
}

void nt_object_types(struct lab_machine *m)
{
    put_u32(m, at_rva(m, NT_RVA_ObHeaderCookie), HEADER_COOKIE);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        object_type(m, types[i].name, types[i].index, types[i].variable);
}

static uint64_t put_header(struct lab_machine *m, uint64_t va, unsigned type, unsigned info)
{
    struct _OBJECT_HEADER header = {0};

    header.PointerCount = OBJECT_POINTERS;
    header.HandleCount = 1;
    header.TypeIndex = (U1B)(type ^ (va >> 8) ^ HEADER_COOKIE);
    header.InfoMask = (U1B)info;
    put(m, va, &header, offsetof(struct _OBJECT_HEADER, Body));
    return va + offsetof(struct _OBJECT_HEADER, Body);
}

uint64_t nt_object(struct lab_machine *m, size_t len, unsigned type, const char tag[4])
{
    size_t all = offsetof(struct _OBJECT_HEADER, Body) + len;

    return put_header(m, pool_alloc(m, all, tag), type, 0);
}

uint64_t nt_object_at_edge(struct lab_machine *m, size_t len, unsigned type, const char tag[4])
{
    size_t all = offsetof(struct _OBJECT_HEADER, Body) + len;

    return put_header(m, pool_alloc_at_edge(m, all, tag), type, 0);
}

uint64_t nt_object_named(struct lab_machine *m, size_t len, unsigned type, const char tag[4],
                         const char *name)
{
    const size_t before = sizeof(struct _OBJECT_HEADER_NAME_INFO);
    size_t all = before + offsetof(struct _OBJECT_HEADER, Body) + len;
    uint64_t va = pool_alloc(m, all, tag);

    put_string(m, va + offsetof(struct _OBJECT_HEADER_NAME_INFO, Name), name, "ObNm");
    put_u32(m, va + offsetof(struct _OBJECT_HEADER_NAME_INFO, ReferenceCount), 1);
    return put_header(m, va + before, type, HAS_NAME);
}

/* ---- handles ---- */

void nt_handles_init(struct lab_machine *m, struct cast_handles *h, uint32_t pid, uint64_t process)
{
    struct _HANDLE_TABLE table = {0};

    h->va = pool_alloc(m, sizeof(table), "Obtb");
    h->next = 4; /* 0 is no handle */
    table.QuotaProcess = target_pointer(process);
    table.UniqueProcessId = pid;
    put(m, h->va, &table, sizeof(table));
    list_init(m, h->va + offsetof(struct _HANDLE_TABLE, HandleTableList));
    if (process && NT_RVA_HandleTableListHead)
        list_append(m, at_rva(m, NT_RVA_HandleTableListHead),
                    h->va + offsetof(struct _HANDLE_TABLE, HandleTableList));
}

/* One page of entries, or one of pointers to such pages: the two low bits of TableCode tell [doc]. */
static uint64_t leaf(struct lab_machine *m, struct cast_handles *h, uint32_t number)
{
    for (uint32_t i = 0; i <= number; i++) {
        uint64_t code;

        if (h->leaf[i])
            continue;
        h->leaf[i] = pool_alloc(m, LAB_PAGE, "Obtb");
        if (i == 1) {
            h->directory = pool_alloc(m, LAB_PAGE, "Obtb");
            put_u64(m, h->directory, h->leaf[0]);
        }
        if (i > 0)
            put_u64(m, h->directory + 8 * i, h->leaf[i]);
        code = i > 0 ? h->directory | 1 : h->leaf[0];
        put_u64(m, h->va + offsetof(struct _HANDLE_TABLE, TableCode), code);
        put_u32(m, h->va + offsetof(struct _HANDLE_TABLE, NextHandleNeedingPool),
                4 * HANDLES * (i + 1));
    }
    return h->leaf[number];
}

uint64_t nt_handle_set(struct lab_machine *m, struct cast_handles *h, uint32_t handle, uint64_t to,
                       uint32_t access)
{
    union _HANDLE_TABLE_ENTRY entry = {0};
    uint32_t number = handle / 4;
    uint64_t va;

    if (number / HANDLES >= CAST_LEAVES_MAX)
        return 0;
    va = leaf(m, h, number / HANDLES) + number % HANDLES * sizeof(entry);
    entry.Unlocked = 1;
    entry.RefCnt = 0x7ffe;
    entry.ObjectPointerBits = to >> 4 & 0xfffffffffff;
    entry.GrantedAccessBits = access & 0x1ffffff;
    put(m, va, &entry, sizeof(entry));
    return va;
}

uint32_t nt_handle_add(struct lab_machine *m, struct cast_handles *h, uint64_t object,
                       uint32_t access, uint64_t *entry)
{
    uint32_t handle = h->next;
    uint64_t va;

    h->next += 4;
    if (h->next / 4 % HANDLES == 0)
        h->next += 4; /* the first entry of a page is the kernel's own [guess] */
    va = nt_handle_set(m, h, handle, object - offsetof(struct _OBJECT_HEADER, Body), access);
    if (entry)
        *entry = va;
    return handle;
}
