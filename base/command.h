/* SPDX-License-Identifier: Apache-2.0
 *
 * A short program of the operator's that answers a question or is told
 * something: no shell, found on PATH, with PATH, HOME and LANG of this process
 * and no other variable. */
#ifndef ASSAY_BASE_COMMAND_H
#define ASSAY_BASE_COMMAND_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/stream.h"

struct command {
    const char *const *argv;     /* NULL-terminated; argv[0]: path or name */
    const char *input;           /* for its standard input; NULL: none */
    int64_t timeout_ms;          /* then it is killed */
    const struct cancel *cancel; /* or NULL */
};

/* 0: it ended with 0, and `out` has its standard output, up to out->max
 * bytes.  Its standard error is thrown away: a secret could be in it.  -1:
 * ERR_NOT_FOUND when it is not on PATH, and process_run's errors. */
int command_run(const struct command *c, struct buf *out,
                struct error *err) MUST_USE;

#endif
