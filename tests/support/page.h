/* page.h - a piece of a report as text, and whether it is sound.
 *
 *     page_begin(&p);
 *     report_gaps(&p.html, &report);
 *     assert_true(page_has(page_end(&p), "paged out"));
 *     page_free(&p);
 *
 * Errors    None: what fails ends the test run. */
#ifndef TESTS_SUPPORT_PAGE_H
#define TESTS_SUPPORT_PAGE_H

#include "report.h"

struct page {
    struct html html;
    FILE *file;
    char *text;
    size_t len;
};

void page_begin(struct page *p);
/* What was written, sound or the test ends: elements closed in order, attributes quoted and harmless, valid UTF-8
 * without control characters, no other script than the page's own. NUL-terminated, valid until page_free. */
const char *page_end(struct page *p);
void page_free(struct page *p);

/* Is that in it? If not, it is printed. */
bool page_has(const char *text, const char *part);
size_t page_count(const char *text, const char *part);

/* Lines of events, each with a line end, as a file of that name. */
enum kd_status page_add_lines(struct report_lines *l, const char *name, const char *lines,
                              struct kd_diag *diag);
/* A report of the snapshot, which it takes, checks run. */
void page_report(struct report *r, struct kdw_snapshot *s, const char *lines);

#endif
