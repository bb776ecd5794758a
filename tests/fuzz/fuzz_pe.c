/* Any bytes as the memory of an image; behind them nothing is mapped. A name that comes out must be
 * fit to be a file's. */
#include <stdlib.h>
#include <string.h>

#include <walker/pe.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const uint64_t base = 0xFFFFF80000000000;

struct image {
    struct kdw_mem mem; /* first */
    const uint8_t *bytes;
    size_t len;
};

static enum kd_status read_image(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                 uint64_t *fault)
{
    const struct image *image = (const struct image *)m;
    uint64_t offset = at - base; /* huge where at lies below */
    size_t there = offset < image->len ? image->len - (size_t)offset : 0;
    size_t n = len < there ? len : there;

    if (n > 0)
        memcpy(buf, image->bytes + offset, n);
    if (n == len)
        return KD_OK;
    *fault = at + n;
    return KD_ERR_NOT_MAPPED;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct image image = {{read_image}, bytes, len};
    struct kd_diag diag = {{0}};
    struct kdw_pe pe;
    char key[KDW_PDB_KEY_MAX];

    if (kdw_pe_read(&image.mem, base, &diag, &pe) != KD_OK || !pe.has_pdb_id)
        return 0;
    if (!kdw_pdb_name_is_safe(pe.pdb_id.name))
        abort();
    kdw_pdb_id_key(&pe.pdb_id, key);
    return 0;
}
