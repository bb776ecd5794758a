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

void print_text_of_target(const struct kdw_text *t)
{
    if (t->status == KD_OK)
        print_escaped(t->utf8);
    else if (t->status == KD_ERR_NOT_MAPPED)
        printf("(unreadable at 0x%" PRIx64 ")", t->fault_va);
    else
        printf("(%s)", kd_status_text(t->status));
}

void print_address(uint64_t va)
{
    printf("%08" PRIx32 "`%08" PRIx32, (uint32_t)(va >> 32), (uint32_t)va);
}

void print_text_modules(const struct kdw_module_list *modules)
{
    printf("start             end                 module name\n");
    for (size_t i = 0; i < modules->len; i++) {
        const struct kdw_module *m = &modules->modules[i];

        print_address(m->base_va);
        printf(" ");
        print_address(m->base_va + m->size);
        printf("   ");
        print_text_of_target(&m->base_name);
        printf("\n");
    }
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
            printf("%s\n", row->value);
        else if (!dt->has_address)
            printf("%s\n", row->type);
        else if (row->status == KD_ERR_NOT_MAPPED)
            printf("(unreadable at 0x%" PRIx64 ")\n", row->fault_va);
        else
            printf("(%s)\n", kd_status_text(row->status));
    }
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
        else if (d->is_known[at + i])
            printf("%c%02x", separator, d->bytes[at + i]);
        else
            printf("%c??", separator);
    }
    printf("  ");
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = d->bytes[at + i];

        putchar(!d->is_known[at + i] ? '?' : byte >= 0x20 && byte < 0x7f ? byte : '.');
    }
    putchar('\n');
}

void print_text_memory(const struct memory_dump *dump)
{
    for (size_t at = 0; at < dump->len; at += ROW)
        print_memory_row(dump, at);
}
