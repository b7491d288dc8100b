/* SPDX-License-Identifier: Apache-2.0
 *
 * Can the transient server reach out?  Asked of the server itself, while it
 * is still empty: it is told to fetch a public answer (sys/seal-status) of
 * the primary, as the key set of a JWT auth method that nobody uses.  If it
 * can do that, its restored self can reach the primary as well, and whatever
 * else production holds.
 *
 * One address that cannot be reached proves little; one that can proves that
 * somebody's word ("egress_blocked") is wrong.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_EGRESS_H
#define ASSAY_TRANSIENT_EGRESS_H

#include <stddef.h>

#include "vault/vault.h"

enum egress {
    EGRESS_NOT_ASKED, /* it could not be asked */
    EGRESS_BLOCKED,   /* it could not fetch it */
    EGRESS_OPEN,
};

enum { EGRESS_TEXT_MAX = 256 };

/* `admin` may mount an auth method.  Waits some 10 s at most for a way that
 * swallows packets.  `text` says in words what came of it. */
enum egress egress_ask(struct vault *admin, const struct vault *primary,
                       char *text, size_t size);

#endif
