/* SPDX-License-Identifier: Apache-2.0
 *
 * Which configurations of a provider for Vault a module has, out of what
 * `terraform graph -type=plan` prints.  Each must be pointed at the restored
 * copy, or it would answer for another cluster. */
#ifndef ASSAY_PROOF_TFPROVIDERS_H
#define ASSAY_PROOF_TFPROVIDERS_H

#include <stdbool.h>
#include <stddef.h>

enum { TFPROVIDERS_MAX = 32, TFPROVIDERS_NAME_MAX = 64 };

/* Caller's storage, zeroed. */
struct tfproviders {
    bool any;
    bool too_many;
    size_t count; /* of aliases; the one without is not among them */
    char aliases[TFPROVIDERS_MAX][TFPROVIDERS_NAME_MAX];
    /* A module within the module that configures one by itself, where nobody
     * else can; "": there is none. */
    char inner[TFPROVIDERS_NAME_MAX];
};

/* One line of it; `ctx` is a struct tfproviders. */
void tfproviders_line(void *ctx, const char *line);

#endif
