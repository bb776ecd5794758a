/* print_json_check.c - what the checks found as one JSON document, which check.schema.json describes. */
#include "document.h"
#include "print_check.h"

#include <inttypes.h>
#include <stdio.h>

static json_t *value_of(const struct kdw_u64 *v)
{
    if (v->status == KD_OK)
        return document_word(v->value);
    if (v->status == KD_ERR_NOT_FOUND)
        return json_null();
    return json_pack("{s:o, s:s}", "unreadable",
                     kd_is_unreadable(v->status) ? document_word(v->fault_va) : json_null(),
                     "reason", kd_status_text(v->status));
}

static json_t *expected_of(const struct kdw_finding *f)
{
    if (f->expected.status == KD_OK)
        return document_word(f->expected.value);
    return f->expected_text ? json_string(f->expected_text) : json_null();
}

static json_t *finding_of(const struct kdw_finding *f)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:s, s:o, s:o, s:s}", "verdict",
                     kdw_verdict_text(f->verdict), "check", kdw_checks[f->repeated].id, "silo",
                     document_word(f->silo_va), "table", kdw_snapshot_tables[f->table].name,
                     "address", document_word(f->va), "field", f->what, "actual",
                     value_of(&f->actual), "expected", expected_of(f), "meaning", f->meaning);
}

json_t *check_json_one(const struct kdw_check_list *list, unsigned check)
{
    const struct kdw_check_result *result = &list->results[check];
    json_t *findings = json_array();

    for (size_t i = 0; i < list->len; i++)
        if (list->findings[i].check == check)
            document_add(findings, finding_of(&list->findings[i]));
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "id", kdw_checks[check].id, "verdict",
                     kdw_verdict_text(result->verdict), "title", kdw_checks[check].title,
                     "comparisons", (json_int_t)result->judged, "omitted",
                     (json_int_t)(result->findings - json_array_size(findings)), "findings",
                     findings);
}

static json_t *summary_of(const struct kdw_check_list *list)
{
    json_t *o = json_object();

    for (unsigned v = KDW_PASS; v <= KDW_FAIL; v++)
        document_put(o, kdw_verdict_text((enum kdw_verdict)v),
                     json_integer((json_int_t)kdw_check_count(list, (enum kdw_verdict)v)));
    return o;
}

json_t *check_json(const struct kdw_snapshot *s, const struct kdw_check_list *list)
{
    json_t *o =
        json_pack("{s:s, s:i, s:i, s:o, s:b, s:o}", "schema", CHECK_SCHEMA, "version",
                  CHECK_VERSION, "build", s->build, "kernel_base", document_word(s->kernel_base_va),
                  "complete", kdw_snapshot_is_complete(s), "summary", summary_of(list));
    json_t *checks = json_array();

    for (unsigned i = 0; i < KDW_CHECKS; i++)
        document_add(checks, check_json_one(list, i));
    document_put(o, "checks", checks);
    return o;
}
