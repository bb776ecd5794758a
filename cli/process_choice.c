#include "process_choice.h"

#include "number.h"
#include "process_text.h"
#include "text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PID_DIGITS_MAX = 10, /* PIDs are of 32 bits */
    SHOWN_MAX = 12,      /* PIDs in a message */
};

static bool is_pid(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= PID_DIGITS_MAX && text[digits] == '\0';
}

static bool is_same(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* ImageFileName is cut after 14 characters; the path has it all. */
static bool is_called(const struct kdw_process *p, const char *name)
{
    const char *file = p->path.status == KD_OK ? strrchr(p->path.utf8, '\\') : NULL;

    if (p->name.status == KD_OK && is_same(p->name.utf8, name))
        return true;
    return file && is_same(file + 1, name);
}

static const struct kdw_process *by_pid(const struct kdw_snapshot *s, uint64_t pid)
{
    const struct kdw_process *found = NULL;

    KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (p->pid.status == KD_OK && p->pid.value == pid &&
        (!found || (process_has_exited(found) && !process_has_exited(p))))
        found = p;
    return found;
}

/* Those that live count, unless none does. */
static size_t by_name(const struct kdw_snapshot *s, const char *name,
                      const struct kdw_process *found[SHOWN_MAX])
{
    for (int with_exited = 0; with_exited < 2; with_exited++) {
        size_t count = 0;

        KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
        {
            if (process_has_exited(p) != (with_exited == 1) || !is_called(p, name))
                continue;
            if (count < SHOWN_MAX)
                found[count] = p;
            count++;
        }
        if (count)
            return count;
    }
    return 0;
}

static enum kd_status ambiguous(struct kd_diag *diag, const char *name, size_t count,
                                const struct kdw_process *const found[])
{
    struct text t = {0};
    enum kd_status st;
    char *pids;

    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        text_add(&t, "%s", i ? ", " : "");
        if (found[i]->pid.status == KD_OK)
            text_add(&t, "%" PRIu64, found[i]->pid.value);
        else
            text_add(&t, "0x%" PRIx64, found[i]->va);
    }
    if (count > SHOWN_MAX)
        text_add(&t, ", ...");
    pids = text_take(&t);
    st = kd_diag_set(diag, KD_ERR_USAGE, "%zu processes are called '%s': choose one of %s", count,
                     name, pids ? pids : "their PIDs");
    free(pids);
    return st;
}

static enum kd_status choose_by_name(const char *name, const struct kdw_snapshot *s,
                                     struct kd_diag *diag, uint64_t *process_va)
{
    const struct kdw_process *found[SHOWN_MAX];
    size_t count = by_name(s, name, found);

    if (count == 0)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "there is no process called '%s'", name);
    if (count > 1)
        return ambiguous(diag, name, count, found);
    *process_va = found[0]->va;
    return KD_OK;
}

enum kd_status process_choice_find(const char *text, const struct kdw_snapshot *s,
                                   struct kd_diag *diag, uint64_t *process_va)
{
    const struct kdw_process *found;
    uint64_t va;

    if (is_pid(text)) {
        found = by_pid(s, strtoull(text, NULL, 10));
        if (!found)
            return kd_diag_set(diag, KD_ERR_NOT_FOUND, "there is no process with the PID %s", text);
    } else if (text[0] == '0' && text[1] == 'x' && number_address(text, &va)) {
        found = kdw_snapshot_find(s, KDW_TABLE_PROCESSES, va);
        if (!found)
            return kd_diag_set(diag, KD_ERR_NOT_FOUND, "there is no process at 0x%" PRIx64, va);
    } else {
        return choose_by_name(text, s, diag, process_va);
    }
    *process_va = found->va;
    return KD_OK;
}
