/* truth.h - what was built into a machine, noted while it is built: records of facts, in tables.
 *
 * Tables and facts have the names and the forms that a snapshot's document has (cli/snapshot.schema.json), so
 * that the two can be compared; they are spelled here again, as nothing of kdwalk is used.
 *
 * Lifetime  _create to _destroy. A machine that is not to tell has none: NULL is fine everywhere.
 * Errors    Out of memory is remembered: ask _failed when all is told. */
#ifndef LAB_TRUTH_H
#define LAB_TRUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum truth_table {
    TRUTH_SILOS,
    TRUTH_JOBS,
    TRUTH_STORAGE,
    TRUTH_MONITORS,
    TRUTH_SESSIONS,
    TRUTH_PROCESSES,
    TRUTH_PROCESSORS,
    TRUTH_STATES,
    TRUTH_LOGGERS,
    TRUTH_CONSUMERS,
    TRUTH_HANDLES,
    TRUTH_PROVIDERS,
    TRUTH_ENABLES,
    TRUTH_REGISTRATIONS,
    TRUTH_SECURITY,
    TRUTH_SYSTEM,
    TRUTH_MODULES,
    TRUTH_TABLES
};

struct truth;
struct truth *truth_create(void); /* NULL: out of memory */
void truth_destroy(struct truth *t);
bool truth_failed(const struct truth *t);

/* A new record; what follows is of it, until the next begins. */
void tell(struct truth *t, enum truth_table table, uint64_t va);
void tell_number(struct truth *t, const char *fact, uint64_t value);
void tell_signed(struct truth *t, const char *fact, int64_t value);
/* Addresses and words of bits: hexadecimal. */
void tell_word(struct truth *t, const char *fact, uint64_t value);
void tell_time(struct truth *t, const char *fact, uint64_t value_100ns);
void tell_text(struct truth *t, const char *fact,
               const char *text); /* NULL: there is no such thing */
void tell_guid(struct truth *t, const char *fact, const uint8_t guid[16]); /* as in memory */
void tell_none(struct truth *t, const char *fact);

/* These bytes must be read by whoever wants to know all of it. */
void need(struct truth *t, uint64_t va, uint64_t len);
/* How many different blocks of this size, a power of two, hold a needed byte. */
size_t truth_needed_blocks(struct truth *t, uint64_t block);
/* All of them, one range a line: address and length. */
void truth_print_needs(struct truth *t, FILE *to);

/* {"silos": [...], ...}, all tables. */
void truth_print(const struct truth *t, FILE *to);
/* How many records a table has; what it is called. */
size_t truth_count(const struct truth *t, enum truth_table table);
const char *truth_name(enum truth_table table);

#endif
