/* Who is being debugged: the boot debugger of winload, as the version-4 capture shows it, or the
 * kernel, as the machine has it. What each says of itself, where it stops, what it says unasked. */
#include "target_parts.h"

#include <string.h>

#define MACHINE_AMD64 0x8664

/* ---- what is said while it boots, and after a resume ---- */

/* The order of the capture: print, module, files, prints, farewell [seen]. */
static const struct lab_event boot_script[] = {
    {LAB_EVENT_PRINT, "BD: Boot Debugger Initialized\n", 0, 0, 0},
    {LAB_EVENT_MODULE, "winload.efi", 0x96F000, 0x17D000, 0x149E3F},
    {LAB_EVENT_FILE, "\\Windows\\system32\\en-GB\\winload.efi.MUI", 0, 0, 0},
    {LAB_EVENT_FILE, "\\Windows\\system32\\ntoskrnl.exe", 0, 0, 0},
    {LAB_EVENT_FILE, "\\Windows\\system32\\hal.dll", 0, 0, 0},
    {LAB_EVENT_PRINT, "BD: osloader.xsl is being read\n", 0, 0, 0},
    {LAB_EVENT_FILE, "\\Windows\\system32\\drivers\\WppRecorder.sys", 0, 0, 0},
    {LAB_EVENT_FILE, "\\Windows\\system32\\drivers\\Wof.sys", 0, 0, 0},
    {LAB_EVENT_PRINT, "Shutdown occurred...unloading all symbol tables.\n", 0, 0, 0},
    {LAB_EVENT_FAREWELL, "", UINT64_MAX, 0, 0},
    {LAB_EVENT_NEXT_STAGE, "", 0, 0, 0},
};
static const struct lab_event kernel_script[] = {
    {LAB_EVENT_PRINT, "KDTARGET: Refreshing KD connection\n", 0, 0, 0},
    {LAB_EVENT_KERNEL, "", 0, 0, 0},
};
static const struct lab_event chatter_script[] = {
    {LAB_EVENT_PRINT, "labdrv: the machine runs again\n", 0, 0, 0},
    {LAB_EVENT_MODULE, "\\SystemRoot\\System32\\drivers\\labdrv.sys", 0xFFFFF80612340000, 0x9000,
     0x11A2B},
};

static void start_script(struct lab_target *t, const struct lab_event *script, size_t count)
{
    t->script = script;
    t->script_end = script + count;
}

void stage_script(struct lab_target *t)
{
    if (t->is_boot)
        start_script(t, boot_script, sizeof boot_script / sizeof *boot_script);
    else
        start_script(t, kernel_script, sizeof kernel_script / sizeof *kernel_script);
}

void stage_restart(struct lab_target *t)
{
    start_script(t, kernel_script + 1, 1);
}

void stage_chatter(struct lab_target *t)
{
    if (t->script == t->script_end)
        start_script(t, chatter_script, sizeof chatter_script / sizeof *chatter_script);
}

/* ---- where it stops ---- */

/* Addresses of the version-4 capture [seen]. */
#define BOOT_BREAK_PC    0x9CF07E
#define BOOT_MODULE_PC   0xA79685
#define BOOT_FAREWELL_PC 0xA79690 /* no int3: the capture's host answered with a bare Continue */

uint64_t stage_pc(const struct lab_target *t, enum stage_stop stop)
{
    switch (stop) {
    case STAGE_MODULE:
        return t->is_boot ? BOOT_MODULE_PC : t->info->load_symbols_pc;
    case STAGE_FAREWELL:
        return BOOT_FAREWELL_PC; /* the kernel never says farewell here */
    case STAGE_BREAK_IN:
        break;
    }
    return t->is_boot ? BOOT_BREAK_PC : t->info->break_in_pc;
}

uint16_t stage_processors(const struct lab_target *t)
{
    if (t->opts.tape)
        return t->halt.said.processors < LAB_PROCESSORS_MAX ? (uint16_t)t->halt.said.processors
                                                            : LAB_PROCESSORS_MAX;
    return t->is_boot ? 1 : (uint16_t)t->info->processors;
}

/* ---- memory ---- */

#define BOOT_MODULE_LIST 0xAD5E60

/* All that is mapped while the boot debugger is in charge: the code at its stops and an empty module
 * list. Enough to attach and go on; nobody walks a kernel there. */
static const struct {
    uint64_t va;
    uint8_t bytes[16];
} boot_memory[] = {
    {0x9CF070,
     {0x48, 0x89, 0x5C, 0x24, 0x08, 0x57, 0x48, 0x83, 0xEC, 0x20, 0x8B, 0xF9, 0x33, 0xDB, 0xCC,
      0x48}},
    {0x9CF080,
     {0x8B, 0x5C, 0x24, 0x40, 0x48, 0x83, 0xC4, 0x20, 0x5F, 0xC3, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC,
      0xCC}},
    {0xA79680,
     {0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xC3, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC, 0xCC,
      0xCC}},
    {0xA79690,
     {0x48, 0x83, 0xEC, 0x28, 0x33, 0xC9, 0x48, 0x83, 0xC4, 0x28, 0xC3, 0xCC, 0xCC, 0xCC, 0xCC,
      0xCC}},
    {BOOT_MODULE_LIST, {0x60, 0x5E, 0xAD, 0, 0, 0, 0, 0, 0x60, 0x5E, 0xAD, 0, 0, 0, 0, 0}},
};

static size_t read_boot(uint64_t va, uint8_t *out, size_t len)
{
    size_t done = 0;

    for (size_t i = 0; i < sizeof boot_memory / sizeof *boot_memory && done < len; i++) {
        uint64_t offset = va + done - boot_memory[i].va;
        size_t n = len - done;

        if (offset >= sizeof boot_memory[i].bytes)
            continue;
        if (n > sizeof boot_memory[i].bytes - offset)
            n = sizeof boot_memory[i].bytes - (size_t)offset;
        memcpy(out + done, boot_memory[i].bytes + offset, n);
        done += n;
    }
    return done;
}

size_t stage_read(const struct lab_target *t, uint64_t va, void *buf, size_t len)
{
    return t->is_boot ? read_boot(va, buf, len)
                      : lab_machine_read_virtual(t->opts.machine, va, buf, len);
}

size_t stage_read_physical(const struct lab_target *t, uint64_t pa, void *buf, size_t len)
{
    return t->is_boot ? 0 : lab_machine_read_physical(t->opts.machine, pa, buf, len);
}

/* ---- identity ---- */

void stage_version(const struct lab_target *t, struct lab_manipulate *m)
{
    memset(&m->u, 0, sizeof m->u);
    m->u.version.minor = t->info->build;
    m->u.version.protocol = 6;
    m->u.version.secondary = 2; /* an AMD64 CONTEXT */
    m->u.version.machine = MACHINE_AMD64;
    m->u.version.max_packet_type = 12;
    if (t->is_boot) {
        m->u.version.major = 0x040F; /* NT boot debugger, free build */
        m->u.version.flags =
            0x0002; /* as the verified bytes of the version-4 capture have it [seen] */
        m->u.version.max_state_change = 0x32;
        m->u.version.max_manipulate = 0x59;
        m->u.version.kernel_base = boot_script[1].base;
        m->u.version.module_list = BOOT_MODULE_LIST;
        return;
    }
    /* Bit 15 was seen on the version-2 target; the host is to mask it. */
    m->u.version.major = 0x000F; /* free build of the NT kernel [seen] */
    m->u.version.flags = 0x0007; /* MP, debug data, 64-bit pointers */
    m->u.version.max_state_change = 3;
    m->u.version.max_manipulate = 0x31;
    m->u.version.kernel_base = t->info->kernel_base;
    m->u.version.module_list = t->info->module_list;
    m->u.version.debugger_data_list = t->info->debugger_data_list;
}
