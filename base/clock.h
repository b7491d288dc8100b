/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT_MAX = 32 };

/* Wall clock, Unix milliseconds.  For rows and people, never for measuring. */
int64_t clock_now_ms(void);
/* Monotonic milliseconds.  For deadlines and durations. */
int64_t clock_mono_ms(void);
/* RFC 3339 UTC with milliseconds: 2026-11-24T02:00:00.123Z. */
void clock_text(int64_t unix_ms, char out[CLOCK_TEXT_MAX]);
/* The parts a path needs: four-digit year and two-digit month, UTC. */
void clock_year_month(int64_t unix_ms, int *year, int *month);
/* Sleep; returns early on a signal.  `ms` <= 0 returns at once. */
void clock_sleep_ms(int64_t ms);

#endif
