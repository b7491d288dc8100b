/* SPDX-License-Identifier: Apache-2.0
 *
 * The archive unsealed with the key shares: asked once, when the first check
 * wants to know, for all the checks that do. */
#ifndef ASSAY_PROOF_UNSEALED_H
#define ASSAY_PROOF_UNSEALED_H

#include <stddef.h>

#include "proof/check.h"
#include "snapshot/prove.h"

struct proof_unsealed;

/* The shares, text as the server printed them, are borrowed until free;
 * `count` may be 0: then only the kind of seal is learnt.  NULL without
 * memory. */
struct proof_unsealed *proof_unsealed_new(const char *const *shares,
                                          size_t count);
/* Keys of a static seal as well; borrowed as the shares are. */
void proof_unsealed_statics(struct proof_unsealed *u,
                            const struct unseal_keys *keys);
/* Accepts NULL. */
void proof_unsealed_free(struct proof_unsealed *u);

/* The shares are about to be wiped: what was not asked before cannot be asked
 * any more, what was is still known. */
void proof_unsealed_forget(struct proof_unsealed *u);

/* 0 and *out, owned by c->unsealed, when the archive's keys are open or are
 * known to be broken.  0 and *out NULL when there is nothing to ask: `r` says
 * why, and what to do.  -1 as for a check.  Reads the archive once, or twice;
 * later calls none. */
int proof_unsealed_ask(const struct proof_context *c, struct proof_result *r,
                       const struct snapshot_proof **out,
                       struct error *err) MUST_USE;

/* Was asked, and the key is not in shares, nor was it given otherwise: only
 * the cluster's own seal opens the archive.  Accepts NULL. */
bool proof_unsealed_is_auto(const struct proof_unsealed *u);
/* How the archive's cluster is sealed, once somebody has asked; NULL: nobody
 * has, or it could not be read. */
const struct unseal_config *proof_unsealed_seal(const struct proof_unsealed *u);

#endif
