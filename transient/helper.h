/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's end of the sandbox command's leash.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_HELPER_H
#define ASSAY_TRANSIENT_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct helper_options {
    const char *program;  /* NULL: this very program */
    const char *dir;      /* the private directory */
    const char *server;   /* the program to run */
    const char *log_path; /* the server's output is appended to it */
    bool isolated;
    /* Words of sandbox_extras.h, NULL-terminated; NULL: none. */
    char *const *extras;
};

/* At most so many of them. */
enum { HELPER_EXTRAS_MAX = 32 };

/* Zero pid: none runs. */
struct helper {
    pid_t pid;
    int leash;
    int told;
};

int helper_start(const struct helper_options *o, struct helper *out,
                 struct error *err) MUST_USE;

/* Has it ended by itself?  Then *code is its SANDBOX_EXIT_…, `err` what it
 * said, and `h` is empty again. */
bool helper_ended(struct helper *h, int *code, struct error *err);

/* Pull the leash: the server dies; its directory stays (`keep`) or goes.
 * Waits until all of it is over, some seconds at most, then kills the
 * helper too.  -1 with what the helper could not do.  Accepts an empty
 * one. */
int helper_stop(struct helper *h, bool keep, struct error *err) MUST_USE;

#endif
