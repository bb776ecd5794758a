/* nt_user.c - what two programs have in memory, beyond what nt_process.c gives to each: pages of every kind
 * that a reader of page tables may meet. At the same addresses in both, with another content. */
#include <stdio.h>

#include "nt_parts.h"

#define PRIVATE  0x1a0000u   /* the first of seven pages: present, and then the others in order */
#define LARGE    0x40000000u /* of 2 MiB */
#define TEXT_LEN 48

enum { PRESENT, IN_TRANSITION, IN_PAGE_FILE, UNTOUCHED, SHARED, NOT_GIVEN_OUT, PRESENT_AGAIN };

struct program {
    struct lab_machine *m;
    uint64_t va, cr3; /* of its _EPROCESS; its page tables */
    uint64_t id;
    const char *image;
};

/* "lsass.exe 700: page 1" */
static void put_page(const struct program *p, unsigned page)
{
    char text[TEXT_LEN] = "";

    snprintf(text, sizeof(text), "%s %u: page %u", p->image, (unsigned)p->id, page);
    lab_memory_write_user(p->m->memory, p->cr3, PRIVATE + page * LAB_PAGE, text, sizeof(text));
}

static uint64_t *entry_of(const struct program *p, unsigned page)
{
    return lab_memory_user_entry(p->m->memory, p->cr3, PRIVATE + page * LAB_PAGE);
}

/* High bits as they are: so it means the same to kernels that flip some of them. */
static void set_entry(const struct program *p, unsigned page, uint64_t value)
{
    uint64_t *entry = entry_of(p, page);

    if (entry)
        *entry = value | LAB_ENTRY_READ_WRITE | LAB_ENTRY_NOT_SWIZZLED;
}

/* A page of a file, say: its entry sends a reader to another one in the pool, which leads to it. */
static void share(const struct program *p)
{
    uint64_t prototype = pool_alloc(p->m, 8, "MmSt"), *entry;

    put_page(p, SHARED);
    entry = entry_of(p, SHARED);
    if (!entry)
        return;
    put_u64(p->m, prototype, *entry);
    *entry = prototype << 16 | LAB_ENTRY_PROTOTYPE | LAB_ENTRY_NOT_SWIZZLED;
}

static void fill(const struct program *p)
{
    const uint64_t *entry;

    put_page(p, PRESENT);
    put_page(p, PRESENT_AGAIN);
    put_page(p, IN_TRANSITION);
    entry = entry_of(p, IN_TRANSITION);
    if (entry)
        set_entry(p, IN_TRANSITION, (*entry & LAB_ENTRY_FRAME) | LAB_ENTRY_TRANSITION);
    set_entry(p, IN_PAGE_FILE, LAB_ENTRY_PAGED_OUT(1, 0x1234));
    set_entry(p, UNTOUCHED, 0);
    share(p);
}

static void map_large(const struct program *p)
{
    uint64_t pa = lab_memory_map_large(p->m->memory, p->cr3, LARGE);
    char text[TEXT_LEN] = "";

    for (unsigned at = 0; at < LAB_LARGE_PAGE; at += LAB_LARGE_PAGE - LAB_PAGE) { /* both ends */
        snprintf(text, sizeof(text), "%s: 2 MiB, 0x%x", p->image, at);
        lab_memory_write_physical(p->m->memory, pa + at, text, sizeof(text));
    }
}

/* The first process of that image on the list of them; false: there is none. */
static bool find(struct lab_machine *m, const char *image, struct program *out)
{
    uint64_t head = at_rva(m, NT_RVA_PsActiveProcessHead), links = head;
    struct _EPROCESS e;

    while ((links = get_u64(m, links)) != head) {
        uint64_t va = links - offsetof(struct _EPROCESS, ActiveProcessLinks);

        if (lab_memory_read(m->memory, va, &e, sizeof(e)) != sizeof(e))
            return false;
        if (strcmp((const char *)e.ImageFileName, image) == 0) {
            *out = (struct program){m, va, e.Pcb.DirectoryTableBase,
                                    get_u64(m, va + offsetof(struct _EPROCESS, UniqueProcessId)),
                                    image};
            return true;
        }
    }
    return false;
}

void nt_user(struct lab_machine *m)
{
    struct program p;

    if (find(m, "lsass.exe", &p))
        fill(&p);
    if (find(m, "explorer.exe", &p)) {
        fill(&p);
        map_large(&p);
    }
}
