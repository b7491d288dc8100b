/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that shares are tried on, out of one reading of an archive, for
 * whoever must wait for the shares. */
#ifndef ASSAY_SNAPSHOT_UNSEAL_READ_H
#define ASSAY_SNAPSHOT_UNSEAL_READ_H

#include "base/buf.h"
#include "base/stream.h"
#include "snapshot/unseal.h"

/* Read `archive`, at its first byte, to its end: `u` is given its entries and
 * `sealed` (appended to) the archive's SHA256SUMS.sealed, a BlobInfo for
 * unseal_blob.  `cancel` may be NULL.  -1 with ERR_CORRUPT for an archive that
 * is not intact, with ERR_CANCELLED, or with the source's own error. */
int unseal_read(struct unseal *u, const struct source *archive,
                const struct cancel *cancel, struct buf *sealed,
                struct error *err) MUST_USE;

#endif
