/* snapshot_schema.h - the JSON Schema of a snapshot's document, made of the walker's tables. */
#ifndef TESTS_SUPPORT_SNAPSHOT_SCHEMA_H
#define TESTS_SUPPORT_SNAPSHOT_SCHEMA_H

#include <jansson.h>

json_t *snapshot_schema(void);

#endif
