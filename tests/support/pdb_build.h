/* pdb_build.h - small PDB files for tests: described, laid out, and damaged where a test wants it.
 *
 * A second, independent writing-down of the format: nothing of the reader is used. The file has the
 * streams a linker writes for a kernel, each at a fixed number, so that a test can say "byte 8 of
 * the TPI stream" and break that.
 *
 * Lifetime  From _create to _destroy. A built file is the caller's to free.
 * Errors    None: out of memory, or a description that makes no sense, ends the test run. */
#ifndef TESTS_SUPPORT_PDB_BUILD_H
#define TESTS_SUPPORT_PDB_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pdb_stream {
    PDB_OLD_DIRECTORY,
    PDB_INFO,
    PDB_TPI,
    PDB_DBI,
    PDB_IPI,
    PDB_GSI,
    PDB_PSGSI,
    PDB_RECORDS,
    PDB_TPI_HASH,
    PDB_SECTIONS,
    PDB_OMAP,
    PDB_ORIGINAL_SECTIONS,
    PDB_STREAMS
};

struct pdb_buf {
    uint8_t *data;
    size_t len, cap;
};

struct pdb_build { /* change the plain members before the file is built */
    uint8_t guid[16];
    uint32_t info_age, dbi_age;
    uint32_t block_size; /* 512 */
    bool is_scattered;   /* every stream's blocks in reverse order */
    bool is_absent[PDB_STREAMS];
    uint32_t mark_every;   /* bytes of type records between index offsets; 0: no offsets */
    uint32_t hash_buckets; /* of types */
    bool has_omap;         /* streams 10 and 11 are there and named in the debug header */

    /* the description so far */
    struct pdb_buf types, type_offsets, type_hashes;
    struct pdb_buf records, publics, globals; /* symbols, and their places in records */
    struct pdb_buf sections, omap, original_sections;

    /* of the file built last */
    struct pdb_buf streams[PDB_STREAMS];
    struct pdb_buf blocks[PDB_STREAMS]; /* u32 block numbers */
};

struct pdb_build *pdb_build_create(void);
void pdb_build_destroy(struct pdb_build *b);

/* Types; each returns its index, 0x1000 for the first. */
struct pdb_member {
    uint16_t leaf;    /* LF_MEMBER 0x150D, LF_ENUMERATE 0x1502, LF_BCLASS 0x1400, ... */
    const char *name; /* NULL where that leaf has none */
    uint32_t type;
    int64_t value; /* offset, or value of an enum constant */
};
uint32_t pdb_build_record(struct pdb_build *b, uint16_t leaf, const void *body, size_t len);
uint32_t pdb_build_fields(struct pdb_build *b, const struct pdb_member *members, size_t count);
uint32_t pdb_build_udt(struct pdb_build *b, uint16_t leaf, uint16_t properties, const char *name,
                       const char *unique_name, uint32_t size, uint32_t fields);
uint32_t pdb_build_struct(struct pdb_build *b, const char *name, uint32_t size, uint32_t fields);
uint32_t pdb_build_enum(struct pdb_build *b, const char *name, uint32_t underlying,
                        uint32_t fields);
uint32_t pdb_build_forward(struct pdb_build *b, const char *name);
uint32_t pdb_build_pointer(struct pdb_build *b, uint32_t to);
uint32_t pdb_build_array(struct pdb_build *b, uint32_t element, uint32_t bytes);
uint32_t pdb_build_bitfield(struct pdb_build *b, uint32_t base, uint8_t length, uint8_t position);
uint32_t pdb_build_modifier(struct pdb_build *b, uint32_t of);
/* The hash value that the file will state for a type, in place of the right one. */
void pdb_build_set_hash(struct pdb_build *b, uint32_t type, uint32_t value);

/* Symbols: an S_PUB32 in PSGSI, or a record of any kind in GSI. */
void pdb_build_public(struct pdb_build *b, const char *name, uint16_t segment, uint32_t offset);
void pdb_build_global(struct pdb_build *b, uint16_t kind, const char *name, uint16_t segment,
                      uint32_t offset);
void pdb_build_section(struct pdb_build *b, uint32_t rva);
void pdb_build_original_section(struct pdb_build *b, uint32_t rva);
void pdb_build_omap(struct pdb_build *b, uint32_t from, uint32_t to);

uint8_t *pdb_build_file(struct pdb_build *b, size_t *len);
/* Where a byte of a stream stands in the file built last. */
size_t pdb_build_at(const struct pdb_build *b, enum pdb_stream stream, size_t offset);
void pdb_build_poke16(const struct pdb_build *b, uint8_t *file, enum pdb_stream stream,
                      size_t offset, uint16_t v);
void pdb_build_poke32(const struct pdb_build *b, uint8_t *file, enum pdb_stream stream,
                      size_t offset, uint32_t v);

/* The writer's own hash, for tests of the reader's. */
uint32_t pdb_build_hash(const char *name);
/* For streams that a test writes itself: put8 to put32 append to any buffer. */
void pdb_put(struct pdb_buf *buf, const void *data, size_t len);
void pdb_put16(struct pdb_buf *buf, uint16_t v);
void pdb_put32(struct pdb_buf *buf, uint32_t v);

#endif
