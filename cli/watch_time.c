#include "watch_time.h"

#include "kernel_time.h"

#include <stdio.h>

#define FROM_1601_TO_1970 UINT64_C(116444736000000000) /* in 100 ns */

void watch_time_text(uint64_t host_ns, char text[WATCH_TIME_TEXT])
{
    char whole[KERNEL_TIME_TEXT]; /* 2026-11-24T14:03:12.3456789Z */

    if (kernel_time_text(host_ns / 100 + FROM_1601_TO_1970, whole))
        snprintf(text, WATCH_TIME_TEXT, "%.23sZ", whole);
    else
        snprintf(text, WATCH_TIME_TEXT, "?");
}

void watch_clock_text(uint64_t host_ns, char text[WATCH_CLOCK_TEXT])
{
    char whole[WATCH_TIME_TEXT];

    watch_time_text(host_ns, whole);
    snprintf(text, WATCH_CLOCK_TEXT, "%.12s", whole[0] == '?' ? whole : whole + 11);
}
