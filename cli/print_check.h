/* print_check.h - what the checks found, for people and for programs.
 *
 * Source of names: the snapshot that was checked. */
#ifndef CLI_PRINT_CHECK_H
#define CLI_PRINT_CHECK_H

#include <walker/check.h>

#include <jansson.h>

/* The line of each check, and below all of them what did not pass; detailed: all that was found. */
void print_text_check(const struct kdw_snapshot *s, const struct kdw_check_list *list,
                      bool detailed);

/* The document of check.schema.json. */
#define CHECK_SCHEMA "kdwalk-check"
enum { CHECK_VERSION = 1 };
json_t *check_json(const struct kdw_snapshot *s, const struct kdw_check_list *list);
/* One of its "checks". */
json_t *check_json_one(const struct kdw_check_list *list, unsigned check);

#endif
