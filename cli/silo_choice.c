#include "silo_choice.h"

#include "message.h"
#include "number.h"

#include <inttypes.h>
#include <string.h>

enum { ID_DIGITS_MAX = 10 }; /* ids are of 32 bits, and an address has 16 digits */

static bool is_host(const char *text)
{
    return strcmp(text, "host") == 0 || strcmp(text, "HOST") == 0;
}

static bool is_id(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= ID_DIGITS_MAX && text[digits] == '\0';
}

bool silo_choice_parse(const char *text, struct silo_choice *out)
{
    struct silo_choice choice = {.kind = SILO_BY_ADDRESS};

    if (is_host(text)) {
        *out = choice; /* it has no job */
        return true;
    }
    if (is_id(text)) {
        choice.kind = SILO_BY_ID;
        for (const char *c = text; *c; c++)
            choice.value = 10 * choice.value + (uint64_t)(*c - '0');
    } else if (!number_address(text, &choice.value)) {
        message_error("'%s' names no silo: host, the id of its job, or the job's address", text);
        return false;
    }
    *out = choice;
    return true;
}

static bool is_chosen(const struct silo_choice *choice, const struct kdw_silo *silo)
{
    if (choice->kind == SILO_BY_ADDRESS)
        return silo->va == choice->value;
    return silo->id.status == KD_OK && silo->id.value == choice->value;
}

enum kd_status silo_choice_find(const struct silo_choice *choice, const struct kdw_snapshot *s,
                                struct kd_diag *diag, uint64_t *silo_va)
{
    if (choice->value == 0) { /* the host, whichever way it is named */
        *silo_va = 0;
        return KD_OK;
    }
    KDW_EACH(s, KDW_TABLE_SILOS, struct kdw_silo, silo)
    {
        if (is_chosen(choice, silo)) {
            *silo_va = silo->va;
            return KD_OK;
        }
    }
    if (choice->kind == SILO_BY_ID)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "there is no silo with the id %" PRIu64,
                           choice->value);
    return kd_diag_set(diag, KD_ERR_NOT_FOUND, "there is no silo at 0x%" PRIx64, choice->value);
}
