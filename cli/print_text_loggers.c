/* print_text_loggers.c - the list of loggers; its first line is the form analysts use. */
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

/* The word itself, then the names of the bits set in it, over as many lines as they take. */
static void print_bits(const struct kdw_u64 *word, const char *(*name_of)(unsigned bit))
{
    int column = INDENT + printf("0x%08" PRIx64, word->value);

    for (unsigned bit = 0; bit < 32; bit++) {
        const char *name = word->value >> bit & 1 ? name_of(bit) : NULL;

        if (!name)
            continue;
        if (column + 1 + (int)strlen(name) > COLUMNS) {
            printf("\n%*s", INDENT - 1, "");
            column = INDENT - 1;
        }
        column += printf(" %s", name);
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

static void print_consumers(const struct kdw_logger *l)
{
    for (size_t i = 0; i < l->consumers_len; i++) {
        const struct kdw_consumer *c = &l->consumers[i];

        printf("    consumer  ");
        print_text_of_target(&c->process_name);
        print_labelled(", pid", &c->process_id);
        printf(", at 0x%" PRIx64, c->va);
        print_reason("; ", "ProcessObject", &c->process_va);
        print_reason("; ", "UniqueProcessId", &c->process_id);
        printf("\n");
    }
    if (l->consumers_status != KD_OK && l->consumers_status != KD_ERR_NOT_FOUND)
        printf("    consumer  (the list ends here: %s at 0x%" PRIx64 ")\n",
               kd_status_text(l->consumers_status), l->consumers_end_va);
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

static void print_details(const struct kdw_logger *l)
{
    printf("    name      ");
    print_text_of_target(&l->name);
    printf("\n    file      ");
    print_file(&l->log_file);
    printf("\n    mode      ");
    print_word(&l->mode, kdw_logger_mode_name);
    printf("\n    flags     ");
    print_word(&l->flags, kdw_logger_flag_name);
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
    print_missing_numbers(l);
    printf("\n");
    print_consumers(l);
}

/* What is odd about a logger stands behind its line; a sound one has nothing there. */
static void print_remarks(const struct kdw_logger *l)
{
    if (l->state == KDW_LOGGER_STOPPING)
        printf("\tstopping");
    if (l->state == KDW_LOGGER_UNREADABLE)
        printf("\t%s at 0x%" PRIx64,
               gap_has_reason(l->id.status) ? kd_status_text(l->id.status) : "unreadable",
               l->id.fault_va);
    if (l->state == KDW_LOGGER_EMPTY_SLOT)
        printf("\tempty slot: a running kernel never writes 0 here");
    if (l->state != KDW_LOGGER_UNREADABLE) {
        print_reason("\t", "LoggerId", &l->id);
        print_reason("\t", "SiloState", &l->silo_state);
    }
    if (l->id.status == KD_OK && l->id.value != l->slot)
        printf("\tLoggerId 0x%" PRIx64 " differs from its slot", l->id.value);
    if (l->silo_state.status == KD_OK && l->silo_state.value != l->state_va)
        printf("\tSiloState 0x%" PRIx64 " differs", l->silo_state.value);
}

static void print_unreadable_slots(const struct kdw_logger_list *loggers)
{
    enum kd_status why = loggers->unreadable_slots_status;

    if (loggers->unreadable_slots == 0)
        return;
    printf("(%" PRIu32 " slots of the logger array ", loggers->unreadable_slots);
    if (gap_has_reason(why))
        printf("are %s", kd_status_text(why));
    else
        printf("cannot be read");
    printf(", the first at 0x%" PRIx64 ")\n", loggers->unreadable_slots_va);
}

void print_text_loggers(const struct kdw_logger_list *loggers, bool detailed)
{
    for (size_t i = 0; i < loggers->len; i++) {
        const struct kdw_logger *l = &loggers->loggers[i];

        printf("EtwLogger->0x%016" PRIx64 "\tId->%02" PRIx32
               "\t_ETW_SILODRIVERSTATE->0x%016" PRIx64,
               l->va, l->slot, l->state_va);
        print_remarks(l);
        printf("\n");
        if (detailed && l->has_details)
            print_details(l);
    }
    print_unreadable_slots(loggers);
    if (loggers->max_loggers.status == KD_OK && loggers->max_loggers.value > loggers->slots)
        printf("(MaxLoggers says 0x%" PRIx64 ", beyond reason: only %" PRIu32
               " slots were walked)\n",
               loggers->max_loggers.value, loggers->slots);
}
