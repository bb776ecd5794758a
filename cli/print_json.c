/* print_json.c - what the walker found, for programs: one JSON document. */
#include "document.h"
#include "print.h"
#include "snapshot_json.h"

#include <walker/bugcheck.h>

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands in the place of a fact: {"unreadable": address}, with a "reason" where more is known than
 * that it is not mapped, or null where this kernel has no such field. */
static json_t *missing(enum kd_status st, uint64_t fault_va)
{
    if (st == KD_ERR_NOT_FOUND)
        return json_null();
    if (st == KD_ERR_NOT_MAPPED)
        return json_pack("{s:o}", "unreadable", document_word(fault_va));
    if (kd_is_unreadable(st))
        return json_pack("{s:o, s:s}", "unreadable", document_word(fault_va), "reason",
                         kd_status_text(st));
    return json_pack("{s:s}", "unreadable", kd_status_text(st));
}

static json_t *number(const struct kdw_u64 *v)
{
    return v->status == KD_OK ? json_integer((json_int_t)v->value)
                              : missing(v->status, v->fault_va);
}

static json_t *address_value(const struct kdw_u64 *v)
{
    return v->status == KD_OK ? document_word(v->value) : missing(v->status, v->fault_va);
}

static json_t *text_value(const struct kdw_text *t)
{
    return t->status == KD_OK ? json_string(t->utf8) : missing(t->status, t->fault_va);
}

static json_t *bugcheck(const struct kdw_target *t)
{
    json_t *parameters = json_array();

    for (size_t i = 0; i < 4; i++)
        document_add(parameters, document_word(t->bugcheck_parameters[i]));
    return json_pack("{s:I, s:s?, s:o}", "code", (json_int_t)t->bugcheck_code, "name",
                     kdw_bugcheck_name(t->bugcheck_code), "parameters", parameters);
}

void print_json_system(const struct kdw_target *target, const struct kdw_system *system)
{
    json_t *o =
        json_pack("{s:b, s:i, s:i, s:b, s:b, s:o, s:o, s:o}", "is_kernel", target->is_kernel,
                  "build", target->build, "machine", target->machine, "checked", target->is_checked,
                  "mp", target->is_mp, "processors",
                  target->processor_count ? json_integer(target->processor_count) : json_null(),
                  "kernel_base", document_word(target->kernel_base_va), "ps_loaded_module_list",
                  target->module_list_va ? document_word(target->module_list_va) : json_null());

    if (target->is_kernel) {
        document_put(o, "nt_major_version", number(&system->major));
        document_put(o, "nt_minor_version", number(&system->minor));
        document_put(o, "product_type", number(&system->product_type));
        document_put(o, "suite_mask", number(&system->suite_mask));
        document_put(o, "build_lab", text_value(&system->build_lab));
        document_put(o, "system_time_100ns", number(&system->time_100ns));
        document_put(o, "time_zone_bias_100ns", number(&system->zone_bias_100ns));
        document_put(o, "uptime_100ns", number(&system->uptime_100ns));
        if (target->has_bugcheck)
            document_put(o, "bugcheck", bugcheck(target));
    }
    document_print(o);
}

void print_json_modules(const struct kdw_module_list *modules)
{
    json_t *list = json_array();

    for (size_t i = 0; i < modules->len; i++) {
        const struct kdw_module *m = &modules->modules[i];

        document_add(list,
                     json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "base", address_value(&m->base_va),
                               "size", number(&m->size), "name", text_value(&m->base_name), "path",
                               text_value(&m->full_name), "timestamp", number(&m->timestamp),
                               "checksum", number(&m->checksum)));
    }
    document_print(json_pack("{s:o, s:b, s:s}", "modules", list, "complete", modules->end == KD_OK,
                             "end", kd_status_text(modules->end)));
}

void print_json_dt(const struct dt *dt)
{
    json_t *rows = json_array();
    json_t *o = json_pack("{s:s, s:I}", "type", dt->type_name, "size", (json_int_t)dt->size);

    for (size_t i = 0; i < dt->len; i++) {
        const struct dt_row *row = &dt->rows[i];
        json_t *field = json_pack("{s:s, s:I, s:s}", "name", row->name, "offset",
                                  (json_int_t)row->offset, "type", row->type);

        if (dt->has_address)
            document_put(field, "value",
                         row->value ? json_string(row->value)
                                    : missing(row->status, row->fault_va));
        document_add(rows, field);
    }
    if (dt->has_address)
        document_put(o, "address", document_word(dt->va));
    document_put(o, "fields", rows);
    document_print(o);
}

static json_t *hexadecimal(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *chars = malloc(2 * len);
    json_t *text;

    if (!chars)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        chars[2 * i] = digits[bytes[i] >> 4];
        chars[2 * i + 1] = digits[bytes[i] & 15];
    }
    text = json_stringn(chars, 2 * len);
    free(chars);
    return text;
}

static json_t *memory_gap(uint64_t va, size_t len, const struct memory_gap *gap)
{
    char text[MEMORY_GAP_TEXT], status[11];
    json_t *o = json_pack("{s:o, s:I, s:s}", "address", document_word(va), "length",
                          (json_int_t)len, "reason", memory_gap_text(gap, text));

    if (gap->is_refusal) {
        snprintf(status, sizeof status, "0x%08" PRIx32, gap->ntstatus);
        document_put(o, "ntstatus", json_string(status));
    }
    return o;
}

/* Known stretches as hexadecimal text, and what lies between them. */
void print_json_memory(const struct memory_dump *dump)
{
    json_t *known = json_array(), *gaps = json_array();

    for (size_t at = 0, run; at < dump->len; at += run) {
        const struct memory_gap *gap = memory_dump_gap(dump, at, &run);

        if (gap)
            document_add(gaps, memory_gap(dump->va + at, run, gap));
        else
            document_add(known, json_pack("{s:o, s:I, s:o}", "address",
                                          document_word(dump->va + at), "length", (json_int_t)run,
                                          "bytes", hexadecimal(dump->bytes + at, run)));
    }
    document_print(json_pack("{s:o, s:I, s:o, s:o}", "address", document_word(dump->va), "length",
                             (json_int_t)dump->len, "known", known, "gaps", gaps));
}

void print_json_snapshot(const struct kdw_snapshot *s)
{
    document_print(snapshot_json(s));
}
