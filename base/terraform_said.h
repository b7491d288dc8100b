/* SPDX-License-Identifier: Apache-2.0
 *
 * Read along in what `terraform … -json` prints: one JSON object a line.
 * Values of outputs and what provisioners print may be secrets, and are not
 * looked at. */
#ifndef ASSAY_BASE_TERRAFORM_SAID_H
#define ASSAY_BASE_TERRAFORM_SAID_H

#include <stdint.h>

enum { TERRAFORM_SAID_MAX = 384 };

/* Caller's storage; zeroed but for the first three, which may be NULL. */
struct terraform_said {
    /* Of resources; total 0: not known yet. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total,
                     const char *unit);
    void (*said)(void *ctx, const char *text); /* for a log at debug */
    void *ctx;
    /* Values that nobody is told; terraform_run sets them. */
    const struct program_pairs *hidden[2];
    uint64_t planned; /* resources that will change */
    uint64_t done;
    /* The first error: "summary: detail", cut; "" if there is none. */
    char error[TERRAFORM_SAID_MAX];
};

/* One line, as struct program wants it; `ctx` is a struct terraform_said.
 * What is no JSON is skipped. */
void terraform_said_line(void *ctx, const char *line);

#endif
