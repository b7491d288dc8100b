/* SPDX-License-Identifier: Apache-2.0
 *
 * One line per event on standard error: time, level, text.  Called at the
 * edge only (main.c, cli/, server/, handlers/, the job worker).  Any thread.
 * Never give it a secret. */
#ifndef ASSAY_BASE_LOG_H
#define ASSAY_BASE_LOG_H

#include "base/error.h"

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

void log_set_level(enum log_level level);
/* "error", "warn", "info", "debug"; -1 for anything else. */
int log_level_parse(const char *name, enum log_level *out) MUST_USE;
/* JSON objects instead of plain lines. */
void log_set_json(bool on);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
