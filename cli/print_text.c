/* print_text.c - what the walker found, for people. */
#include "message.h"
#include "print.h"
#include "text.h"

#include <walker/etw_names.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EPOCH_1601_TO_1970_S INT64_C(11644473600)
#define TICKS_PER_SECOND     INT64_C(10000000) /* Windows counts in 100 ns */

static void print_escaped(const char *chars)
{
    struct text t = {0};
    char *escaped;

    text_add_escaped(&t, chars, strlen(chars));
    escaped = text_take(&t);
    fputs(escaped ? escaped : "?", stdout);
    free(escaped);
}

/* A text of the target's, or why it is not known. */
static void print_target_text(const struct kdw_text *t)
{
    if (t->status == KD_OK)
        print_escaped(t->utf8);
    else if (t->status == KD_ERR_NOT_MAPPED)
        printf("(unreadable at 0x%" PRIx64 ")", t->fault_va);
    else
        printf("(%s)", kd_status_text(t->status));
}

static void print_halves(uint64_t va)
{
    printf("0x%08" PRIx32 "`%08" PRIx32, (uint32_t)(va >> 32), (uint32_t)va);
}

/* --- vertarget ---------------------------------------------------------------------------------
 */

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case 0x8664:
        return "x64";
    case 0xAA64:
        return "ARM64";
    case 0x014C:
        return "x86";
    default:
        return "unknown machine";
    }
}

static void print_windows_name(const struct kdw_system *s)
{
    static const struct {
        uint64_t major, minor;
        const char *name;
    } names[] = {{10, 0, "10"}, {6, 3, "8.1"}, {6, 2, "8"}, {6, 1, "7"}, {6, 0, "Vista"}};

    printf("Windows ");
    if (s->major.status != KD_OK || s->minor.status != KD_OK)
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].major == s->major.value && names[i].minor == s->minor.value) {
            printf("%s ", names[i].name);
            return;
        }
    }
    printf("%" PRIu64 ".%" PRIu64 " ", s->major.value, s->minor.value);
}

static void print_product(const struct kdw_system *s)
{
    static const char *const products[] = {NULL, "WinNt", "LanManNt", "Server"};
    static const char *const suites[] = {
        "SmallBusiness",
        "Enterprise",
        "BackOffice",
        "CommunicationServer",
        "TerminalServer",
        "SmallBusinessRestricted",
        "EmbeddedNT",
        "DataCenter",
        "SingleUserTS",
        "Personal",
        "Blade",
        "EmbeddedRestricted",
        "SecurityAppliance",
        "StorageServer",
        "ComputeServer",
        "WindowsHomeServer",
    };

    printf("Product: ");
    if (s->product_type.status != KD_OK)
        printf("(unreadable)");
    else if (s->product_type.value >= 1 && s->product_type.value <= 3)
        printf("%s", products[s->product_type.value]);
    else
        printf("0x%" PRIx64, s->product_type.value);
    if (s->suite_mask.status == KD_OK && s->suite_mask.value != 0) {
        printf(", suite:");
        for (unsigned bit = 0; bit < sizeof suites / sizeof suites[0]; bit++)
            if (s->suite_mask.value >> bit & 1)
                printf(" %s", suites[bit]);
    }
    printf("\n");
}

/* "Mon Jun 25 16:16:23.767 2018 (UTC + 9:00)": local to the target, as its own clock shows it. */
static void print_time(const struct kdw_system *s)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t bias, local, zone_minutes;
    const struct tm *tm;
    time_t seconds;

    printf("Debug session time: ");
    if (s->time_100ns.status != KD_OK || s->zone_bias_100ns.status != KD_OK) {
        printf("(unreadable)\n");
        return;
    }
    bias = (int64_t)s->zone_bias_100ns.value;
    local = (int64_t)(s->time_100ns.value - (uint64_t)bias);
    seconds = (time_t)(local / TICKS_PER_SECOND - EPOCH_1601_TO_1970_S);
    tm = local >= 0 ? gmtime(&seconds) : NULL;
    if (!tm) {
        printf("(0x%" PRIx64 " is no time)\n", s->time_100ns.value);
        return;
    }
    zone_minutes = -(bias / (60 * TICKS_PER_SECOND));
    printf("%s %s %2d %d:%02d:%02d.%03d %d (UTC %c %" PRId64 ":%02" PRId64 ")\n", days[tm->tm_wday],
           months[tm->tm_mon], tm->tm_mday, tm->tm_hour, tm->tm_min, tm->tm_sec,
           (int)(local % TICKS_PER_SECOND / 10000), tm->tm_year + 1900,
           zone_minutes < 0 ? '-' : '+', (zone_minutes < 0 ? -zone_minutes : zone_minutes) / 60,
           (zone_minutes < 0 ? -zone_minutes : zone_minutes) % 60);
}

static void print_uptime(const struct kdw_system *s)
{
    uint64_t ms = s->uptime_100ns.value / 10000;

    printf("System Uptime: ");
    if (s->uptime_100ns.status != KD_OK) {
        printf("(unreadable)\n");
        return;
    }
    printf("%" PRIu64 " days %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64 "\n",
           ms / 86400000, ms / 3600000 % 24, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

static void print_base(const char *base_name, const char *list_name, const struct kdw_target *t)
{
    printf("%s = ", base_name);
    print_halves(t->kernel_base_va);
    printf(" %s = ", list_name);
    print_halves(t->module_list_va);
    printf("\n");
}

void print_text_system(const struct kdw_target *target, const struct kdw_system *system)
{
    if (!target->is_kernel) {
        printf("Boot debugger of build %u %s %s: not the NT kernel yet\n", target->build,
               target->is_checked ? "Checked" : "Free", machine_name(target->machine));
        print_base("Image base", "Loaded module list", target);
        return;
    }
    print_windows_name(system);
    printf("Kernel Version %u ", target->build);
    if (target->is_mp)
        printf("MP (%" PRIu32 " procs) ", target->processor_count);
    else
        printf("UP ");
    printf("%s %s\n", target->is_checked ? "Checked" : "Free", machine_name(target->machine));
    print_product(system);
    printf("Built by: ");
    print_target_text(&system->build_lab);
    printf("\nMachine Name:\n");
    print_base("Kernel base", "PsLoadedModuleList", target);
    print_time(system);
    print_uptime(system);
}

/* --- lm ----------------------------------------------------------------------------------------
 */

void print_text_modules(const struct kdw_module_list *modules)
{
    printf("start             end                 module name\n");
    for (size_t i = 0; i < modules->len; i++) {
        const struct kdw_module *m = &modules->modules[i];
        uint64_t end = m->base_va + m->size;

        printf("%08" PRIx32 "`%08" PRIx32 " %08" PRIx32 "`%08" PRIx32 "   ",
               (uint32_t)(m->base_va >> 32), (uint32_t)m->base_va, (uint32_t)(end >> 32),
               (uint32_t)end);
        print_target_text(&m->base_name);
        printf("\n");
    }
    if (modules->end != KD_OK)
        printf("(the list ends here: %s at 0x%" PRIx64 ")\n", kd_status_text(modules->end),
               modules->end_va);
}

/* --- loggers -----------------------------------------------------------------------------------
 */

static void print_number(const struct kdw_u64 *v)
{
    if (v->status == KD_OK)
        printf("%" PRIu64, v->value);
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

static void print_mode(const struct kdw_u64 *mode)
{
    if (mode->status != KD_OK) {
        print_number(mode);
        return;
    }
    printf("0x%08" PRIx64, mode->value);
    for (unsigned bit = 0; bit < 32; bit++)
        if (mode->value >> bit & 1)
            printf(" %s", kdw_logger_mode_name(bit));
}

static void print_flags(const struct kdw_u64 *flags)
{
    if (flags->status != KD_OK) {
        print_number(flags);
        return;
    }
    printf("0x%08" PRIx64, flags->value);
    for (unsigned bit = 0; bit < 32; bit++)
        if ((flags->value >> bit & 1) && kdw_logger_flag_name(bit))
            printf(" %s", kdw_logger_flag_name(bit));
}

static void print_consumers(const struct kdw_logger *l)
{
    for (size_t i = 0; i < l->consumers_len; i++) {
        const struct kdw_consumer *c = &l->consumers[i];

        printf("    consumer  ");
        print_target_text(&c->process_name);
        print_labelled(", pid", &c->process_id);
        printf(", at 0x%" PRIx64 "\n", c->va);
    }
    if (l->consumers_status != KD_OK && l->consumers_status != KD_ERR_NOT_FOUND)
        printf("    consumer  (the list ends here: %s at 0x%" PRIx64 ")\n",
               kd_status_text(l->consumers_status), l->consumers_end_va);
}

static void print_details(const struct kdw_logger *l)
{
    printf("    name      ");
    print_target_text(&l->name);
    printf("\n    file      ");
    print_target_text(&l->log_file);
    printf("\n    mode      ");
    print_mode(&l->mode);
    printf("\n    flags     ");
    print_flags(&l->flags);
    printf("\n    buffers   ");
    print_number(&l->buffers);
    print_labelled(" of", &l->buffer_size);
    print_labelled(" bytes, available", &l->buffers_available);
    print_labelled(", minimum", &l->minimum_buffers);
    print_labelled(", maximum", &l->maximum_buffers);
    print_labelled(", flushed every", &l->flush_timer);
    printf(" s\n    counts    ");
    print_labelled("buffers written", &l->buffers_written);
    print_labelled(", events lost", &l->events_lost);
    print_labelled(", log buffers lost", &l->log_buffers_lost);
    print_labelled(", real-time delivered", &l->realtime_buffers_delivered);
    print_labelled(", lost", &l->realtime_buffers_lost);
    printf("\n");
    print_consumers(l);
}

/* What is odd about a logger stands behind its line; a sound one has nothing there. */
static void print_remarks(const struct kdw_logger *l)
{
    if (l->state == KDW_LOGGER_STOPPING)
        printf("\tstopping");
    if (l->state == KDW_LOGGER_UNREADABLE)
        printf("\tunreadable at 0x%" PRIx64, l->id.fault_va);
    if (l->state == KDW_LOGGER_EMPTY_SLOT)
        printf("\tempty slot: a running kernel never writes 0 here");
    if (l->id.status == KD_OK && l->id.value != l->slot)
        printf("\tLoggerId 0x%" PRIx64 " differs from its slot", l->id.value);
    if (l->silo_state.status == KD_OK && l->silo_state.value != l->state_va)
        printf("\tSiloState 0x%" PRIx64 " differs", l->silo_state.value);
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
    if (loggers->unreadable_slots)
        printf("(%" PRIu32 " slots of the logger array cannot be read, the first at 0x%" PRIx64
               ")\n",
               loggers->unreadable_slots, loggers->unreadable_slots_va);
    if (loggers->max_loggers.status == KD_OK && loggers->max_loggers.value > loggers->slots)
        printf("(MaxLoggers says 0x%" PRIx64 ", beyond reason: only %" PRIu32
               " slots were walked)\n",
               loggers->max_loggers.value, loggers->slots);
}

/* --- dt ----------------------------------------------------------------------------------------
 */

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

/* --- read --------------------------------------------------------------------------------------
 */

enum { ROW = 16 };

static void print_memory_row(const struct memory_dump *d, size_t at)
{
    size_t len = d->len - at < ROW ? d->len - at : ROW;
    uint64_t va = d->va + at;

    printf("%08" PRIx32 "`%08" PRIx32 " ", (uint32_t)(va >> 32), (uint32_t)va);
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
