/* watch_trigger.h - what makes the target stand still for a sample of its own: a module, a print.
 *
 * A module is named as its file is, without the folder; its ending may be left out, and letters are equal in
 * both cases. A print is matched by an extended regular expression, each line of it for itself. */
#ifndef CLI_WATCH_TRIGGER_H
#define CLI_WATCH_TRIGGER_H

#include <kdproto/bytes.h>

#include <stdbool.h>

struct watch_trigger;

/* Either may be NULL. A wrong expression is explained (message.h), and the answer is NULL. */
struct watch_trigger *watch_trigger_create(const char *module, const char *print);
void watch_trigger_destroy(struct watch_trigger *t); /* NULL is fine */

bool watch_trigger_is_module(const struct watch_trigger *t, struct kd_span path);
bool watch_trigger_is_print(const struct watch_trigger *t, struct kd_span text);

#endif
