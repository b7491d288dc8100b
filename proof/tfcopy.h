/* SPDX-License-Identifier: Apache-2.0
 *
 * A private copy of the operator's Terraform directory, in which his state is
 * looked at and his code is held against the restored copy of the cluster.
 * His directory and his state are never written to.
 *
 *   <dir>/tree/…/module    the copy, with an override file
 *   <dir>/state.json       the state, as his backend gave it out; of another
 *                          workspace <dir>/workspaces/<name>/terraform.tfstate
 *   <dir>/home/.vault-token  the token, for a provider told nothing else
 *   <dir>/vars.json, plan
 *
 * All of it is secret, 0600, and goes at the end. */
#ifndef ASSAY_PROOF_TFCOPY_H
#define ASSAY_PROOF_TFCOPY_H

#include "base/error.h"
#include "base/stream.h"
#include "base/terraform.h"
#include "proof/tfoverride.h"
#include "proof/tfsettings.h"

struct tfcopy;

/* A copy below `dir`, which is made.  ERR_NOT_FOUND without the program or
 * the directory. */
int tfcopy_open(const struct tfsettings *s, const char *dir,
                const struct cancel *cancel, struct tfcopy **out,
                struct error *err) MUST_USE;
/* Remove everything; -1 when some of it, which is secret, is still there.
 * Accepts NULL. */
int tfcopy_close(struct tfcopy *c, struct error *err) MUST_USE;

/* Get the state: the configured file, or out of the backend (init, state
 * pull), or a local one in his directory.  Minutes. */
int tfcopy_pull(struct tfcopy *c, struct error *err) MUST_USE;
/* Where it is; NULL: it was not to be had. */
const char *tfcopy_state(const struct tfcopy *c);

/* Keep the state local from now on, initialise, and point every provider for
 * Vault at the target.  -1 where it does not work, or where one would speak
 * to another cluster. */
int tfcopy_point(struct tfcopy *c, const struct tfoverride_target *target,
                 struct error *err) MUST_USE;

/* To run Terraform in it: with the operator's environment, but for what
 * leads to his cluster. */
const struct terraform *tfcopy_terraform(const struct tfcopy *c);
const struct cancel *tfcopy_cancel(const struct tfcopy *c);

#endif
