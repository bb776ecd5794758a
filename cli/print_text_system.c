/* print_text_system.c - vertarget's block, in the form of WinDbg's. */
#include "print.h"
#include "print_text.h"

#include <walker/bugcheck.h>

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define EPOCH_1601_TO_1970_S INT64_C(11644473600)
#define TICKS_PER_SECOND     INT64_C(10000000) /* Windows counts in 100 ns */

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

/* A target's own gap needs no address here: the page stands where it does in every kernel. In a
 * recording any of its bytes may be missing, and another reason is worth its address. */
static void print_missing(const struct kdw_u64 *v)
{
    if (gap_has_reason(v->status))
        print_gap(v->status, v->fault_va);
    else
        printf("(unreadable)");
}

/* A small dump leaves out the page where these three stand. That is told once, at the end, and not in each
 * line that would have said more. */
static bool lacks_shared_data(const struct kdw_system *s)
{
    return s->major.status == KD_ERR_NOT_IN_DUMP && s->minor.status == KD_ERR_NOT_IN_DUMP &&
           s->zone_bias_100ns.status == KD_ERR_NOT_IN_DUMP;
}

static void print_windows_name(const struct kdw_system *s)
{
    static const struct {
        uint64_t major, minor;
        const char *name;
    } names[] = {{10, 0, "10"}, {6, 3, "8.1"}, {6, 2, "8"}, {6, 1, "7"}, {6, 0, "Vista"}};

    printf("Windows ");
    if (s->major.status != KD_OK || s->minor.status != KD_OK) {
        const struct kdw_u64 *missing = s->major.status != KD_OK ? &s->major : &s->minor;

        if (gap_has_reason(missing->status) && !lacks_shared_data(s)) {
            print_missing(missing);
            printf(" ");
        }
        return;
    }
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
        print_missing(&s->product_type);
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
    if (gap_has_reason(s->suite_mask.status)) {
        printf(", suite: ");
        print_missing(&s->suite_mask);
    }
    printf("\n");
}

static void print_zone(const struct kdw_system *s)
{
    int64_t minutes;

    if (s->zone_bias_100ns.status != KD_OK) {
        printf("UTC");
        if (!lacks_shared_data(s)) {
            printf(", zone ");
            print_missing(&s->zone_bias_100ns);
        }
        return;
    }
    minutes = -((int64_t)s->zone_bias_100ns.value / (60 * TICKS_PER_SECOND));
    printf("(UTC %c %" PRId64 ":%02" PRId64 ")", minutes < 0 ? '-' : '+',
           (minutes < 0 ? -minutes : minutes) / 60, (minutes < 0 ? -minutes : minutes) % 60);
}

/* "Mon Jun 25 16:16:23.767 2018 (UTC + 9:00)": local to the target, as its own clock shows it; UTC
 * where its zone is not known. */
static void print_time(const struct kdw_system *s)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t local;
    const struct tm *tm;
    time_t seconds;

    printf("Debug session time: ");
    if (s->time_100ns.status != KD_OK) {
        print_missing(&s->time_100ns);
        printf("\n");
        return;
    }
    local = (int64_t)(s->time_100ns.value - s->zone_bias_100ns.value); /* 0: not known */
    seconds = (time_t)(local / TICKS_PER_SECOND - EPOCH_1601_TO_1970_S);
    tm = s->time_100ns.value <= INT64_MAX && local >= 0 ? gmtime(&seconds) : NULL;
    if (!tm) {
        printf("(0x%" PRIx64 " is no time)\n", s->time_100ns.value);
        return;
    }
    printf("%s %s %2d %d:%02d:%02d.%03d %d ", days[tm->tm_wday], months[tm->tm_mon], tm->tm_mday,
           tm->tm_hour, tm->tm_min, tm->tm_sec, (int)(local % TICKS_PER_SECOND / 10000),
           tm->tm_year + 1900);
    print_zone(s);
    printf("\n");
}

static void print_uptime(const struct kdw_system *s)
{
    uint64_t ms = s->uptime_100ns.value / 10000;

    printf("System Uptime: ");
    if (s->uptime_100ns.status != KD_OK) {
        print_missing(&s->uptime_100ns);
        printf("\n");
        return;
    }
    printf("%" PRIu64 " days %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64 "\n",
           ms / 86400000, ms / 3600000 % 24, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

static void print_base(const char *base_name, const char *list_name, const struct kdw_target *t)
{
    printf("%s = 0x", base_name);
    print_address(t->kernel_base_va);
    printf(" %s = ", list_name);
    if (t->module_list_va == 0) { /* of an image without symbols */
        printf("(unknown)\n");
        return;
    }
    printf("0x");
    print_address(t->module_list_va);
    printf("\n");
}

/* Of a dump, below what any target has; in the words of WinDbg's .bugcheck, with the name. */
static void print_bugcheck(const struct kdw_target *t)
{
    const char *name = kdw_bugcheck_name(t->bugcheck_code);

    printf("Bugcheck code %08" PRIX32, t->bugcheck_code);
    if (name)
        printf(" (%s)", name);
    printf("\nArguments");
    for (size_t i = 0; i < 4; i++) {
        printf(" ");
        print_address(t->bugcheck_parameters[i]);
    }
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
    if (!target->is_mp)
        printf("UP ");
    else if (target->processor_count == 0)
        printf("MP (unknown procs) ");
    else
        printf("MP (%" PRIu32 " procs) ", target->processor_count);
    printf("%s %s\n", target->is_checked ? "Checked" : "Free", machine_name(target->machine));
    print_product(system);
    printf("Built by: ");
    print_text_of_target(&system->build_lab);
    printf("\nMachine Name:\n");
    print_base("Kernel base", "PsLoadedModuleList", target);
    print_time(system);
    print_uptime(system);
    if (target->has_bugcheck)
        print_bugcheck(target);
    if (lacks_shared_data(system)) {
        printf("Version of Windows, time zone: ");
        print_missing(&system->major);
        printf("\n");
    }
}
