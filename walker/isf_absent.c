/* Stands in for isf.c and isf_write.c where the libraries that it needs cannot be had: on Windows, so far. */
#include <walker/isf.h>
#include <walker/isf_write.h>

enum kd_status kdw_isf_open(const char *path, struct kd_diag *diag, struct kdw_symbols **out)
{
    (void)out;
    return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "%s: ISF files are not read by this build", path);
}

enum kd_status kdw_isf_open_bytes(const void *data, size_t len, struct kd_diag *diag,
                                  struct kdw_symbols **out)
{
    (void)data;
    (void)len;
    (void)out;
    return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "ISF files are not read by this build");
}

void kdw_isf_identity(const struct kdw_symbols *isf, struct kdw_pdb_id *out)
{
    (void)isf; /* never opened */
    *out = (struct kdw_pdb_id){0};
}

enum kd_status kdw_isf_write(struct kdw_symbols *symbols, const struct kdw_isf_metadata *metadata,
                             struct kd_diag *diag, char **text, size_t *len,
                             struct kdw_isf_counts *counts)
{
    (void)symbols;
    (void)metadata;
    (void)text;
    (void)len;
    (void)counts;
    return kd_diag_set(diag, KD_ERR_UNSUPPORTED, "ISF files are not written by this build");
}
