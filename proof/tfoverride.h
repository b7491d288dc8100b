/* SPDX-License-Identifier: Apache-2.0
 *
 * The override file of a private copy of a Terraform directory: a state that
 * stays here, and providers for Vault that ask the restored copy. */
#ifndef ASSAY_PROOF_TFOVERRIDE_H
#define ASSAY_PROOF_TFOVERRIDE_H

#include "base/error.h"
#include "proof/tfproviders.h"

/* Where the restored copy of the cluster answers. */
struct tfoverride_target {
    const char *address; /* http or https */
    const char *ca_file; /* NULL: the system's */
    const char *token;   /* never written into it */
};

struct tfoverride {
    /* The local backend's: the state, or for another workspace than the
     * default one the directory of all; the other is NULL. */
    const char *state;
    const char *workspaces;
    const struct tfoverride_target *target;
    const struct tfproviders *providers; /* NULL: none yet */
};

/* Into the directory `module`. */
int tfoverride_write(const struct tfoverride *o, const char *module,
                     struct error *err) MUST_USE;

#endif
