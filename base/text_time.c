/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of base/text.h that deals with times and with what people read. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

struct unit {
    const char *name;
    double ms;
};

/* Longer names first: "ms" is not "m" followed by "s". */
static const struct unit units[] = {
    {"ns", 1e-6}, {"us", 1e-3},     {"ms", 1},         {"s", 1000},
    {"m", 60000}, {"h", 3600000.0}, {"d", 86400000.0},
};

static const struct unit *unit_at(const char *s)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (text_starts(s, units[i].name))
            return &units[i];
    }
    return NULL;
}

bool text_duration_ms(const char *s, int64_t *out)
{
    const double most = 1e15; /* 31 000 years: no overflow below */
    double total = 0, value;
    uint64_t seconds;

    if (text_u64(s, &seconds)) {
        if (seconds > 1000000000000)
            return false;
        *out = (int64_t)seconds * 1000;
        return true;
    }
    if (*s == '\0')
        return false;
    while (*s != '\0') {
        char number[32];
        size_t n = strspn(s, "0123456789.");
        const struct unit *u;

        if (n == 0 || n >= sizeof number)
            return false;
        memcpy(number, s, n);
        number[n] = '\0';
        u = unit_at(s + n);
        if (u == NULL || !text_double(number, &value))
            return false;
        total += value * u->ms;
        s += n + strlen(u->name);
        if (total > most)
            return false;
    }
    *out = (int64_t)llround(total);
    return true;
}

/* `n` digits at *s, moved on; -1 when there are fewer. */
static int digits(const char **s, int n)
{
    int value = 0;

    for (; n > 0; n--, (*s)++) {
        if (**s < '0' || **s > '9')
            return -1;
        value = value * 10 + (**s - '0');
    }
    return value;
}

static bool literal(const char **s, const char *any)
{
    if (**s == '\0' || strchr(any, **s) == NULL)
        return false;
    (*s)++;
    return true;
}

static int fraction_ms(const char **s)
{
    int ms = 0, place = 100, count = 0;

    for (; **s >= '0' && **s <= '9' && count < 9; (*s)++, count++) {
        ms += place * (**s - '0');
        place /= 10;
    }
    return count == 0 ? -1 : ms;
}

/* "Z" or "+hh:mm": minutes east of UTC. */
static bool zone(const char **s, int *minutes)
{
    int sign, h, m;

    *minutes = 0;
    if (literal(s, "Zz"))
        return true;
    if (**s != '+' && **s != '-')
        return false;
    sign = *(*s)++ == '-' ? -1 : 1;
    h = digits(s, 2);
    if (h < 0 || h > 23 || !literal(s, ":"))
        return false;
    m = digits(s, 2);
    if (m < 0 || m > 59)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

static bool date(const char **s, struct tm *tm)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, d, most;

    y = digits(s, 4);
    if (y < 0 || !literal(s, "-"))
        return false;
    m = digits(s, 2);
    if (m < 1 || m > 12 || !literal(s, "-"))
        return false;
    d = digits(s, 2);
    most = days[m - 1];
    if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
        most = 29;
    if (d < 1 || d > most)
        return false;
    tm->tm_year = y - 1900;
    tm->tm_mon = m - 1;
    tm->tm_mday = d;
    return true;
}

bool text_rfc3339_ms(const char *s, int64_t *out)
{
    struct tm tm;
    int ms = 0, east;

    memset(&tm, 0, sizeof tm);
    if (!date(&s, &tm) || !literal(&s, "Tt "))
        return false;
    tm.tm_hour = digits(&s, 2);
    if (!literal(&s, ":"))
        return false;
    tm.tm_min = digits(&s, 2);
    if (!literal(&s, ":"))
        return false;
    tm.tm_sec = digits(&s, 2);
    if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 ||
        tm.tm_sec < 0 || tm.tm_sec > 60)
        return false;
    if (literal(&s, ".") && (ms = fraction_ms(&s)) < 0)
        return false;
    if (!zone(&s, &east) || *s != '\0')
        return false;
    *out = ((int64_t)timegm(&tm) - (int64_t)east * 60) * 1000 + ms;
    return true;
}

void text_human_size(uint64_t bytes, char *out, size_t size)
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes / 1024;
    size_t i = 0;

    if (bytes < 1024) {
        (void)snprintf(out, size, "%" PRIu64 " B", bytes);
        return;
    }
    while (value >= 1023.95 && i < sizeof names / sizeof names[0] - 1) {
        value /= 1024;
        i++;
    }
    (void)snprintf(out, size, "%.1f %s", value, names[i]);
}

void text_human_duration(int64_t ms, char *out, size_t size)
{
    int64_t s = ms / 1000;

    if (ms < 1000)
        (void)snprintf(out, size, "%" PRId64 "ms", ms);
    else if (s < 60)
        (void)snprintf(out, size, "%" PRId64 ".%" PRId64 "s", s,
                       ms % 1000 / 100);
    else if (s < 3600)
        (void)snprintf(out, size, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
    else if (s < 86400)
        (void)snprintf(out, size, "%" PRId64 "h%" PRId64 "m", s / 3600,
                       s % 3600 / 60);
    else
        (void)snprintf(out, size, "%" PRId64 "d%" PRId64 "h", s / 86400,
                       s % 86400 / 3600);
}
