#include "moment.h"

#include "message.h"

#include <stddef.h>

enum {
    STOP_MAX = 1000000000,
    SECONDS_MAX = 1000000000, /* thirty years of recording */
    YEAR_FIRST = 1970,
    YEAR_LAST = 2500, /* 64 bits of nanoseconds reach a little further */
    NANOSECONDS = 1000000000,
    MICROSECOND = 1000, /* in nanoseconds */
    FRACTION_SHOWN = 6, /* digits */
    FRACTION_MAX = 9,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One digit or more, up to max: false where there are none, or too many. */
static bool take_number(const char **text, uint32_t max, uint32_t *out)
{
    uint64_t n = 0;

    if (!is_digit(**text))
        return false;
    for (; is_digit(**text); (*text)++) {
        n = 10 * n + (uint64_t)(**text - '0');
        if (n > max)
            return false;
    }
    *out = (uint32_t)n;
    return true;
}

/* ".123", or nothing. */
static bool take_fraction(const char **text, uint64_t *out_ns)
{
    uint64_t ns = 0, unit = NANOSECONDS;
    unsigned digits = 0;

    if (**text == '.') {
        for ((*text)++; is_digit(**text); (*text)++) {
            unit /= 10;
            ns += unit * (uint64_t)(**text - '0');
            if (++digits > FRACTION_MAX)
                return false;
        }
        if (digits == 0)
            return false;
    }
    *out_ns = digits <= FRACTION_SHOWN ? ns + MICROSECOND - 1 : ns;
    return true;
}

static bool take(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

struct civil {
    uint32_t year, month, day, hour, minute, second;
};

static bool is_leap_year(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap_year(year));
}

static bool is_civil(const struct civil *c)
{
    return c->year >= YEAR_FIRST && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_of_month(c->year, c->month);
}

static uint64_t seconds_since_1970(const struct civil *c)
{
    uint64_t days = c->day - 1;

    for (uint32_t year = YEAR_FIRST; year < c->year; year++)
        days += is_leap_year(year) ? 366 : 365;
    for (uint32_t month = 1; month < c->month; month++)
        days += days_of_month(c->year, month);
    return ((days * 24 + c->hour) * 60 + c->minute) * 60 + c->second;
}

static bool parse_date(const char *text, struct moment *out)
{
    struct civil c;
    uint64_t ns;

    if (!take_number(&text, YEAR_LAST, &c.year) || !take(&text, '-') ||
        !take_number(&text, 12, &c.month) || !take(&text, '-') || !take_number(&text, 31, &c.day) ||
        !take(&text, 'T') || !take_number(&text, 23, &c.hour) || !take(&text, ':') ||
        !take_number(&text, 59, &c.minute) || !take(&text, ':') ||
        !take_number(&text, 59, &c.second) || !take_fraction(&text, &ns))
        return false;
    (void)take(&text, 'Z');
    if (*text || !is_civil(&c))
        return false;
    out->kind = KDT_MOMENT_TIME;
    out->time_ns = seconds_since_1970(&c) * NANOSECONDS + ns;
    return true;
}

static bool parse_offset(const char *text, struct moment *out)
{
    uint32_t seconds;
    uint64_t ns;

    if (!take_number(&text, SECONDS_MAX, &seconds) || !take_fraction(&text, &ns) || *text)
        return false;
    out->kind = KDT_MOMENT_OFFSET;
    out->time_ns = (uint64_t)seconds * NANOSECONDS + ns;
    return true;
}

bool moment_of_time(const char *text, struct moment *out)
{
    struct moment m = {0};

    if (!parse_offset(text, &m) && !parse_date(text, &m)) {
        message_error("--at takes seconds since the beginning of the recording, like 12.5, or a "
                      "time in UTC, like 2016-01-24T13:37:00.123Z");
        return false;
    }
    *out = m;
    return true;
}

bool moment_of_stop(const char *text, struct moment *out)
{
    struct moment m = {.kind = KDT_MOMENT_STOP};

    if (!take_number(&text, STOP_MAX, &m.stop) || *text || m.stop == 0) {
        message_error("--stop takes the number of a stop, from 1, as kdwalk decode shows them");
        return false;
    }
    *out = m;
    return true;
}
