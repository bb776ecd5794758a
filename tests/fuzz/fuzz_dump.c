/* Any bytes as a file that holds memory: headers, runs, bitmaps, ranges, segments, notes, blocks. What
 * opens is read everywhere, its roots are looked for, its modules listed. An index must agree with
 * itself: what it says is next, it finds. */
#include <stdlib.h>
#include <string.h>

#include <walker/debugger_data.h>
#include <walker/dump.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { PLACES = 24, PAGE_LEN = 0x1000 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_at(struct kdw_mem *mem, uint64_t at, size_t len)
{
    uint8_t buf[2 * PAGE_LEN];
    uint64_t fault = at - 1;
    enum kd_status st = kdw_mem_read(mem, at, buf, len, &fault);

    require(st == KD_OK || st == KD_ERR_NOT_IN_DUMP || st == KD_ERR_CUT_OFF ||
            st == KD_ERR_NOT_MAPPED); /* a range that wraps around */
    require(st == KD_OK || fault - at < len);
    for (uint64_t i = 0; st != KD_OK && i < fault - at; i += 509)
        require(kdw_mem_read(mem, at + i, buf, 1, NULL) == KD_OK);
}

/* Places that the file itself has in it make better addresses than any others. */
static void read_places(struct kdw_mem *mem, const uint8_t *bytes, size_t len, uint64_t end)
{
    for (size_t i = 0; i < PLACES && len >= 8; i++) {
        uint64_t at;

        memcpy(&at, bytes + (len - 8) / PLACES * i, 8);
        read_at(mem, at, 64);
        read_at(mem, end > 0 ? at % end : at, 2 * PAGE_LEN);
        read_at(mem, (uint64_t)PAGE_LEN * i, PAGE_LEN);
    }
    read_at(mem, end - 4, 8);
    read_at(mem, UINT64_MAX - 7, 8);
}

static void look_at_facts(const struct kdw_dump *d)
{
    const struct kdw_dump_facts *f = kdw_dump_facts(d);

    require(f->what && f->pages_present <= f->pages_total);
    require(f->warning_count <= KDW_DUMP_WARNINGS_MAX);
    for (size_t i = 0; i < f->warning_count; i++)
        require(f->warnings[i][0] != '\0' &&
                memchr(f->warnings[i], '\0', KDW_DUMP_WARNING_LEN) != NULL);
    (void)kdw_dump_target(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kd_diag diag = {""};
    struct kdw_module_list modules;
    struct kdw_debugger_data data;
    struct kdw_dump *d;
    struct kdw_mem *mem;
    uint64_t root = 0;

    if (kdw_dump_open_bytes(bytes, len, &diag, &d) != KD_OK) {
        require(diag.text[0] != '\0');
        return 0;
    }
    look_at_facts(d);
    mem = kdw_dump_physical(d) ? kdw_dump_physical(d) : kdw_dump_virtual(d);
    read_places(mem, bytes, len, kdw_dump_facts(d)->physical_end);
    (void)kdw_debugger_data_read(mem, kdw_dump_facts(d)->debugger_data_va, NULL, &diag, &data);
    if (kdw_dump_facts(d)->pages_total < 10000)
        (void)kdw_dump_find_root(d, 0, &root);
    if (kdw_dump_modules(d, &modules) == KD_OK)
        kdw_module_list_free(&modules);
    kdw_dump_close(d);
    return 0;
}
