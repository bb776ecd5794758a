/* view_cpus.c - what the processors protect. */
#include "cpu_text.h"
#include "facts.h"
#include "grid.h"
#include "views.h"

#include <inttypes.h>
#include <stdio.h>

enum { COLUMNS_MAX = 16 };

/* The features stand between number and registers. */
static size_t make_columns(struct grid_column columns[COLUMNS_MAX])
{
    static const char *const registers[] = {"cr0", "cr4", "xcr0", "cr8"};
    size_t len = 0;

    columns[len++] = (struct grid_column){"cpu", GRID_RIGHT};
    for (size_t i = 0; i < kdw_cpu_features_len; i++)
        columns[len++] = (struct grid_column){kdw_cpu_features[i].name, GRID_LEFT};
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        columns[len++] = (struct grid_column){registers[i], GRID_LEFT};
    return len;
}

static void add_cells(struct grid *g, const struct kdw_cpu *cpu)
{
    const struct kdw_u64 *registers[] = {&cpu->cr0, &cpu->cr4, &cpu->xcr0, &cpu->cr8};

    fact_number(grid_cell(g), &cpu->number);
    for (size_t i = 0; i < kdw_cpu_features_len; i++)
        text_add(grid_cell(g), "%s", cpu_feature_state(cpu, &kdw_cpu_features[i]));
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        fact_hex(grid_cell(g), registers[i]);
}

static void print_variables(const struct kdw_snapshot *s)
{
    struct text shadow = {0}, vsm = {0};

    text_add(&shadow, "KVA shadow: ");
    cpu_kva_shadow(&shadow, s);
    text_add(&vsm, "VBS:        ");
    cpu_vsm(&vsm, s);
    grid_print_line(text_take(&shadow), true);
    grid_print_line(text_take(&vsm), true);
}

void view_cpus(const struct kdw_snapshot *s, bool is_verbose)
{
    struct grid_column columns[COLUMNS_MAX];
    struct grid g;

    grid_begin(&g, columns, make_columns(columns), is_verbose);
    KDW_EACH(s, KDW_TABLE_CPUS, struct kdw_cpu, cpu)
    {
        add_cells(&g, cpu);
        if (is_verbose) {
            struct text *t = grid_remark(&g);

            text_add(t, "_KPRCB %016" PRIx64 ", page tables at ", cpu->va);
            fact_address(t, &cpu->cr3);
        }
    }
    grid_print(&g);
    for (size_t i = 0; i < kdw_cpu_features_len && is_verbose; i++)
        printf("%-5s %s\n", kdw_cpu_features[i].name, kdw_cpu_features[i].text);
    print_variables(s);
}
