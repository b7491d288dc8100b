/* SPDX-License-Identifier: Apache-2.0
 *
 * Run `terraform` or `tofu` in a private copy of somebody's module
 * (base/module_copy.h), with what it keeps in a private directory:
 *
 *   <dir>/data          TF_DATA_DIR
 *   <dir>/program.log   what it says on standard error
 *   <dir>/program.pid   who runs, while it does */
#ifndef ASSAY_BASE_TERRAFORM_H
#define ASSAY_BASE_TERRAFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/program.h"
#include "base/stream.h"
#include "base/terraform_said.h"

enum {
    /* Asked to end, it finishes what it is at and writes its state. */
    TERRAFORM_GRACE_MS = 60 * 1000,
    TERRAFORM_ARGS_MAX = 10,
};

/* Plain data; nothing of it is owned. */
struct terraform {
    const char *binary;
    const char *dir;    /* the private one */
    const char *module; /* the copy */
    /* What the module is given.  It may be secret, and is blotted out of
     * error texts. */
    struct program_pairs env, vars;
};

/* One command. */
struct terraform_step {
    const char *name; /* for an error text */
    const char *args[TERRAFORM_ARGS_MAX];
    int64_t timeout_ms;
    struct terraform_said *said; /* reads along with -json; or NULL */
    int *exit_code;              /* as struct program has it */
    const struct cancel *cancel;
    /* Instead of `said`: each line, as struct program hands them. */
    void (*line)(void *ctx, const char *line);
    void *ctx;
};

/* Absolute and malloc'd: `wanted`, or if that is NULL terraform or tofu,
 * whichever is on PATH.  NULL: there is none. */
char *terraform_find(const char *wanted);
/* Errors as of program_run, "terraform <name>: " in front; with `said` the
 * first error that was reported, if there was one. */
int terraform_run(const struct terraform *t, const struct terraform_step *step,
                  struct buf *out, struct error *err) MUST_USE;
/* Stars where the values of `env` and `vars` are. */
void terraform_blot(const struct terraform *t, char *text);

#endif
