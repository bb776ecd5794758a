/* nt_parts.h - first in each file that is compiled once for every kernel: that kernel's structs, and
 * names that end in its build. */
#ifndef LAB_NT_PARTS_H
#define LAB_NT_PARTS_H

#include <string.h>

#include "machine_parts.h"

#include NT_HEADER

#define NT_JOIN_(name, build) name##_##build
#define NT_JOIN(name, build)  NT_JOIN_(name, build)
#define nt_kernel             NT_JOIN(nt_kernel, NT_BUILD)
#define nt_system             NT_JOIN(nt_system, NT_BUILD)
#define nt_modules            NT_JOIN(nt_modules, NT_BUILD)
#define nt_processes          NT_JOIN(nt_processes, NT_BUILD)
#define nt_thread             NT_JOIN(nt_thread, NT_BUILD)
#define nt_etw                NT_JOIN(nt_etw, NT_BUILD)
#define nt_logger             NT_JOIN(nt_logger, NT_BUILD)
#define nt_crash              NT_JOIN(nt_crash, NT_BUILD)
#define nt_encode             NT_JOIN(nt_encode, NT_BUILD)
#define nt_swizzle            NT_JOIN(nt_swizzle, NT_BUILD)

void nt_system(struct lab_machine *m);
void nt_modules(struct lab_machine *m);
void nt_processes(struct lab_machine *m);
void nt_etw(struct lab_machine *m);
/* A thread of the System process, or the idle thread of a processor; at 0: wherever there is room. */
uint64_t nt_thread(struct lab_machine *m, uint64_t process, uint64_t at, uint64_t stack_base);
/* The logger's _WMI_LOGGER_CONTEXT and all that hangs on it: its address. */
uint64_t nt_logger(struct lab_machine *m, const struct lab_logger *logger);
/* As nt_parts has them. */
void nt_crash(struct lab_machine *m, uint32_t code, const uint64_t parameters[4]);
void nt_encode(struct lab_machine *m);
bool nt_swizzle(struct lab_machine *m, uint64_t mask);

static inline uint64_t at_rva(const struct lab_machine *m, uint32_t rva)
{
    return m->info.kernel_base + rva;
}

/* DISPATCHER_HEADER types [doc]. */
enum {
    TYPE_EVENT = 1,
    TYPE_MUTANT = 2,
    TYPE_PROCESS = 3,
    TYPE_THREAD = 6,
    TYPE_TIMER = 9,
    TYPE_DPC = 19
};
#define KERNEL_STACK 0x6000u

#endif
