/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator has configured about his Terraform code as an oracle. */
#ifndef ASSAY_PROOF_TFSETTINGS_H
#define ASSAY_PROOF_TFSETTINGS_H

#include "base/error.h"
#include "base/program.h"

/* Plain data: the giver's strings, until copied. */
struct tfsettings {
    const char *dir;        /* his directory; NULL: none */
    const char *binary;     /* NULL: terraform or tofu from PATH */
    const char *state_file; /* NULL: his backend is asked */
    struct program_pairs env, vars;
};

/* A copy that owns everything, values of variables in secret memory. */
int tfsettings_copy(const struct tfsettings *from, struct tfsettings **out,
                    struct error *err) MUST_USE;
/* Of such a copy.  Accepts NULL. */
void tfsettings_free(struct tfsettings *s);

#endif
