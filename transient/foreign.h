/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that is not our own process cannot be killed and started again:
 * an archive is forced onto it and then waited for.  Private to
 * transient/. */
#ifndef ASSAY_TRANSIENT_FOREIGN_H
#define ASSAY_TRANSIENT_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "transient/keys.h"
#include "vault/status.h"
#include "vault/vault.h"

/* Whose data is meant to be in it, and how long to wait for that. */
struct foreign_data {
    const char *before; /* cluster id of the data that is replaced */
    const char *after;  /* of what replaces it; NULL or "": not known */
    struct vault_wait wait;
    int64_t gone_ms; /* nobody listens for so long: it is dead; 0: wait */
};

/* After a force was accepted.  0: the data is in, and the server is sealed,
 * or (the same seal) has the other cluster id.  For some six seconds it does
 * not answer, or answers as if nothing had happened.  -1: ERR_UNAVAILABLE,
 * ERR_CANCELLED. */
int foreign_wait_data(struct vault *v, const struct foreign_data *data,
                      struct error *err) MUST_USE;
/* Give shares until it is unsealed; it is no error if it already is.
 * ERR_INVALID: they are not its keys; ERR_PRECONDITION: too few. */
int foreign_unseal(struct vault *v, const struct keys *keys,
                   struct error *err) MUST_USE;

#endif
