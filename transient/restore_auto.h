/* SPDX-License-Identifier: Apache-2.0
 *
 * Servers that unseal themselves.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_RESTORE_AUTO_H
#define ASSAY_TRANSIENT_RESTORE_AUTO_H

#include <stdbool.h>

#include "transient/transient.h"
#include "vault/sys.h"

/* Is it for the server, and not for us, to unseal? */
bool restore_auto_sealed(const struct vault_seal *seal);
/* Wait for it to do so.  -1: *whose says who is to blame. */
int restore_auto_wait(struct transient *t, struct vault *admin,
                      enum transient_outcome *whose,
                      struct error *err) MUST_USE;

#endif
