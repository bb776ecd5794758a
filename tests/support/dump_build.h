/* dump_build.h - small dump files for tests, of every kind: built, then damaged where a test wants it.
 *
 * A second, independent writing-down of the formats: nothing of the reader is used. Every eight bytes of
 * memory that a test does not write itself tell their own address (dump_build_word), so that a page
 * found in the wrong place is seen.
 *
 * Lifetime  A zeroed struct is an empty file; dump_build_free ends it.
 * Errors    None: out of memory, or a description that makes no sense, ends the test run. */
#ifndef TESTS_SUPPORT_DUMP_BUILD_H
#define TESTS_SUPPORT_DUMP_BUILD_H

#include <stddef.h>
#include <stdint.h>

struct dump_build {
    uint8_t *data;
    size_t len, cap;
};

void dump_build_free(struct dump_build *b);
/* Writes grow the file as far as they reach, with zeros between. */
void dump_build_bytes(struct dump_build *b, uint64_t at, const void *bytes, size_t len);
void dump_build_u16(struct dump_build *b, uint64_t at, uint16_t v);
void dump_build_u32(struct dump_build *b, uint64_t at, uint32_t v);
void dump_build_u64(struct dump_build *b, uint64_t at, uint64_t v);
void dump_build_resize(struct dump_build *b, size_t len);

/* What memory at pa, a multiple of 8, has where nothing else was written. */
uint64_t dump_build_word(uint64_t pa);
/* len bytes of memory from pa on, at the end of the file or at a place in it. */
void dump_build_memory(struct dump_build *b, uint64_t at, uint64_t pa, uint64_t len);

/* Windows' header, "PAGE" where nothing is stored, and these facts. No memory is described. */
#define DUMP_BUILD_DTB          0x1000u
#define DUMP_BUILD_MODULE_LIST  0xfffff8047c62a390u
#define DUMP_BUILD_PROCESS_LIST 0xfffff8047c61e200u
#define DUMP_BUILD_DEBUGGER     0xfffff8047c600b20u
#define DUMP_BUILD_RIP          0xfffff8047bbf4210u
enum { DUMP_BUILD_BUILD = 19041, DUMP_BUILD_BUGCHECK = 0xD1 };
void dump_build_header(struct dump_build *b, uint32_t type);

struct dump_build_range {
    uint64_t base, count; /* pages */
};
/* What follows the header, and the pages. The page numbers of a bitmap ascend. */
void dump_build_runs(struct dump_build *b, const struct dump_build_range *runs, size_t count);
void dump_build_bitmap(struct dump_build *b, const char *signature, uint64_t bits,
                       const uint64_t *pfns, size_t count);
void dump_build_old_bitmap(struct dump_build *b, uint32_t bits, const uint64_t *pfns, size_t count);
void dump_build_ranges(struct dump_build *b, const struct dump_build_range *ranges, size_t count,
                       uint64_t table_len);

/* A triage dump with three blocks, two drivers and a debugger data block:
 *     0xfffff80400001000  16 bytes, words of memory (dump_build_word)
 *     0xfffff80400001010  as much, stored before the first, listed after it
 *     0xfffff80400001018  24 bytes, overlapping the second, with the same words
 *     DUMP_BUILD_DEBUGGER 0x380 bytes, with tag and length
 *     stack               64 bytes at DUMP_BUILD_STACK */
#define DUMP_BUILD_BLOCKS 0xfffff80400001000u
#define DUMP_BUILD_STACK  0xffff850429891ee0u
#define DUMP_BUILD_KERNEL 0xfffff8047ba00000u
void dump_build_triage(struct dump_build *b);

/* An ELF core: notes (bytes as they stand in the file), then segments of memory. */
struct dump_build_segment {
    uint64_t pa, len;
};
void dump_build_note(struct dump_build *notes, const char *name, const void *bytes, size_t len);
/* A processor's registers as QEMU notes them. */
void dump_build_processor(struct dump_build *notes, uint64_t rip, uint64_t gs_base, uint64_t idt_va,
                          uint64_t cr3, uint64_t cr4);
void dump_build_elf(struct dump_build *b, const struct dump_build *notes,
                    const struct dump_build_segment *segments, size_t count);

/* One range of a LiME image at the end of the file; last is inclusive. */
void dump_build_lime(struct dump_build *b, uint64_t first, uint64_t last);

/* Into memory of which byte 0 stands at `at` in the file: the code that starts a processor, and a
 * page-table root that leads back to itself. */
void dump_build_low_stub(struct dump_build *b, uint64_t at, uint64_t pa, uint64_t kernel_va,
                         uint64_t root_pa);
void dump_build_root(struct dump_build *b, uint64_t at, uint64_t pa);

#endif
