#include "support/snapshot_schema.h"

#include "snapshot_json.h"

#include <assert.h>
#include <stdio.h>

static json_t *reference(const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "#/$defs/%s", name);
    return json_pack("{s:s}", "$ref", path);
}

static json_t *text_like(const char *pattern)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *integer_from(json_int_t minimum)
{
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", minimum, "maximum",
                     (json_int_t)SNAPSHOT_NUMBER_MAX);
}

/* A fact: what it is where it is known, that or a word of bits, or why it is not known. */
static void define(json_t *definitions, const char *name, json_t *known, bool or_word)
{
    json_t *forms = json_pack("[o]", known);

    if (or_word)
        json_array_append_new(forms, reference("word"));
    json_array_append_new(forms, json_pack("{s:s}", "type", "null"));
    json_array_append_new(forms, reference("unreadable"));
    json_object_set_new(definitions, name, json_pack("{s:o}", "anyOf", forms));
}

static json_t *fact(enum kdw_fact_kind kind)
{
    static const char *const names[] = {
        [KDW_FACT_KEY] = "word",      [KDW_FACT_ADDRESS] = "address", [KDW_FACT_NUMBER] = "number",
        [KDW_FACT_SIGNED] = "signed", [KDW_FACT_WORD] = "bits",       [KDW_FACT_TIME] = "time",
        [KDW_FACT_TEXT] = "text",     [KDW_FACT_GUID] = "guid",
    };

    return reference(names[kind]);
}

static json_t *object(json_t *properties, json_t *required)
{
    return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties, "required",
                     required);
}

static json_t *record(const struct kdw_table_info *info)
{
    json_t *properties = json_object(), *required = json_array();

    for (size_t i = 0; i < info->facts_len; i++) {
        json_object_set_new(properties, info->facts[i].name, fact(info->facts[i].kind));
        json_array_append_new(required, json_string(info->facts[i].name));
    }
    return object(properties, required);
}

static json_t *tables(void)
{
    json_t *properties = json_object();

    for (size_t i = 0; i < KDW_TABLES; i++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[i];

        json_object_set_new(properties, info->name,
                            json_pack("{s:s, s:o, s:I}", "type", "array", "items", record(info),
                                      "maxItems", (json_int_t)info->max));
    }
    return json_pack("{s:s, s:o}", "type", "object", "properties", properties);
}

static json_t *gaps(void)
{
    json_t *properties = json_pack(
        "{s:{s:s}, s:o, s:{s:s}, s:{s:s}, s:o}", "table", "type", "string", "record",
        reference("word"), "fact", "type", "string", "reason", "type", "string", "address",
        json_pack("{s:[o, {s:s}]}", "anyOf", reference("word"), "type", "null"));

    return json_pack("{s:s, s:o, s:i}", "type", "array", "items",
                     object(properties, json_pack("[s, s, s, s, s]", "table", "record", "fact",
                                                  "reason", "address")),
                     "maxItems", SNAPSHOT_GAPS_MAX);
}

static json_t *definitions(void)
{
    json_t *o = json_object();
    json_t *place = json_pack("{s:[o, {s:s}]}", "anyOf", reference("word"), "type", "null");

    json_object_set_new(o, "word", text_like("^0x[0-9a-f]{16}$"));
    json_object_set_new(
        o, "unreadable",
        object(json_pack("{s:o, s:{s:s}}", "unreadable", place, "reason", "type", "string"),
               json_pack("[s, s]", "unreadable", "reason")));
    define(o, "address", reference("word"), false);
    define(o, "bits", reference("word"), false);
    define(o, "number", integer_from(0), true);
    define(o, "signed", integer_from(-SNAPSHOT_NUMBER_MAX), true);
    define(o, "time",
           text_like("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{7}Z$"), true);
    define(o, "text", json_pack("{s:s}", "type", "string"), false);
    define(o, "guid", text_like("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
           false);
    return o;
}

/* Of a snapshot that was read in several breaks. */
static json_t *looks(void)
{
    json_t *numbers = json_pack("{s:s, s:o}", "type", "array", "items", integer_from(0));
    json_t *properties = json_pack("{s:{s:s, s:o}, s:{s:s, s:o}}", "times", "type", "array",
                                   "items", fact(KDW_FACT_TIME), "records", "type", "object",
                                   "additionalProperties", numbers);

    return object(properties, json_pack("[s, s]", "times", "records"));
}

json_t *snapshot_schema(void)
{
    json_t *properties = json_pack(
        "{s:{s:s}, s:{s:i}, s:{s:s, s:i, s:i}, s:o, s:o, s:{s:s, s:{s:{s:s}, s:{s:s}}}, s:{s:s}, "
        "s:o, s:{s:s, s:{s:s}}, s:o, s:o, s:o}",
        "schema", "const", SNAPSHOT_SCHEMA, "version", "const", SNAPSHOT_VERSION, "build", "type",
        "integer", "minimum", 0, "maximum", 65535, "kernel_base", reference("word"), "time",
        fact(KDW_FACT_TIME), "symbols", "type", "object", "properties", "origin", "type", "string",
        "guess", "type", "boolean", "complete", "type", "boolean", "tables", tables(), "cut",
        "type", "array", "items", "type", "string", "gaps", gaps(), "gaps_omitted", integer_from(0),
        "looks", looks());
    json_t *schema =
        object(properties, json_pack("[s, s, s, s, s, s, s, s]", "schema", "version", "build",
                                     "kernel_base", "complete", "tables", "cut", "gaps"));

    assert(schema);
    json_object_set_new(schema, "$schema",
                        json_string("https://json-schema.org/draft/2020-12/schema"));
    json_object_set_new(schema, "title", json_string("One look of kdwalk at a Windows kernel"));
    json_object_set_new(schema, "$defs", definitions());
    return schema;
}
