/* SPDX-License-Identifier: Apache-2.0
 *
 * `assay policy`: the Vault policies that Assay and its callers need. */
#ifndef ASSAY_CLI_POLICY_H
#define ASSAY_CLI_POLICY_H

#include "base/buf.h"
#include "base/error.h"

/* argv[0] is "policy".  The exit code: 0, or 2 for wrong use. */
int cli_policy(int argc, char **argv);

/* Append the policy of that name.  ERR_INVALID for one that there is not;
 * the text lists those that there are. */
int policy_write(const char *name, const char *mount, struct buf *out,
                 struct error *err) MUST_USE;

#endif
