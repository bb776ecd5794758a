/* dt.h - one structure in the form of WinDbg's dt: a row for each field, values included.
 *
 * All reading happens in dt_collect; the rows then stand on their own, so the target can run again
 * before anything is printed. How types and values are written is in dt_value.h.
 *
 * Lifetime  The rows own their texts; dt_free ends them. */
#ifndef CLI_DT_H
#define CLI_DT_H

#include <walker/kernel.h>

struct dt_row {
    uint64_t offset;
    char *name;
    char *type;            /* "Uint4B", "Ptr64 _EPROCESS", "[8] Uint2B", "Pos 3, 1 Bit" */
    char *value;           /* NULL without an address, or when it could not be read */
    enum kd_status status; /* why there is no value */
    uint64_t fault_va;
};

struct dt {
    char *type_name; /* "_ETW_SILODRIVERSTATE" */
    bool has_address;
    uint64_t va;
    uint64_t size;
    struct dt_row *rows;
    size_t len;
    bool has_gaps;
};

/* va is used when has_address. KD_ERR_NOT_FOUND: no such type. */
enum kd_status dt_collect(struct kdw_kernel *k, const char *type_name, bool has_address,
                          uint64_t va, struct dt *out);
void dt_free(struct dt *dt);

#endif
