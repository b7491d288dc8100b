/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scratch cluster held before it was lent: taken, looked at, and put
 * back.  Private to transient/. */
#ifndef ASSAY_TRANSIENT_KEPT_H
#define ASSAY_TRANSIENT_KEPT_H

#include "transient/options.h"
#include "vault/vault.h"

/* Into `path`, which is new, 0600, on the disk, and intact if o->intact is
 * there to say so: what is cut off could not be put back. */
int kept_take(struct vault *scratch, const char *path,
              const struct transient_options *o, struct error *err) MUST_USE;
/* Force it onto the cluster that `copy` may do so on.  0: it was accepted. */
int kept_force(const char *path, struct vault *copy,
               struct error *err) MUST_USE;

#endif
