/* print_text_loggers.c - the list of loggers; its first line is the form analysts use. */
#include "kernel_time.h"
#include "print.h"
#include "print_text.h"

#include <walker/etw_names.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    COLUMNS = 100, /* where a line of names is broken */
    INDENT = 14,   /* where the details stand */
};

static void print_number(const struct kdw_u64 *v)
{
    if (v->status == KD_OK)
        printf("%" PRId64, (int64_t)v->value); /* signed fields come sign-extended */
    else if (v->status == KD_ERR_NOT_FOUND)
        printf("-"); /* this kernel has no such field */
    else
        printf("?");
}

static void print_labelled(const char *label, const struct kdw_u64 *v)
{
    printf("%s ", label);
    print_number(v);
}

/* A name, on a line of its own where this one is full. */
static void print_name(int *column, const char *name)
{
    if (*column + 1 + (int)strlen(name) > COLUMNS) {
        printf("\n%*s", INDENT - 1, "");
        *column = INDENT - 1;
    }
    *column += printf(" %s", name);
}

/* The word itself, then the names of the bits set in it, over as many lines as they take. */
static void print_bits(const struct kdw_u64 *word, const char *(*name_of)(unsigned bit))
{
    int column = INDENT + printf("0x%08" PRIx64, word->value);

    for (unsigned bit = 0; bit < 32; bit++)
        if ((word->value >> bit & 1) && name_of(bit))
            print_name(&column, name_of(bit));
}

static void print_names(int *column, uint64_t groups, unsigned word)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        const char *name = groups >> bit & 1 ? kdw_event_group_name(word, bit) : NULL;
        char number[16];

        if (!(groups >> bit & 1))
            continue;
        snprintf(number, sizeof number, "%u:0x%" PRIx32, word, UINT32_C(1) << bit);
        print_name(column, name ? name : number);
    }
}

static void print_word(const struct kdw_u64 *word, const char *(*name_of)(unsigned bit))
{
    if (word->status == KD_OK)
        print_bits(word, name_of);
    else
        print_number(word);
}

/* "BEFORE FIELD: not in the recording at 0x...". Of what is not mapped the '?' in the place of the
 * value says all. */
static void print_reason(const char *before, const char *field, const struct kdw_u64 *v)
{
    if (gap_has_reason(v->status))
        printf("%s%s: %s at 0x%" PRIx64, before, field, kd_status_text(v->status), v->fault_va);
}

static void print_consumer(const struct kdw_consumer *c)
{
    printf("    consumer  ");
    print_text_of_target(&c->process_name);
    print_labelled(", pid", &c->pid);
    printf(", at 0x%" PRIx64, c->va);
    print_reason("; ", "ProcessObject", &c->process_va);
    print_reason("; ", "UniqueProcessId", &c->pid);
    printf("\n");
}

static void print_consumers(const struct kdw_snapshot *s, const struct kdw_logger *l)
{
    KDW_EACH(s, KDW_TABLE_CONSUMERS, struct kdw_consumer, c)
    if (c->logger_va.value == l->va)
        print_consumer(c);
    KDW_EACH(s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    {
        if (list->owner_va.value != l->va)
            continue;
        printf("    consumer  (the list ends here: ");
        print_text_of_target(&list->problem);
        printf(" at 0x%" PRIx64 ")\n", list->end_va.value);
    }
}

static void print_file(const struct kdw_text *file)
{
    if (file->status == KD_OK && !file->utf8[0])
        printf("(none)"); /* ordinary for a logger in real time, or one that buffers only */
    else
        print_text_of_target(file);
}

static void print_missing_numbers(const struct kdw_logger *l)
{
    const struct {
        const char *name;
        const struct kdw_u64 *value;
    } numbers[] = {
        {"LoggerMode", &l->mode},
        {"Flags", &l->flags},
        {"ClockType", &l->clock_type},
        {"StartTime", &l->started_100ns},
        {"LoggerThread", &l->thread_va},
        {"NumberOfBuffers", &l->buffers},
        {"BufferSize", &l->buffer_size},
        {"BuffersAvailable", &l->buffers_available},
        {"MinimumBuffers", &l->minimum_buffers},
        {"MaximumBuffers", &l->maximum_buffers},
        {"FlushTimer", &l->flush_timer},
        {"BuffersWritten", &l->buffers_written},
        {"EventsLost", &l->events_lost},
        {"LogBuffersLost", &l->log_buffers_lost},
        {"RealTimeBuffersDelivered", &l->realtime_buffers_delivered},
        {"RealTimeBuffersLost", &l->realtime_buffers_lost},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        print_reason("\n    missing   ", numbers[i].name, numbers[i].value);
}

/* What most loggers do not have is left out where they have none. */
static void print_other_file(const char *label, const struct kdw_text *file)
{
    if (file->status == KD_ERR_NOT_FOUND || (file->status == KD_OK && !file->utf8[0]))
        return;
    printf("\n    %-9s ", label);
    print_text_of_target(file);
}

/* Which kernel events it gets, where it is one of the kernel's own loggers. */
static void print_groups(const struct kdw_system_logger *system)
{
    int column = INDENT + printf("index %" PRIu64, system->index.value);

    for (unsigned word = 0; word < 8; word++) {
        const struct kdw_u64 *groups = &system->groups[word];

        if (groups->status == KD_OK)
            print_names(&column, groups->value, word);
    }
    for (unsigned word = 0; word < 8; word++)
        print_reason("; ", "EtwpGroupMasks", &system->groups[word]);
}

static void print_system(const struct kdw_snapshot *s, const struct kdw_logger *l)
{
    KDW_EACH(s, KDW_TABLE_SYSTEM, struct kdw_system_logger, system)
    {
        if (system->state_va.value != l->state_va.value || system->logger_id.status != KD_OK ||
            system->logger_id.value != l->slot.value)
            continue;
        printf("\n    system    ");
        print_groups(system);
    }
}

static void print_clock(const struct kdw_logger *l)
{
    const char *clock =
        l->clock_type.status == KD_OK ? kdw_logger_clock_name(l->clock_type.value) : NULL;
    char started[KERNEL_TIME_TEXT];

    printf("\n    clock     ");
    if (clock)
        printf("%s", clock);
    else
        print_number(&l->clock_type);
    if (l->started_100ns.status == KD_OK && kernel_time_text(l->started_100ns.value, started))
        printf("; started %s", started);
    else
        print_labelled("; started", &l->started_100ns);
    if (l->thread_va.status != KD_OK)
        print_labelled("; thread", &l->thread_va);
    else if (l->thread_va.value == 0) /* as is right for one that only buffers */
        printf("; no thread");
    else
        printf("; thread 0x%" PRIx64, l->thread_va.value);
}

static void print_buffers(const struct kdw_logger *l)
{
    printf("\n    buffers   ");
    print_number(&l->buffers);
    print_labelled(" of", &l->buffer_size);
    print_labelled(" bytes; available", &l->buffers_available);
    print_labelled(", minimum", &l->minimum_buffers);
    print_labelled(", maximum", &l->maximum_buffers);
    print_labelled("; flush timer", &l->flush_timer);
    if (l->mode.status == KD_OK)
        printf(" %s", kdw_logger_timer_unit(l->mode.value));
    print_labelled("\n    written  ", &l->buffers_written);
    print_labelled(" buffers; lost", &l->events_lost);
    print_labelled(" events,", &l->log_buffers_lost);
    print_labelled(" buffers\n    realtime ", &l->realtime_buffers_delivered);
    print_labelled(" buffers delivered,", &l->realtime_buffers_lost);
    printf(" lost");
}

static void print_details(const struct kdw_snapshot *s, const struct kdw_logger *l)
{
    printf("    name      ");
    print_text_of_target(&l->name);
    printf("\n    file      ");
    print_file(&l->file);
    print_other_file("pattern", &l->file_pattern);
    print_other_file("new file", &l->new_file);
    print_other_file("backlog", &l->realtime_file);
    printf("\n    mode      ");
    print_word(&l->mode, kdw_logger_mode_name);
    printf("\n    flags     ");
    print_word(&l->flags, kdw_logger_flag_name);
    print_system(s, l);
    print_clock(l);
    print_buffers(l);
    print_missing_numbers(l);
    printf("\n");
    print_consumers(s, l);
}

/* What is odd about a logger stands behind its line; a sound one has nothing there. */
static void print_remarks(const struct kdw_logger *l)
{
    if (l->state.value == KDW_LOGGER_STOPPING)
        printf("\tstopping");
    if (l->state.value == KDW_LOGGER_UNREADABLE)
        printf("\t%s at 0x%" PRIx64,
               gap_has_reason(l->id.status) ? kd_status_text(l->id.status) : "unreadable",
               l->id.fault_va);
    if (l->state.value == KDW_LOGGER_EMPTY_SLOT)
        printf("\tempty slot: a running kernel never writes 0 here");
    if (l->state.value != KDW_LOGGER_UNREADABLE) {
        print_reason("\t", "LoggerId", &l->id);
        print_reason("\t", "SiloState", &l->own_state_va);
    }
    if (l->id.status == KD_OK && l->id.value != l->slot.value)
        printf("\tLoggerId 0x%" PRIx64 " differs from its slot", l->id.value);
    if (l->own_state_va.status == KD_OK && l->own_state_va.value != l->state_va.value)
        printf("\tSiloState 0x%" PRIx64 " differs", l->own_state_va.value);
}

static void print_logger(const struct kdw_snapshot *s, const struct kdw_logger *l, bool detailed)
{
    bool has_context = l->state.value == KDW_LOGGER_LIVE || l->state.value == KDW_LOGGER_STOPPING;

    printf("EtwLogger->0x%016" PRIx64 "\tId->%02" PRIx64 "\t_ETW_SILODRIVERSTATE->0x%016" PRIx64,
           l->va, l->slot.value, l->state_va.value);
    print_remarks(l);
    printf("\n");
    if (detailed && has_context)
        print_details(s, l);
}

static void print_lost_slots(uint64_t count, const struct kdw_logger *first)
{
    enum kd_status why;

    if (count == 0)
        return;
    why = first->slot_value.status;
    printf("(%" PRIu64 " slots of the logger array ", count);
    if (gap_has_reason(why))
        printf("are %s", kd_status_text(why));
    else
        printf("cannot be read");
    printf(", the first at 0x%" PRIx64 ")\n", first->slot_value.fault_va);
}

static void print_state(const struct kdw_snapshot *s, const struct kdw_etw_state *state,
                        bool detailed)
{
    const struct kdw_logger *lost = NULL;
    uint64_t lost_count = 0;

    KDW_EACH(s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    {
        if (l->state_va.value != state->va)
            continue;
        if (l->state.value != KDW_LOGGER_LOST_SLOT)
            print_logger(s, l, detailed);
        else if (lost_count++ == 0)
            lost = l;
    }
    print_lost_slots(lost_count, lost);
    if (state->max_loggers.status == KD_OK && state->slots.status == KD_OK &&
        state->max_loggers.value > state->slots.value)
        printf("(MaxLoggers says 0x%" PRIx64 ", beyond reason: only %" PRIu64
               " slots were walked)\n",
               state->max_loggers.value, state->slots.value);
}

void print_text_loggers(const struct kdw_snapshot *s, bool detailed)
{
    KDW_EACH(s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    print_state(s, state, detailed);
}
