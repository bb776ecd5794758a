#include <walker/paging.h>

#include <inttypes.h>
#include <stdio.h>

enum { PART_MAX = 120 };

static const char *remark(enum kdw_page_state state)
{
    switch (state) {
    case KDW_PAGE_TRANSITION:
        return " in transition";
    case KDW_PAGE_NOT_CANONICAL:
        return ": no canonical address";
    case KDW_PAGE_EQUAL_ENTRIES:
        return ": 512 equal entries";
    case KDW_PAGE_BEYOND:
        return ": the next would lie behind the machine's memory";
    case KDW_PAGE_NO_PROTOTYPE:
        return ": no such prototype";
    default:
        return "";
    }
}

static const char *page_size(uint64_t len)
{
    return len >> 30 ? "1 GiB" : len >> 21 ? "2 MiB" : "4 KiB";
}

static void put_outcome(const struct kdw_translation *t, char text[PART_MAX])
{
    if (t->status == KD_OK)
        snprintf(text, PART_MAX, "PA 0x%" PRIx64 ", page of %s%s", t->pa, page_size(t->page_len),
                 remark(t->state));
    else if (t->state == KDW_PAGE_IN_PAGE_FILE)
        snprintf(text, PART_MAX, "%s: page 0x%" PRIx64 " of page file %" PRIu32,
                 kd_status_text(t->status), t->page_file_page, t->page_file);
    else
        snprintf(text, PART_MAX, "%s%s", kd_status_text(t->status), remark(t->state));
}

/* "PTE 0x00000000166b7880 at PA 0x5008", and the same of a prototype; the value only where it was
 * read. */
static void put_entries(const struct kdw_translation *t, char text[PART_MAX])
{
    static const char *const names[] = {"entry", "PTE", "PDE", "PDPTE", "PML4E", "PML5E"};
    const char *name = names[t->level < sizeof names / sizeof names[0] ? t->level : 0];
    bool is_last_unread = t->state == KDW_PAGE_NO_TABLE || t->state == KDW_PAGE_NO_PROTOTYPE;

    if (t->prototype_va == 0 && t->state == KDW_PAGE_NO_TABLE)
        snprintf(text, PART_MAX, "%s at PA 0x%" PRIx64, name, t->entry_pa);
    else if (t->prototype_va == 0)
        snprintf(text, PART_MAX, "%s 0x%016" PRIx64 " at PA 0x%" PRIx64, name, t->entry,
                 t->entry_pa);
    else if (is_last_unread)
        snprintf(text, PART_MAX, "%s 0x%016" PRIx64 " at PA 0x%" PRIx64 ", prototype at 0x%" PRIx64,
                 name, t->entry, t->entry_pa, t->prototype_va);
    else
        snprintf(text, PART_MAX,
                 "%s 0x%016" PRIx64 " at PA 0x%" PRIx64 ", prototype 0x%016" PRIx64
                 " at 0x%" PRIx64,
                 name, t->entry, t->entry_pa, t->prototype, t->prototype_va);
}

void kdw_translation_text(const struct kdw_translation *t, char text[KDW_TRANSLATION_TEXT_MAX])
{
    char outcome[PART_MAX], entries[PART_MAX];

    put_outcome(t, outcome);
    put_entries(t, entries);
    if (t->state == KDW_PAGE_NOT_CANONICAL)
        snprintf(text, KDW_TRANSLATION_TEXT_MAX, "%s", outcome);
    else
        snprintf(text, KDW_TRANSLATION_TEXT_MAX, "%s; %s", outcome, entries);
}
