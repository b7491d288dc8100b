/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay policy`: the Vault policies that Assay and its callers need. */
#ifndef ASSAY_CLI_POLICY_H
#define ASSAY_CLI_POLICY_H

#include "base/buf.h"
#include "base/error.h"

/* Where things are mounted. */
struct policy_mounts {
    const char *api;    /* access.mount */
    const char *canary; /* canary.mount */
    const char *kv1;    /* stores of KV version 1, with commas; or NULL */
};

/* argv[0] is "policy".  The exit code: 0, or 2 for wrong use. */
int cli_policy(int argc, char **argv);

/* Append the policy of that name.  ERR_INVALID for one that there is not;
 * the text lists those that there are. */
int policy_write_for(const char *name, const struct policy_mounts *mounts,
                     struct buf *out, struct error *err) MUST_USE;
/* The same, with the canaries at their usual place. */
int policy_write(const char *name, const char *mount, struct buf *out,
                 struct error *err) MUST_USE;

#endif
