/* fuzz_report.c - lines of events from any bytes, beside a snapshot that they are about: a page is written of them. Into
 * nowhere: whether it is sound, tests of its parts say. */
#include "report_input.h"
#include "report_parts.h"
#include "support/made_snapshot.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_page(struct report *r)
{
    FILE *nowhere = fopen("/dev/null", "wb");
    struct html *h = malloc(sizeof *h);

    if (!nowhere || !h)
        abort();
    html_begin(h, nowhere);
    report_write(h, r);
    if (html_finish(h) != KD_OK)
        abort();
    free(h);
    fclose(nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kd_diag diag = {{0}};
    struct report r = {.states_len = 0};
    struct kdw_snapshot s;
    FILE *lines = tmpfile();

    if (!lines || fwrite(data, 1, size, lines) != size)
        abort();
    rewind(lines);
    made_snapshot(&s, 3);
    if (report_add_snapshot(&r, "made.json", &s, &diag) != KD_OK)
        abort();
    if (report_lines_add(&r.lines, lines, "any", &diag) == KD_OK &&
        report_settle(&r, &diag) == KD_OK)
        write_page(&r);
    report_free(&r);
    return 0;
}
