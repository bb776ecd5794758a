/* handle_set.h - handles that lead to nothing that is looked for, to be known again in the next walk; private to the
 * walker.
 *
 * What a handle leads to can only be told by reading it, and a busy machine has a hundred thousand of them. A
 * handle holds on to its object, so as long as the entry stays what it is - its place, its pointer, the
 * access that it grants - the object is of the type that it was of. An entry that was closed and came back
 * the same in all three, to an object of another type in the same place, would be missed.
 *
 * Lifetime  A set of zeros is empty; kdw_handle_set_free ends it. */
#ifndef WALKER_HANDLE_SET_H
#define WALKER_HANDLE_SET_H

#include <walker/snapshot.h>

/* Places of a set are found by the entry's address; 0: free. */
struct kdw_handle_key {
    uint64_t entry_va, pointer_va;
    uint64_t rest; /* of the entry: the access that it grants */
};

bool kdw_handle_set_has(const struct kdw_handle_set *set, const struct kdw_handle_key *key);
/* KD_ERR_NO_MEMORY. */
enum kd_status kdw_handle_set_add(struct kdw_handle_set *set, const struct kdw_handle_key *key);
void kdw_handle_set_free(struct kdw_handle_set *set);

#endif
