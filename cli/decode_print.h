/* decode_print.h - records and their summary, for people (decode_text.c) and for programs
 * (decode_json.c). */
#ifndef CLI_DECODE_PRINT_H
#define CLI_DECODE_PRINT_H

#include "decode_summary.h"

/* One line. first_ns: of the file's first record, where times count from. names: or NULL. */
void decode_text_record(const struct kdt_record *record, uint64_t first_ns,
                        struct describe_names *names);
void decode_text_summary(struct decode_summary *s);

/* One document: begin, any number of records, then the summary, which ends it. */
void decode_json_begin(void);
void decode_json_record(const struct kdt_record *record, uint64_t first_ns,
                        struct describe_names *names);
void decode_json_summary(struct decode_summary *s);

#endif
