#include "kernel_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TICKS UINT64_C(10000000) /* a second */

enum {
    DAY = 24 * 3600,
    EPOCH_YEAR = 1601, /* also the first of a cycle of 400 years, in which the calendar repeats */
    YEARS_400 = 146097,
    YEARS_100 = 36524,
    YEARS_4 = 1461,
    YEAR = 365,
    LAST_YEAR = 9999,
};

static const unsigned days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days of a year before its month, from 1. */
static unsigned before_month(unsigned year, unsigned month)
{
    return days_before[month - 1] + (month > 2 && is_leap(year));
}

struct date {
    unsigned year, month, day;
};

static struct date date_of(uint64_t days)
{
    struct date d = {.month = 12};
    uint64_t centuries, years;

    d.year = (unsigned)(EPOCH_YEAR + days / YEARS_400 * 400);
    days %= YEARS_400;
    centuries = days / YEARS_100 < 4 ? days / YEARS_100 : 3; /* the fourth is a day longer */
    days -= centuries * YEARS_100;
    d.year += (unsigned)(centuries * 100 + days / YEARS_4 * 4);
    days %= YEARS_4;
    years = days / YEAR < 4 ? days / YEAR : 3; /* as is the fourth year */
    days -= years * YEAR;
    d.year += (unsigned)years;
    while (days < before_month(d.year, d.month))
        d.month--;
    d.day = (unsigned)days - before_month(d.year, d.month) + 1;
    return d;
}

static uint64_t days_of(const struct date *d)
{
    uint64_t years = d->year - EPOCH_YEAR;

    return years * YEAR + years / 4 - years / 100 + years / 400 + before_month(d->year, d->month) +
           d->day - 1;
}

bool kernel_time_text(uint64_t time_100ns, char text[KERNEL_TIME_TEXT])
{
    uint64_t seconds = time_100ns / TICKS;
    unsigned of_day = (unsigned)(seconds % DAY);
    struct date d = date_of(seconds / DAY);

    if (d.year > LAST_YEAR)
        return false;
    snprintf(text, KERNEL_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%07" PRIu64 "Z", d.year % 10000,
             d.month % 100, d.day % 100, of_day / 3600, of_day / 60 % 60, of_day % 60,
             time_100ns % TICKS);
    return true;
}

/* A number of so many digits, and the character that must follow; '\0': nothing. */
static bool take(const char **at, unsigned digits, char then, unsigned *out)
{
    unsigned value = 0;

    for (unsigned i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = 10 * value + (unsigned)(**at - '0');
    }
    if (**at != then)
        return false;
    (*at)++;
    *out = value;
    return true;
}

bool kernel_time_parse(const char *text, uint64_t *out)
{
    struct date d;
    unsigned hour, minute, second, fraction;
    unsigned end;

    if (!take(&text, 4, '-', &d.year) || !take(&text, 2, '-', &d.month) ||
        !take(&text, 2, 'T', &d.day) || !take(&text, 2, ':', &hour) ||
        !take(&text, 2, ':', &minute) || !take(&text, 2, '.', &second) ||
        !take(&text, 7, 'Z', &fraction) || *text)
        return false;
    if (d.year < EPOCH_YEAR || d.month < 1 || d.month > 12 || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    end = d.month == 12 ? (unsigned)YEAR + is_leap(d.year) : before_month(d.year, d.month + 1);
    if (d.day < 1 || d.day > end - before_month(d.year, d.month))
        return false;
    *out = (days_of(&d) * DAY + hour * 3600 + minute * 60 + second) * TICKS + fraction;
    return true;
}
