/* SPDX-License-Identifier: Apache-2.0
 *
 * What Terraform remembers of its resources: a state file (version 4), or
 * what `terraform show -json` prints of a state or a plan.
 *
 * It is full of secrets.  It is read into memory that is wiped, parsed where
 * it lies, and nothing here or in an error text quotes it. */
#ifndef ASSAY_PROOF_TFSTATE_H
#define ASSAY_PROOF_TFSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/tape.h"

struct tfstate;

/* One instance of a managed resource of a provider for Vault.  Texts live as
 * long as the state, but for `address`: until the visitor returns. */
struct tfstate_resource {
    const char *address; /* "module.team.vault_policy.shop[\"x\"]" */
    const char *type;    /* "vault_policy" */
    /* NULL when it was written in a way that is not understood. */
    const struct tape_node *attributes;
};

/* ERR_NOT_FOUND, ERR_TOO_LARGE (LIMIT_TERRAFORM_STATE), or ERR_INVALID for
 * what is no state, or one that is encrypted. */
int tfstate_load(const char *path, struct tfstate **out,
                 struct error *err) MUST_USE;
/* Wiped.  Accepts NULL. */
void tfstate_free(struct tfstate *s);

/* A state file; false: what `show -json` printed. */
bool tfstate_is_file(const struct tfstate *s);
/* What `attributes` belong to. */
struct tape *tfstate_tape(struct tfstate *s);
/* Each of them, in the order of the file.  -1 from the visitor ends it. */
int tfstate_each(struct tfstate *s,
                 int (*visit)(void *ctx, const struct tfstate_resource *r,
                              struct error *err),
                 void *ctx, struct error *err) MUST_USE;
/* Whether "registry.terraform.io/hashicorp/vault", or the same inside
 * `provider["…"]`, is Vault's. */
bool tfstate_is_vault(const char *provider);

#endif
