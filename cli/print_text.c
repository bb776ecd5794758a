/* print_text.c - what the walker found, for people: modules, structures, memory, and what all text
 * printers share. */
#include "print_text.h"

#include "print.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 16 }; /* bytes in a line of memory */

static void print_escaped(const char *chars)
{
    struct text t = {0};
    char *escaped;

    text_add_escaped(&t, chars, strlen(chars));
    escaped = text_take(&t);
    fputs(escaped ? escaped : "?", stdout);
    free(escaped);
}

bool gap_has_reason(enum kd_status st)
{
    return kd_is_unreadable(st) && st != KD_ERR_NOT_MAPPED;
}

void print_gap(enum kd_status st, uint64_t va)
{
    if (kd_is_unreadable(st))
        printf("(%s at 0x%" PRIx64 ")", st == KD_ERR_NOT_MAPPED ? "unreadable" : kd_status_text(st),
               va);
    else
        printf("(%s)", kd_status_text(st));
}

void print_text_of_target(const struct kdw_text *t)
{
    if (t->status == KD_OK)
        print_escaped(t->utf8);
    else
        print_gap(t->status, t->fault_va);
}

void print_address(uint64_t va)
{
    printf("%08" PRIx32 "`%08" PRIx32, (uint32_t)(va >> 32), (uint32_t)va);
}

static void print_known_address(bool is_known, uint64_t va)
{
    if (is_known)
        print_address(va);
    else
        printf("????????`????????");
}

static void print_module(const struct kdw_module *m)
{
    bool has_base = m->base_va.status == KD_OK, has_size = m->size.status == KD_OK;

    print_known_address(has_base, m->base_va.value);
    printf(" ");
    print_known_address(has_base && has_size, m->base_va.value + m->size.value);
    printf("   ");
    print_text_of_target(&m->base_name);
    if (!has_base || !has_size) {
        const struct kdw_u64 *missing = has_base ? &m->size : &m->base_va;

        printf("  %s ", has_base ? "size" : "base");
        print_gap(missing->status, missing->fault_va);
    }
    printf("\n");
}

void print_text_modules(const struct kdw_module_list *modules)
{
    printf("start             end                 module name\n");
    for (size_t i = 0; i < modules->len; i++)
        print_module(&modules->modules[i]);
    if (modules->end != KD_OK)
        printf("(the list ends here: %s at 0x%" PRIx64 ")\n", kd_status_text(modules->end),
               modules->end_va);
}

void print_text_dt(const struct dt *dt)
{
    printf("nt!%s\n", dt->type_name);
    for (size_t i = 0; i < dt->len; i++) {
        const struct dt_row *row = &dt->rows[i];

        printf("   +0x%03" PRIx64 " %-16s : ", row->offset, row->name);
        if (row->value)
            printf("%s", row->value);
        else if (!dt->has_address)
            printf("%s", row->type);
        else
            print_gap(row->status, row->fault_va);
        printf("\n");
    }
}

static bool is_known(const struct memory_dump *d, size_t at)
{
    return d->why[at] == 0;
}

static void print_memory_row(const struct memory_dump *d, size_t at)
{
    size_t len = d->len - at < ROW ? d->len - at : ROW;

    print_address(d->va + at);
    printf(" ");
    for (size_t i = 0; i < ROW; i++) {
        char separator = i == ROW / 2 ? '-' : ' ';

        if (i >= len)
            printf("   ");
        else if (is_known(d, at + i))
            printf("%c%02x", separator, d->bytes[at + i]);
        else
            printf("%c??", separator);
    }
    printf("  ");
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = d->bytes[at + i];

        putchar(!is_known(d, at + i) ? '?' : byte >= 0x20 && byte < 0x7f ? byte : '.');
    }
    putchar('\n');
}

void print_text_memory(const struct memory_dump *dump)
{
    for (size_t at = 0; at < dump->len; at += ROW)
        print_memory_row(dump, at);
    for (size_t at = 0, run; at < dump->len; at += run) {
        const struct memory_gap *gap = memory_dump_gap(dump, at, &run);
        char text[MEMORY_GAP_TEXT];

        if (!gap)
            continue;
        printf("missing: ");
        print_address(dump->va + at);
        printf(" %zu byte%s: %s\n", run, run == 1 ? "" : "s", memory_gap_text(gap, text));
    }
}
