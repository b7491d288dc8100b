/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody must hear of at once is told to a program of the operator's,
 * as one JSON object on its standard input; what it does with it (mail, chat,
 * a pager) is its own affair.
 *
 * Threads: one, from the first event on; the functions may be called by any.
 * Events are in memory: those that were not told when the process dies are
 * in the audit record all the same. */
#ifndef ASSAY_NOTIFY_NOTIFY_H
#define ASSAY_NOTIFY_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct notify;

struct notify_options {
    const char *const *command; /* NULL-terminated; NULL: nobody is told */
    int64_t timeout_ms;         /* then the program is killed */
    int64_t pause_ms;           /* before it is tried again; 0: 5 s */
};

/* Both are copied.  "event" and "at" (now) are added. */
struct notify_field {
    const char *name;
    const char *text; /* no secret; NULL: left out */
};

int notify_new(const struct notify_options *o, struct notify **out,
               struct error *err) MUST_USE;
/* From now on.  -1 without memory: as before. */
int notify_set(struct notify *n, const struct notify_options *o,
               struct error *err) MUST_USE;
/* Does not wait.  The program is run until it exits with 0, three times at
 * most; what could not be told is logged as an error. */
void notify_tell(struct notify *n, const char *event,
                 const struct notify_field *fields, size_t count);
/* Tries what is left, for up to 5 seconds.  Accepts NULL. */
void notify_free(struct notify *n);

#endif
