#include "support/fake_kernel.h"

#include <walker/builtin.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *build;
    struct kdw_pdb_id id;
} kernels[] = {
    {"14393",
     {.guid = {0x8f, 0x12, 0x7e, 0x51, 0x7c, 0x7b, 0xa7, 0x4e, 0x94, 0x91, 0xde, 0x6b, 0x9b, 0x9c,
               0xe1, 0x90},
      .age = 1}},
    {"18362",
     {.guid = {0xe3, 0x94, 0x6a, 0x61, 0x48, 0x3a, 0xb4, 0x27, 0x51, 0xb0, 0xe1, 0x9c, 0x14, 0xc0,
               0x37, 0x92},
      .age = 1}},
    {"19041",
     {.guid = {0x0c, 0x4d, 0x28, 0x89, 0xac, 0xa6, 0x27, 0xc8, 0x4b, 0x9a, 0x44, 0xbd, 0x5a, 0xf9,
               0x29, 0x0b},
      .age = 1}},
    {"22000",
     {.guid = {0xf2, 0xdc, 0x84, 0xef, 0x6b, 0xb1, 0x81, 0xb8, 0xeb, 0xe4, 0xbd, 0x7c, 0x8f, 0xe7,
               0xaa, 0x8e},
      .age = 1}},
};

static struct kdw_pdb_id id_of(const char *build)
{
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (strcmp(kernels[i].build, build) == 0)
            return kernels[i].id;
    abort();
}

void fake_kernel_init(struct fake_kernel *k, const char *build)
{
    struct kdw_pdb_id id = id_of(build);
    struct kdw_kernel_facts facts = {.pdb_id = &id};
    enum kd_status st;

    memset(k, 0, sizeof *k);
    fake_mem_init(&k->mem);
    k->target.kernel_base_va = FAKE_KERNEL_BASE;
    k->kernel = (struct kdw_kernel){.mem = &k->mem.mem,
                                    .target = &k->target,
                                    .diag = &k->diag,
                                    .base_va = FAKE_KERNEL_BASE,
                                    .pe.image_size = 0x1200000};
    st = kdw_builtin_open(&facts, &k->diag, &k->kernel.symbols);
    assert(st == KD_OK);
    (void)st;
}

void fake_kernel_deinit(struct fake_kernel *k)
{
    kdw_kernel_close(&k->kernel);
    fake_mem_deinit(&k->mem);
}

/* ---- fields ---- */

static kdw_type_id type_named(struct fake_kernel *k, const char *type)
{
    kdw_type_id id = 0;
    enum kd_status st = kdw_type_by_name(k->kernel.symbols, type, &id);

    assert(st == KD_OK);
    (void)st;
    return id;
}

static uint64_t locate(struct fake_kernel *k, const char *type, const char *field,
                       struct kdw_type *out)
{
    struct kdw_field f = {0};
    enum kd_status st = kdw_type_field(k->kernel.symbols, type_named(k, type), field, &f);

    assert(st == KD_OK);
    st = kdw_type_describe(k->kernel.symbols, f.type, out);
    assert(st == KD_OK);
    (void)st;
    return f.offset;
}

bool fake_kernel_has(struct fake_kernel *k, const char *type, const char *field)
{
    struct kdw_field f;
    bool has = kdw_type_field(k->kernel.symbols, type_named(k, type), field, &f) == KD_OK;

    kd_diag_clear(&k->diag);
    return has;
}

uint64_t fake_kernel_offset(struct fake_kernel *k, const char *type, const char *field)
{
    struct kdw_type t;

    return locate(k, type, field, &t);
}

uint64_t fake_kernel_size(struct fake_kernel *k, const char *type)
{
    struct kdw_type t = {0};
    enum kd_status st = kdw_type_describe(k->kernel.symbols, type_named(k, type), &t);

    assert(st == KD_OK);
    (void)st;
    return t.size;
}

uint64_t fake_kernel_global(struct fake_kernel *k, const char *name)
{
    uint64_t va = 0;
    enum kd_status st = kdw_kernel_symbol(&k->kernel, name, &va);

    assert(st == KD_OK);
    (void)st;
    return va;
}

void fake_kernel_zero(struct fake_kernel *k, const char *type, uint64_t va)
{
    fake_mem_zero(&k->mem, va, (size_t)fake_kernel_size(k, type));
}

void fake_kernel_put(struct fake_kernel *k, const char *type, uint64_t va, const char *field,
                     uint64_t v)
{
    struct kdw_type t;
    uint64_t at = va + locate(k, type, field, &t);
    uint8_t bytes[8] = {0};

    if (t.kind == KDW_TYPE_BITFIELD) {
        uint64_t mask = t.bit_length < 64 ? ((uint64_t)1 << t.bit_length) - 1 : ~(uint64_t)0;
        uint64_t old = 0;
        unsigned position = t.bit_position;
        enum kd_status st = kdw_type_describe(k->kernel.symbols, t.target, &t);

        assert(st == KD_OK && t.size <= 8);
        st = kdw_mem_read(&k->mem.mem, at, bytes, (size_t)t.size, NULL);
        (void)st; /* what is not there is 0 */
        for (size_t i = 0; i < t.size; i++)
            old |= (uint64_t)bytes[i] << 8 * i;
        v = (old & ~(mask << position)) | (v & mask) << position;
    }
    assert(t.size >= 1 && t.size <= 8);
    for (size_t i = 0; i < t.size; i++)
        bytes[i] = (uint8_t)(v >> 8 * i);
    fake_mem_write(&k->mem, at, bytes, (size_t)t.size);
}

void fake_kernel_put_text(struct fake_kernel *k, const char *type, uint64_t va, const char *field,
                          uint64_t text_va, const char *text)
{
    fake_mem_unicode(&k->mem, va + fake_kernel_offset(k, type, field), text_va, text);
}

void fake_kernel_put_chars(struct fake_kernel *k, const char *type, uint64_t va, const char *field,
                           const char *text)
{
    struct kdw_type t;
    uint64_t at = va + locate(k, type, field, &t);

    assert(strlen(text) <= t.size);
    fake_mem_zero(&k->mem, at, (size_t)t.size);
    fake_mem_write(&k->mem, at, text, strlen(text));
}
