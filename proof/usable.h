/* SPDX-License-Identifier: Apache-2.0
 *
 * What the check `usable` knows from outside of the archive: what the backup
 * wrote into the cluster, as the signed manifest has it. */
#ifndef ASSAY_PROOF_USABLE_H
#define ASSAY_PROOF_USABLE_H

#include <stdbool.h>

#include "vault/canary.h"

/* Plain data; borrowed. */
struct proof_canary {
    bool configured;   /* a canary is, today */
    const char *mount; /* NULL: the manifest speaks of no canary */
    /* Without a nonce the marker was not written: marker_problem says why. */
    const struct vault_canary_marker *marker;
    const char *marker_problem;
    /* Without a text there was none.  A problem beside one: it did not
     * decrypt on the primary either. */
    const struct vault_canary_cipher *cipher;
    const char *cipher_problem;
};

#endif
