/* machine_parts.h - what the files of a machine share; nobody else includes it.
 *
 *   machine.c        finds scene and image, asks for the rest
 *   image.c          a PE file loaded by its headers
 *   memory.c         physical pages, page tables
 *   pool.c           allocations and texts in kernel memory
 *   machine_<build>.c  what one machine holds and no other
 *   crowd.c          what all of them hold besides; crowd_providers.c
 *   cast.c           both, made into one list of who is there; cast_people.c, cast_trace.c,
 *                    cast_enable.c
 *   truth.c          what was built, noted while it is built
 *   nt_system.c      processors, times, debugger data              \
 *   nt_modules.c     the list of loaded modules                    |
 *   nt_code.c        variables that lead to code                   |
 *   nt_object.c      headers, types and names of objects; handles  |
 *   nt_process.c     processes; nt_thread.c, nt_token.c            |  compiled once for each kernel,
 *   nt_user.c        what two programs have in memory              |
 *   nt_session.c     terminal sessions                             |  with the structs of that kernel
 *   nt_job.c         jobs; nt_silo.c: what makes one a server silo |
 *   nt_etw.c         an ETW state; nt_provider.c: providers        |
 *   nt_logger.c      one logger                                    |
 *   nt_needs.c       which bytes all that was told is made of      |
 *   nt_tamper.c      what somebody changes who hides; nt_race.c    |
 *   nt_fate.c        what befalls it before a file is made of it   / */
#ifndef LAB_MACHINE_PARTS_H
#define LAB_MACHINE_PARTS_H

#include "cast.h"
#include "machine.h"
#include "memory.h"
#include "scene.h"
#include "truth.h"

#define LAB_START_BLOCK 0x1000u /* physical address */
#define SHARED_DATA     0xfffff78000000000u
#define LAB_POOL_END    0xfffff00000000000u /* of the system half, as this lab fills it */

struct lab_machine {
    struct lab_machine_info info;
    const struct lab_scene *scene;
    struct cast *cast;
    struct truth *truth; /* NULL: nobody wants to know */
    const struct nt_parts *parts;
    struct lab_memory *memory;
    uint64_t pool; /* next free address */
    uint32_t kernel_timestamp;
    uint32_t kernel_entry; /* RVA of where the loader enters it */

    uint64_t system_process; /* _EPROCESS */
    struct cast_handles ids; /* PspCidTable */
    uint64_t memory_list;    /* of all processes, the memory manager's */
    uint32_t next_thread_id;
};

/* image.c: the file at path, at info.kernel_base; fills what the headers say of it. */
bool image_load(struct lab_machine *m, const char *path, const char **why);
/* The key under which a symbol store keeps the PDB of the image at path. */
#define LAB_KEY_TEXT 48
bool image_pdb_key(const char *path, char key[LAB_KEY_TEXT]);

/* pool.c */
uint64_t pool_alloc(struct lab_machine *m, size_t len, const char tag[4]);
/* Ends where its page ends, with nothing mapped behind it. */
uint64_t pool_alloc_at_edge(struct lab_machine *m, size_t len, const char tag[4]);
/* The header that the pool keeps in front of an allocation; one at a page's start has none. */
void pool_header(struct lab_machine *m, uint64_t va, size_t len, const char tag[4]);
void put(struct lab_machine *m, uint64_t va, const void *bytes, size_t len);
void put_u64(struct lab_machine *m, uint64_t va, uint64_t value);
void put_u32(struct lab_machine *m, uint64_t va, uint32_t value);
size_t put_text(struct lab_machine *m, uint64_t va,
                const char *text); /* UTF-16; bytes without its NUL */
uint64_t get_u64(const struct lab_machine *m, uint64_t va);
/* LIST_ENTRY: an empty ring; one more node at its end; one less, which itself stays as it was. */
void list_init(struct lab_machine *m, uint64_t head);
void list_append(struct lab_machine *m, uint64_t head, uint64_t node);
void list_remove(struct lab_machine *m, uint64_t node);
/* A UNICODE_STRING at va, and its text in an allocation of its own. */
void put_string(struct lab_machine *m, uint64_t va, const char *text, const char tag[4]);

/* A pointer of the target's in a struct of the host's. */
static inline void *target_pointer(uint64_t va)
{
    return (void *)(uintptr_t)va;
}

/* The functions of nt_*.c, one set for each kernel. */
struct nt_parts {
    void (*system)(struct lab_machine *m);
    void (*processes)(struct lab_machine *m);
    void (*etw)(struct lab_machine *m);
    void (*user)(struct lab_machine *m);

    /* Change what the check of that number is to find; false: this kernel has no such thing. */
    bool (*tamper)(struct lab_machine *m, unsigned number);
    /* Be caught in the middle of changes. */
    void (*race)(struct lab_machine *m);
    /* Stop with this code and parameters: what the kernel then leaves in memory. */
    void (*crash)(struct lab_machine *m, uint32_t code, const uint64_t parameters[4]);
    /* Have been booted without debugging: the debugger data block is encoded. */
    void (*encode)(struct lab_machine *m);
    /* Flip these bits of entries that are not present from now on; false: this kernel cannot. */
    bool (*swizzle)(struct lab_machine *m, uint64_t mask);
};
extern const struct nt_parts nt_kernel_14393, nt_kernel_18362, nt_kernel_19041, nt_kernel_22000;

#endif
