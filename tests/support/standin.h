/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/support/standin.py as a child of a test program. */
#ifndef ASSAY_TESTS_STANDIN_H
#define ASSAY_TESTS_STANDIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/json.h"

struct standin {
    pid_t pid;
    char address[256];
};

/* Ready to be asked when this returns; fails the test otherwise.  `args` is
 * NULL-terminated, or NULL.  It dies with this process. */
void standin_start(struct standin *s, const char *const *args);
void standin_stop(struct standin *s);
/* PUT to its control path. */
void standin_set(const struct standin *s, const char *json);
void standin_reset(const struct standin *s);
/* These faults (NULL-terminated) and no others. */
void standin_faults(const struct standin *s, const char *const *faults);
/* What happened since; the caller frees it. */
struct json *standin_facts(const struct standin *s);
/* How many requests there were of this method and path; with_token: only
 * those that carried one. */
size_t standin_count(const struct standin *s, const char *method,
                     const char *path, bool with_token);

#endif
