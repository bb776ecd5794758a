/* silo_choice.h - one silo, as people name it: "host", by the id of its job, by the job's address. */
#ifndef CLI_SILO_CHOICE_H
#define CLI_SILO_CHOICE_H

#include <kdproto/diag.h>
#include <walker/snapshot.h>

enum silo_choice_kind { SILO_ALL, SILO_BY_ID, SILO_BY_ADDRESS };

struct silo_choice {
    enum silo_choice_kind kind; /* zero: all of them */
    uint64_t value;
};

/* "host", "1344" (decimal), "0xffffa80f12345080" (0x, or so many digits that it is no id). False: a
 * message was printed. */
bool silo_choice_parse(const char *text, struct silo_choice *out);
/* The address of its job, 0: the host. KD_ERR_NOT_FOUND: the snapshot has none such. */
enum kd_status silo_choice_find(const struct silo_choice *choice, const struct kdw_snapshot *s,
                                struct kd_diag *diag, uint64_t *silo_va);

#endif
