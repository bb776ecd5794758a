/* isf_text.h - the JSON text of an ISF file, walked from the outside in.
 *
 * Objects are entered member by member for as long as that is asked for; what is taken as a value is
 * parsed by the library, whole. So the cost is that of the largest value and not of the document.
 *
 * Bounds    KDW_ISF_VALUE_MAX of text a value; the library's own of levels in it.
 * Errors    KD_ERR_TRUNCATED (the text ends too early), KD_ERR_MALFORMED, KD_ERR_LIMIT,
 *           KD_ERR_NO_MEMORY; diag says where. */
#ifndef WALKER_ISF_TEXT_H
#define WALKER_ISF_TEXT_H

#include <kdproto/diag.h>

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { KDW_ISF_VALUE_MAX = 512 << 10 }; /* real ones: up to 90 KiB [seen] */

struct isf_text {
    struct kd_diag *diag;
    const char *begin, *at, *end;
};

/* What a member stands for is taken: its value begins at t->at, and is to be passed. */
typedef enum kd_status isf_take_member(void *ctx, const char *name);

struct isf_text isf_text_of(const char *text, size_t len, struct kd_diag *diag);
enum kd_status isf_text_members(struct isf_text *t, isf_take_member *take, void *ctx);
/* One value of any kind. *out is to be released. */
enum kd_status isf_text_value(struct isf_text *t, json_t **out);
/* Nothing but blanks is left. */
enum kd_status isf_text_end(struct isf_text *t);

/* For what is wrong with a value: says where in the text, by its place and not by its name, for who
 * knows what is written there. */
enum kd_status isf_text_malformed(struct isf_text *t, const char *what);
enum kd_status isf_text_no_memory(struct isf_text *t);

/* Members of a value. False and NULL: it has none of that name, or one of another kind or size. */
bool isf_integer(const json_t *object, const char *name, json_int_t low, json_int_t high,
                 json_int_t *out);
bool isf_u32(const json_t *object, const char *name, uint32_t *out);
const char *isf_string(const json_t *object, const char *name);

#endif
