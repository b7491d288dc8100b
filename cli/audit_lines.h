/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of files of the audit record, one after the other. */
#ifndef ASSAY_CLI_AUDIT_LINES_H
#define ASSAY_CLI_AUDIT_LINES_H

#include <stddef.h>

#include "base/error.h"

/* A non-zero answer of `each` ends it with that answer.  ERR_CORRUPT for a
 * line longer than any entry. */
int audit_lines_each(const char *name,
                     int (*each)(void *ctx, const char *line, size_t len,
                                 struct error *err),
                     void *ctx, struct error *err) MUST_USE;

#endif
