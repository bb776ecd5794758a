/* list.h - LIST_ENTRY walks that cannot loop for ever.
 *
 * Every entry must point back to the one before it. So a list that leads into itself is noticed at
 * the entry where it closes: that one points back to where it was first reached from. A list that
 * changes under the walk is held by the limit; where the target ran in between, _resume says whether
 * the place that was reached is still one.
 *
 *     for (kdw_list_begin(&list, mem, head_va, LIMIT); kdw_list_next(&list, &entry_va);)
 *         ...
 *     if (list.end != KD_OK) ...
 */
#ifndef WALKER_LIST_H
#define WALKER_LIST_H

#include <walker/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_list {
    struct kdw_mem *mem;
    bool is_back; /* Blink leads on, Flink back */
    uint64_t head_va;
    uint64_t last_va;   /* the entry given out last; the head at first */
    uint64_t prev_va;   /* the one before it, or the head */
    uint64_t next_va;   /* its Flink */
    uint64_t head_back; /* the head's Blink */
    size_t count;       /* entries given out */
    size_t limit;
    bool is_resumed; /* what was given out may not all be there any more */

    /* Once _next said false. KD_OK: walked to its end. KD_ERR_CYCLE: end_va was met before.
     * KD_ERR_MISMATCH: end_va does not point back. What kd_is_unreadable names: end_va could not be read.
     * KD_ERR_LIMIT: there is more from end_va on. Others: what ends a walk. */
    enum kd_status end;
    uint64_t end_va;
};

void kdw_list_begin(struct kdw_list *l, struct kdw_mem *mem, uint64_t head_va, size_t limit);
/* The other way round, from the last entry: to what lies behind a place where the list is broken. */
void kdw_list_begin_back(struct kdw_list *l, struct kdw_mem *mem, uint64_t head_va, size_t limit);
bool kdw_list_next(struct kdw_list *l, uint64_t *entry_va);
/* Memory may be another than at the last _next, which said true: whether the entry that it gave out still has the
 * same one before it, and they point to each other. False: l->end is KD_ERR_MISMATCH or why that cannot be
 * read, and the list must begin anew. */
bool kdw_list_resume(struct kdw_list *l);

#ifdef __cplusplus
}
#endif
#endif
