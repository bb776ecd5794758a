/* value.h - a fact read from the target, or the reason why it is not known.
 *
 * "Unreadable" is a value distinct from zero: a walk goes on over holes and says where they were.
 */
#ifndef WALKER_VALUE_H
#define WALKER_VALUE_H

#include <kdproto/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_u64 {
    enum kd_status status; /* KD_OK: value holds; KD_ERR_NOT_FOUND: this kernel has no such field */
    uint64_t value;
    uint64_t fault_va; /* where kd_is_unreadable: what could not be read */
};

struct kdw_text { /* characters of the target as UTF-8; see text.h */
    enum kd_status status;
    char *utf8; /* owned by the struct that holds it; NUL-terminated; control characters are kept,
                   printers escape them; NULL unless status is KD_OK */
    uint64_t fault_va; /* where kd_is_unreadable: what could not be read */
};

struct kdw_guid {
    enum kd_status status;
    uint8_t bytes[16]; /* as in memory: Data1 to Data3 little-endian */
    uint64_t fault_va; /* as kdw_u64's */
};

#ifdef __cplusplus
}
#endif
#endif
