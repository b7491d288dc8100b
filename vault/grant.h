/* SPDX-License-Identifier: Apache-2.0
 *
 * One token, made by a login or given to us.  Only this folder includes it.
 *
 * A login goes to the leader: a standby of OpenBao looks the credential up in
 * its own copy and calls unknown what was made a moment ago. */
#ifndef ASSAY_VAULT_GRANT_H
#define ASSAY_VAULT_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "vault/vault.h"

/* What a login or a renewal gave. */
struct grant {
    char *token; /* secret */
    int64_t lease_ms;
    bool renewable;
    bool service;
};

/* A credential that the server does not know.  Five refusals less than a
 * quarter of an hour apart make both products lock the role out, and then
 * the right credential is refused as well: so it is asked ever less often,
 * until it changes or the login is forgotten.  All zero: none. */
struct refusal {
    unsigned count;   /* requests that were refused, in a row */
    int64_t asked_at; /* monotonic ms */
    int64_t again_at;
    char credential[DIGEST_SHA256_HEX];
    struct error why;
};

/* Blocks: for the leader's answer, and for 3 s more when only a standby could
 * be asked and does not know the credential (yet).  `refusal` is read and
 * written; NULL: ask in any case.  -1: ERR_DENIED for a credential that was
 * refused, ERR_UNAVAILABLE, ERR_UPSTREAM. */
int grant_get(struct vault *v, struct refusal *refusal, struct grant *out,
              struct error *err) MUST_USE;

#endif
