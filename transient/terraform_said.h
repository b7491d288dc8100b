/* SPDX-License-Identifier: Apache-2.0
 *
 * Read along in what `terraform … -json` prints: one JSON object a line.
 * Values of outputs and what provisioners print may be secrets, and are not
 * looked at.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_TERRAFORM_SAID_H
#define ASSAY_TRANSIENT_TERRAFORM_SAID_H

#include <stdint.h>

#include "transient/options.h"

enum { TERRAFORM_SAID_MAX = 384 };

/* Caller's storage; zeroed but for `events`. */
struct terraform_said {
    const struct transient_events *events;
    uint64_t planned; /* resources that will change */
    uint64_t done;
    /* The first error: "summary: detail", cut; "" if there is none. */
    char error[TERRAFORM_SAID_MAX];
};

/* One line, as struct program wants it; `ctx` is a struct terraform_said.
 * What is no JSON is skipped. */
void terraform_said_line(void *ctx, const char *line);

#endif
