/* SPDX-License-Identifier: Apache-2.0
 *
 * A file named on the command line, as a source. */
#ifndef ASSAY_CLI_INPUT_H
#define ASSAY_CLI_INPUT_H

#include "base/error.h"
#include "base/stream.h"

/* Not to be moved while it is open: the source points to it. */
struct input {
    const char *name; /* for errors */
    int fd;           /* -1: not open */
    struct source source;
};

/* "-" is standard input, which cannot rewind.  `name` is kept. */
int input_open(struct input *in, const char *name, struct error *err) MUST_USE;
void input_close(struct input *in);

#endif
