/* Any bytes as the memory of a kernel: four pages of its image, one of pool, the shared data, behind page
 * tables that are sound, in a raw image. The kernel is looked for by all that an image may have of it; one
 * that is found is opened and guessed at. Every search must end, and say why it found nothing. */
#include <stdlib.h>
#include <string.h>

#include <walker/dump_system.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum {
    PAGE = 0x1000,
    STUB = 0x1000, /* physical: what starts a processor, the page tables, and what the bytes are */
    ROOT = 0x2000,
    TABLES = 0x3000,
    MEMORY = 0x10000,
    IMAGE_PAGES = 4,
    PAGES = IMAGE_PAGES + 2,
    PRESENT = 3,
};
#define BASE   0xfffff80700800000u
#define POOL   0xffff850429891000u
#define SHARED 0xfffff78000000000u

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void put_u64(uint8_t *memory, uint64_t pa, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        memory[pa + i] = (uint8_t)(value >> 8 * i);
}

static uint64_t u64(const uint8_t *memory, uint64_t pa)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)memory[pa + i] << 8 * i;
    return value;
}

static void map(uint8_t *memory, uint64_t *next_table, uint64_t va, uint64_t pa)
{
    uint64_t table = ROOT;

    for (unsigned shift = 39; shift > 12; shift -= 9) {
        uint64_t entry_pa = table + (va >> shift & 511) * 8;

        if (u64(memory, entry_pa) == 0) {
            put_u64(memory, entry_pa, *next_table | PRESENT);
            *next_table += PAGE;
        }
        table = u64(memory, entry_pa) & ~(uint64_t)(PAGE - 1);
    }
    put_u64(memory, table + (va >> 12 & 511) * 8, pa | PRESENT);
}

static void make_machine(uint8_t *memory)
{
    uint64_t next_table = TABLES;

    put_u64(memory, STUB, 0x00000001000600E9u);
    put_u64(memory, STUB + 0x70, BASE + 2 * PAGE);
    put_u64(memory, STUB + 0xA0, ROOT);
    for (uint64_t i = 0; i < IMAGE_PAGES; i++)
        map(memory, &next_table, BASE + i * PAGE, MEMORY + i * PAGE);
    map(memory, &next_table, POOL, MEMORY + IMAGE_PAGES * PAGE);
    map(memory, &next_table, SHARED, MEMORY + (IMAGE_PAGES + 1) * PAGE);
    require(next_table <= MEMORY);
}

static void open_kernel(struct kdw_dump_system *s, struct kd_diag *diag)
{
    const struct kdw_symbol_options options = {.kinds = KDW_SYMBOLS_BUILTIN, .symbol_path = ""};
    struct kdw_kernel k;

    require(s->target.kernel_base_va >> 63 != 0 && s->target.kernel_base_va % PAGE == 0);
    if (kdw_kernel_open(s->mem, &s->target, diag, &k) != KD_OK)
        return;
    if (kdw_kernel_load_symbols(&k, &options) == KD_OK)
        require(kdw_dump_system_learn(s, &k) == KD_OK);
    kdw_kernel_close(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t memory[MEMORY + PAGES * PAGE];
    struct kdw_dump_system s = {0};
    struct kd_diag diag = {""};
    struct kdw_dump *d = NULL;
    size_t n = len < PAGES * PAGE ? len : PAGES * PAGE;

    memset(memory, 0, sizeof memory);
    make_machine(memory);
    if (n > 0)
        memcpy(memory + MEMORY, bytes, n);
    require(kdw_dump_open_bytes(memory, sizeof memory, &diag, &d) == KD_OK);
    if (kdw_dump_system_find(d, &diag, &s) == KD_OK)
        open_kernel(&s, &diag);
    else
        require(diag.text[0] != '\0');
    kdw_dump_system_deinit(&s);
    kdw_dump_close(d);
    return 0;
}
