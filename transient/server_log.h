/* SPDX-License-Identifier: Apache-2.0
 *
 * Read along in a server's log file, a bounded piece at a time.  Private to
 * transient/. */
#ifndef ASSAY_TRANSIENT_SERVER_LOG_H
#define ASSAY_TRANSIENT_SERVER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { SERVER_LOG_LINE_MAX = 1024 };

/* Caller's storage; zeroed is "at the beginning". */
struct server_log {
    off_t offset;
    size_t len; /* of the unfinished line */
    char line[SERVER_LOG_LINE_MAX];
    char last_error[SERVER_LOG_LINE_MAX];
};

/* Read what has been added to the file, line by line; longer lines are cut.
 * 1: one of the server's own contains `needle` (reading stopped behind it), 0:
 * none did so far.  Lines of level error are remembered on the way, and those
 * that say why it does not unseal itself. */
int server_log_look(struct server_log *l, const char *path, const char *needle,
                    struct error *err) MUST_USE;

/* The message of the last line of level error or worse that went by,
 * without time and level; "" if there was none.  Control bytes are blanks. */
void server_log_last_error(const struct server_log *l, char *out, size_t size);
/* Its last error was that it had reached a limit of memory or of a file. */
bool server_log_says_limit(const struct server_log *l);

/* Is this line, without its end, one of the server's own log?  Where an
 * audit device writes into it as well (file_path = "/proc/self/fd/2", say),
 * entries are not, whatever its prefix and format; they may be raw.  The
 * further lines of a message, nobody can tell from those. */
bool server_log_is_own(const char *line);

#endif
