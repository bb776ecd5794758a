/* document.h - one JSON document, put together and printed; what gets lost on the way is noticed.
 *
 * jansson answers NULL when memory runs out or a text is no UTF-8, and takes that NULL back without
 * harm: the member is then missing. These notice it, so that no document passes for whole that is
 * not.
 *
 * Lifetime  Values given away are consumed, whatever happens.
 * Threads   One document at a time. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

void document_put(json_t *object, const char *name, json_t *value);
void document_add(json_t *list, json_t *value);
/* All that is in another object. */
void document_merge(json_t *object, json_t *members);
/* An address, or a word of bits: text, "0x" and 16 digits, because JSON's numbers end at 2^53. */
json_t *document_word(uint64_t value);
/* Text that need not be UTF-8, as the name of a file: what is not, is escaped. */
json_t *document_escaped(const char *chars);
/* JSON as text, from malloc, without any character that a terminal obeys; flags: jansson's. NULL: there was
 * no memory for it. */
char *document_text(const json_t *value, size_t flags);
/* Documents are from now on told with the symbols that were used for them, as their member "symbols":
 * where those are from, and whether they are a guess. An empty origin: none were. */
void document_name_symbols(const char *origin, bool is_guess);
/* False: something of it was lost, and message.h has said so. */
bool document_is_whole(const json_t *document);
/* Prints and frees it; says so (message.h) when it is not whole or cannot be written. */
void document_print(json_t *document);
/* The same of a document that is a line among others, and is read as soon as it is written. */
void document_line(json_t *document);

/* A document whose list may be of any length, an object a line: it is printed as it comes.
 *
 *     {"records": [
 *     {...},
 *     {...}
 *     ], "summary": {...}} */
void document_stream_begin(const char *list);
void document_stream_item(json_t *item); /* prints and frees it, as document_print does */
void document_stream_end(const char *last, json_t *value);

#endif
