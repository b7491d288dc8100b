/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"

/* RFC 9562, 6.2, method 1: within one millisecond the 12 bits after the
 * version count up; when they run out, the clock is taken to be one ahead. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_ms;
static unsigned last_count;

static void next_stamp(uint64_t *ms, unsigned *count)
{
    uint64_t now = (uint64_t)clock_now_ms();

    pthread_mutex_lock(&lock);
    if (now > last_ms) {
        last_ms = now;
        last_count = 0;
    } else if (++last_count > 0xfff) {
        last_ms++;
        last_count = 0;
    }
    *ms = last_ms;
    *count = last_count;
    pthread_mutex_unlock(&lock);
}

static void print(const uint8_t b[16], char out[ID_TEXT_MAX])
{
    static const char hex[] = "0123456789abcdef";
    char *p = out;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = hex[b[i] >> 4];
        *p++ = hex[b[i] & 15];
    }
    *p = '\0';
}

void id_new(char out[ID_TEXT_MAX])
{
    uint8_t b[16];
    uint64_t ms;
    unsigned count;

    next_stamp(&ms, &count);
    digest_random(b, sizeof b);
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)(0x70 | (count >> 8));
    b[7] = (uint8_t)count;
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
    print(b, out);
}

void id_random(char out[ID_TEXT_MAX])
{
    uint8_t b[16];

    digest_random(b, sizeof b);
    b[6] = (uint8_t)(0x40 | (b[6] & 0x0f));
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
    print(b, out);
}

bool id_valid(const char *s)
{
    size_t i;

    for (i = 0; i < ID_TEXT_MAX - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s[i] != '-'
                 : !((s[i] >= '0' && s[i] <= '9') ||
                     (s[i] >= 'a' && s[i] <= 'f')))
            return false;
    }
    return s[i] == '\0';
}
