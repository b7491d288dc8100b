/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t which)
{
    struct timespec ts;
    int rc = clock_gettime(which, &ts);

    assert(rc == 0);
    (void)rc;
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return now(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return now(CLOCK_MONOTONIC);
}

/* Rounds towards minus infinity, so that times before 1970 stay ordered. */
static time_t split(int64_t unix_ms, int *ms)
{
    int64_t s = unix_ms / 1000;
    int64_t rest = unix_ms % 1000;

    if (rest < 0) {
        rest += 1000;
        s--;
    }
    *ms = (int)rest;
    return (time_t)s;
}

void clock_text(int64_t unix_ms, char out[CLOCK_TEXT_MAX])
{
    struct tm tm;
    int ms, n;
    time_t s = split(unix_ms, &ms);

    if (gmtime_r(&s, &tm) == NULL || tm.tm_year + 1900 > 9999 ||
        tm.tm_year + 1900 < 0) {
        (void)snprintf(out, CLOCK_TEXT_MAX, "0000-01-01T00:00:00.000Z");
        return;
    }
    n = snprintf(out, CLOCK_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                 (unsigned)(tm.tm_year + 1900) % 10000u,
                 (unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u,
                 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
                 (unsigned)tm.tm_sec % 100u, (unsigned)ms % 1000u);
    assert(n == 24);
    (void)n;
}

void clock_year_month(int64_t unix_ms, int *year, int *month)
{
    struct tm tm;
    int ms;
    time_t s = split(unix_ms, &ms);

    if (gmtime_r(&s, &tm) == NULL) {
        *year = 1970;
        *month = 1;
        return;
    }
    *year = tm.tm_year + 1900;
    *month = tm.tm_mon + 1;
}

void clock_sleep_ms(int64_t ms)
{
    struct timespec ts;

    if (ms <= 0)
        return;
    ts.tv_sec = (time_t)(ms / 1000);
    ts.tv_nsec = (long)(ms % 1000) * 1000000;
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}
