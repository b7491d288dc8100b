/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is calling, as Vault knows them.  access/ finds out, server/ carries
 * it, handlers/ store and compare it. */
#ifndef ASSAY_BASE_PRINCIPAL_H
#define ASSAY_BASE_PRINCIPAL_H

#include <stdbool.h>

#include "base/error.h"

enum {
    PRINCIPAL_NAME_MAX = 256,
    PRINCIPAL_ID_MAX = 128,
    PRINCIPAL_KEY_MAX = 65
};

/* Plain data; texts are "" when unknown.  `token_key` is a keyed hash of the
 * token in hex: it names the token without giving it away, and may be
 * stored.
 *
 * `authenticated` is false in one case only: a route that lets a caller go
 * on with a run of his own (ROUTE_OWN_RUN) was called with a token that
 * Vault does not accept (any more).  `refusal` is then what everybody but
 * the owner of the run must be told. */
struct principal {
    char display_name[PRINCIPAL_NAME_MAX];
    char entity_id[PRINCIPAL_ID_MAX];
    char accessor[PRINCIPAL_ID_MAX];
    char token_key[PRINCIPAL_KEY_MAX];
    bool authenticated;
    bool root;        /* a root token: no entity, may do everything */
    bool break_glass; /* for the configuration to know, not for Vault */
    struct error refusal;
};

#endif
