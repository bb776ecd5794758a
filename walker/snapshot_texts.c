/* snapshot_texts.c - how much all texts of a snapshot may be together.
 *
 * Short ones may be as many as there are records, of which each table has a bound. Long ones are rare: paths and
 * names of ordinary machines are far shorter, and a hostile kernel could have every record lead to one. */
#include "walk.h"

#include <walker/text.h>

/* What it takes where it is printed: six bytes for a character that is escaped ("\u001b"). */
static size_t printed_len(const char *utf8)
{
    size_t len = 0;

    for (const unsigned char *p = (const unsigned char *)utf8; *p; p++)
        len += *p < 0x20 || *p == 0x7f ? 6 : *p == '"' || *p == '\\' ? 2 : 1;
    return len;
}

static void bound(struct kdw_text *t, size_t *left)
{
    size_t len = t->status == KD_OK ? printed_len(t->utf8) : 0;

    if (len <= KDW_SHORT_TEXT)
        return;
    if (len <= *left) {
        *left -= len;
        return;
    }
    kdw_text_free(t);
    *t = (struct kdw_text){.status = KD_ERR_LIMIT};
}

void kdw_snapshot_bound_texts(struct kdw_snapshot *s)
{
    size_t left = KDW_LONG_TEXTS_MAX;

    for (size_t i = 0; i < KDW_TABLES; i++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[i];

        for (size_t f = 0; f < info->facts_len; f++) {
            if (info->facts[f].kind != KDW_FACT_TEXT)
                continue;
            for (size_t r = 0; r < s->tables[i].len; r++) {
                uint8_t *record = (uint8_t *)s->tables[i].records + r * info->record_size;

                bound((struct kdw_text *)(void *)(record + info->facts[f].offset), &left);
            }
        }
    }
}
