/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this the scratch cluster that somebody says it is, or production?  A
 * cluster that is restored into is overwritten: it must not be any of those
 * that are configured, by id, by address and by its raft peers.  Only
 * reads.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_EXISTING_GUARD_H
#define ASSAY_TRANSIENT_EXISTING_GUARD_H

#include "transient/options.h"
#include "vault/status.h"
#include "vault/vault.h"

/* `scratch` with its own token.  `status` is filled on success.  -1: it is,
 * or may be, one of o->clusters or the snapshot's own; or it does not say
 * what must be known. */
int existing_guard(struct vault *scratch, const struct transient_options *o,
                   struct vault_status *status, struct error *err) MUST_USE;

/* The scratch cluster holds a copy of production, and its own data is about
 * to be put over that.  -1: meanwhile one of o->clusters is configured at its
 * address, or led from there: what was a copy is production now. */
int existing_guard_return(const struct vault_status *scratch,
                          const char *address,
                          const struct transient_options *o,
                          struct error *err) MUST_USE;

/* Somebody must be allowed to force the scratch cluster's own data onto the
 * restored copy afterwards: whoever logs in to it, as far as that can be
 * seen on the primary, or a root token.  -1 with what to configure. */
int existing_may_return(struct vault *scratch,
                        const struct transient_options *o,
                        struct error *err) MUST_USE;

#endif
